"""``nonlin doctor``: what this installation can do, and what is wrong with it."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from nonlin.errors import EXTRAS


@dataclass(frozen=True)
class Check:
    """One line: ``state`` is ``ok``, ``note`` (works, with a limit) or ``fault``."""

    name: str
    state: str
    text: str


_CORE = ("torch", "numpy", "scipy", "sympy", "mpmath", "scikit-learn", "matplotlib", "typer", "rich")


def examine() -> list[Check]:
    """Run every check; none of them raises."""
    made: list[Check] = []
    for check in (_python, _packages, _engine, _numbers, _data, _folders, _fonts, _extras):
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


def _numbers() -> Iterator[Check]:
    """Every elementwise function at a few points, against its textbook formula in 60 digits."""
    import numpy as np

    from nonlin.backends.numpy import evaluate
    from nonlin.catalogue import definitions
    from nonlin.expr.exact import evaluate as exact

    points = np.array([-30.0, -3.0, -0.5, 0.25, 2.0, 20.0])
    worst, where, count = 0.0, "", 0
    for d in definitions().values():
        if d.kind != "elementwise":
            continue
        count += 1
        got = evaluate(d.closed(), points)
        true = np.array([float(exact(d.at_rest(d.textbook), {**d.defaults, "x": p}, 60)) for p in points.tolist()])
        error = float(np.max(np.abs(got - true) / np.spacing(np.maximum(np.abs(true), 1e-300))))
        if error > worst:
            worst, where = error, d.name
    state = "ok" if worst < 2000 else "fault"
    yield Check("arithmetic", state, f"{count} functions agree with 60-digit arithmetic; worst {worst:.0f} ulp ({where})")


def _data() -> Iterator[Check]:
    from nonlin.lab.data import status

    for row in status():
        yield Check(f"data {row.name}", "ok" if row.available else "note", row.why or row.where)


def _folders() -> Iterator[Check]:
    from nonlin.lab.compare import RESULTS
    from nonlin.lab.files import cache_dir

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
