"""``nonlin doctor``: what this installation can do, and what is wrong with it."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from nonlin.errors import EXTRAS

if TYPE_CHECKING:
    from nonlin.catalogue import Definition


@dataclass(frozen=True)
class Check:
    """One line: ``state`` is ``ok``, ``note`` (works, with a limit) or ``fault``."""

    name: str
    state: str
    text: str


_CORE = ("torch", "numpy", "llvmlite", "scipy", "sympy", "mpmath", "scikit-learn", "matplotlib", "typer", "rich", "filelock")
LIMIT_ULP = 2000.0
"""Error that is no fault, in units of the last place: far out in a tail, gelu(-30) rounds exp(-450) some hundred times."""


def examine() -> list[Check]:
    """Run every check; none of them raises."""
    made: list[Check] = []
    for check in (_python, _packages, _engine, _kernels, _numbers, _data, _folders, _fonts, _extras):
        try:
            made += check()
        except Exception as err:
            made.append(Check(check.__name__.strip("_"), "fault", f"the check failed: {type(err).__name__}: {err}"))
    return made


def _python() -> Iterator[Check]:
    from nonlin import __version__

    yield Check("nonlin", "ok", f"{__version__} in {Path(__file__).parent}")
    good = sys.version_info >= (3, 11)
    yield Check("python", "ok" if good else "fault", f"{platform.python_version()} on {platform.platform()}")


def _packages() -> Iterator[Check]:
    for name in _CORE:
        try:
            yield Check(name, "ok", version(name))
        except PackageNotFoundError:
            yield Check(name, "fault", "not installed; reinstall nonlin: pip install --force-reinstall nonlin")


def _engine() -> Iterator[Check]:
    import torch

    from nonlin.lab.matmul import onednn_is_faster

    route = "oneDNN (AVX-512 on AMD)" if onednn_is_faster() else "PyTorch's default"
    yield Check("processor", "ok", f"{os.cpu_count()} cores; float32 matrix products through {route}")
    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else "none; studies train on the CPU"
    yield Check("gpu", "ok" if torch.cuda.is_available() else "note", gpu)
    if torch.cuda.is_available():
        from nonlin.backends import fusing

        yield Check("gpu functions", "note" if fusing.state.refused else "ok", fusing.told())


def _kernels() -> Iterator[Check]:
    from nonlin.backends.llvm import calls, engine, stores

    machine, asked = engine.host(), os.environ.get("NONLIN_ENGINE", "llvm")
    if calls.enabled() and machine is not None:
        text = f"LLVM {machine.version.split()[-1]}, vectors of {machine.width} bits for {machine.cpu}"
        yield Check("kernels", "ok", f"{text}; up to {calls.threads()} threads for large arrays")
        measured, past = stores.kept()
        size = f"{stores.least(calls.last_level_cache()) / 2**20:.0f} MiB"
        yield Check("large results", "ok", f"from {size} on in all through the cache or past it, as first calls measure; "
                                           f"so far past it in {past} of {measured} cases")  # fmt: skip
    else:
        why = (
            f"the environment says NONLIN_ENGINE={asked}; unset it for compiled kernels"
            if asked != "llvm"
            else "llvmlite cannot be loaded, or knows no vector unit of this processor; reinstall it: pip install llvmlite"
        )
        yield Check("kernels", "note", f"plain NumPy and PyTorch, the same numbers more slowly: {why}")
    folder = engine.folder()
    sizes = [path.stat().st_size for path in folder.glob("*/*")] if folder.is_dir() else []
    there = folder
    while not there.exists():
        there = there.parent
    good = os.access(there, os.W_OK)
    held = f"{folder}: {len(sizes)} compiled, {sum(sizes) / 1e6:.1f} MB"
    yield Check("kernel cache", "ok" if good else "note",
                held if good else f"{held}; {there} is not writable, so each process compiles anew")  # fmt: skip


def covering() -> list[Definition]:
    """Return elementwise functions that use every operation of the catalogue, the shortest formula of each."""
    from nonlin.catalogue import definitions
    from nonlin.expr import walk

    every = [d for d in definitions().values() if d.kind == "elementwise" and d.evidence != "single source"]
    seen: set[str] = set()
    chosen = []
    for made in sorted(every, key=lambda d: (sum(1 for _ in walk(d.textbook)), d.name)):
        used = {node.op for node in walk(made.textbook)}
        if used - seen:
            chosen.append(made)
            seen |= used
    return chosen


def _numbers() -> Iterator[Check]:
    """Functions that use every operation, and their derivatives, at a few points by both libraries, against 60 digits."""
    import numpy as np
    import torch

    from nonlin.backends import numpy as with_numpy
    from nonlin.backends import torch as with_torch
    from nonlin.expr import derivative
    from nonlin.expr.exact import evaluate as exact

    points = np.array([-30.0, -2.5, -0.5, 0.25, 2.0, 20.0])  # no function has a kink at one of these
    made = covering()
    worst = {"NumPy": (0.0, ""), "PyTorch": (0.0, "")}
    for d in made:
        textbook = d.resting
        for order, formula in enumerate((textbook, derivative(textbook))):
            true = np.array([float(exact(formula, {**d.defaults, "x": p}, 60)) for p in points.tolist()])
            wrt = ("x",) * order
            for library, got in (
                ("NumPy", with_numpy.evaluate(d.closed(), points, None, wrt)),
                ("PyTorch", with_torch.evaluate(d.closed(), torch.from_numpy(points), None, wrt).numpy()),
            ):
                ulps = np.abs(got - true) / np.spacing(np.maximum(np.abs(true), 1e-300))
                error = float(np.max(np.where(np.isnan(ulps), np.inf, ulps)))
                if error > worst[library][0]:
                    worst[library] = (error, d.name)
    for library, (error, name) in worst.items():
        if error <= LIMIT_ULP:
            text = f"{len(made)} functions and derivatives agree with 60-digit arithmetic; worst {error:.0f} ulp ({name})"
            yield Check(f"{library} self-test", "ok", text)
        else:
            text = f"{name} is {error:.3g} ulp away from 60-digit arithmetic; reinstall {library} and nonlin"
            yield Check(f"{library} self-test", "fault", text)


def _data() -> Iterator[Check]:
    from nonlin.lab.data import status

    for row in status():
        yield Check(f"data {row.name}", "ok" if row.available else "note", row.why or row.where)


def _folders() -> Iterator[Check]:
    from nonlin.folders import cache_dir
    from nonlin.lab.compare import RESULTS

    for name, folder in (("results folder", RESULTS.absolute()), ("data cache", cache_dir())):
        there = folder
        while not there.exists():
            there = there.parent
        good = os.access(there, os.W_OK)
        yield Check(name, "ok" if good else "fault", f"{folder}" + ("" if good else f": {there} is not writable"))


def _fonts() -> Iterator[Check]:
    from nonlin.view.figures import chinese_font

    font = chinese_font()
    yield Check("chinese labels", "ok" if font else "note", font or "no Chinese font; figures are labelled in English. "
                "Install one, for example the package fonts-noto-cjk")  # fmt: skip


def _extras() -> Iterator[Check]:
    for extra in EXTRAS.values():
        text = f"{extra.package} is installed" if extra.installed else f"{extra.purpose}: {extra.install_line}"
        yield Check(f"extra {extra.name}", "ok" if extra.installed else "note", text)
