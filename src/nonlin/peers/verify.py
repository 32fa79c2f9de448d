"""How exact an implementation is, and ours beside it: ulps, lost results, limits, and what happens at kinks."""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from nonlin.backends.layout import run
from nonlin.catalogue import Definition, resolve
from nonlin.errors import MissingExtraError, ParameterError
from nonlin.expr import stabilise, substitute
from nonlin.expr.nodes import const
from nonlin.peers.checks import Check, Corner, Limit, Side
from nonlin.peers.faults import known
from nonlin.peers.find import fit, peer, shown, specific
from nonlin.peers.rows import REQUIRED, Peer, Row, defaults
from nonlin.peers.running import Running, installed, label, own, running, runs_on, version, why_not
from nonlin.peers.truth import KINDS, ROWS, Array, Exact, Kind, exact, exact_row, limit, points, rounded, turns

ORDERS = 3
DTYPES = ("float32", "float64")
"""The types checked where functions are named; everything a peer has is checked in the first of them."""
MODERATE = 10.0
"""Rows of larger entries have Jacobians that are differences of nearly equal numbers; only their values are compared."""
CONDITION = 2
"""Ulps excused for each unit of the condition number |x f'(x)/f(x)|; the rounding of the input alone costs half of one."""
HEADROOM = 8
"""A result may overflow where this many times the exact one would."""
FLUSHES = ("jax", "tensorflow")
"""Libraries that take subnormal numbers for 0 on a CPU: such inputs are left out, and such results may be 0."""
Progress = Callable[[int, int, str], None]


def verify(
    names: Sequence[str] | None = None,
    against: Sequence[str] = ("torch",),
    *,
    claim: str = "",
    dtypes: Sequence[str] | None = None,
    full: bool = False,
    progress: Progress | None = None,
) -> list[Check]:
    """Compare implementations with exact arithmetic, and ours beside them.

    Args:
        names: functions of the catalogue, or of your own as ``module:name`` (their code is imported and called); by default
            everything the peers have a counterpart of.
        against: the peers whose implementations are compared: torch, jax, keras, tensorflow, onnx, timm, transformers ...
            Only these are imported. Not used for functions of your own.
        claim: the function or formula that functions of your own claim to be.
        dtypes: the types they are checked in: float64, float32, float16, bfloat16. By default float32, and float64 too where
            functions are named.
        full: take 2,000 random inputs instead of 48.
        progress: called with (done, all, what) before each comparison.

    Raises:
        UnknownNameError: an unknown function or peer.
        ParameterError: an unknown type, no claim, or nothing to call.
        MissingExtraError: a peer that is not installed.

    >>> check = verify(["relu"], ["torch"], dtypes=["float32"])[0]
    >>> check.function, check.theirs[0].ulps, check.ours[0].ulps
    ('relu', 0.0, 0.0)
    """
    kinds = (DTYPES if names else DTYPES[:1]) if dtypes is None else dtypes
    for dtype in kinds:
        if dtype not in KINDS:
            raise ParameterError(f"a type must be one of {', '.join(KINDS)}, not {dtype!r}")
    mine = [n for n in names or () if ":" in n]
    plain = [n for n in names or () if ":" not in n]
    jobs = [*_own_jobs(mine, claim)]
    if plain or not mine:
        for wanted in dict.fromkeys(against):
            jobs += _peer_jobs(peer(wanted), [resolve(n) for n in plain])
        if not jobs:
            told = f"{', '.join(plain)}: none of {', '.join(against)} has it"
            raise ParameterError(f"{told}; `nonlin port` shows what they have")
    made = []
    for n, (job, dtype) in enumerate((job, dtype) for job in jobs for dtype in kinds):
        if progress is not None:
            progress(n, len(jobs) * len(kinds), f"{job.name} {dtype}")
        made.append(_check(job, dtype, full))
    return made


@dataclass(frozen=True)
class _Job:
    """What is compared: a function, how to call the implementation in a type, and what is said of it."""

    made: Definition
    name: str
    source: str
    call: Callable[[str], Running]
    swapped: bool = False
    faults: tuple[str, ...] = ()


def _own_jobs(texts: Iterable[str], claim: str) -> Iterable[_Job]:
    for text in texts:
        if not claim:
            raise ParameterError(f"say which function {text} claims to be: a name or a formula, such as mish (--as mish)")
        made = resolve(claim)
        if made.kind != "elementwise":
            raise ParameterError(f"functions of your own are checked element by element, and {made.name} is {made.kind}")
        function = own(text)
        yield _Job(made, text, text.partition(":")[0], _caller(function, text))


def _caller(function: Any, text: str) -> Callable[[str], Running]:
    return lambda dtype: runs_on(function, text, dtype)


def _peer_jobs(found: Peer, wanted: Sequence[Definition]) -> list[_Job]:
    """One job for each function of a peer that is one of ours, or one of those wanted, at their defaults."""
    if not installed(found):
        raise MissingExtraError(why_not(found))
    there, told = version(found), label(found)
    at = tuple(int(n) for n in there.partition("+")[0].split(".")[:3] if n.isdigit())
    functions = found.functions(None if found.version_word == "opset" else at)
    jobs, seen = [], set()
    for name, cases in functions.items():
        signature = defaults(cases)
        for row in cases:
            if row.name != name or row.layer or not row.ours or row.is_formula or (row is not cases[0] and row.freedom):
                continue
            given = {**signature, **{n: t for n, t in row.takes.items() if row is not cases[0]}}
            fitting = None if REQUIRED in given.values() else fit(cases, given)
            if fitting is None or fitting[0] is not row:
                continue
            made = specific(*fitting)
            base = made.name.partition("(")[0]
            if made.random or made.context or shown(made) in seen or (wanted and base not in {d.name for d in wanted}):
                continue
            seen.add(shown(made))
            arguments = {n: v for n, v in given.items() if row is not cases[0] and v is not None}
            wrong = tuple(f.what for f in known(found.name, name, there))
            call = _runner(found, name, row, arguments)
            jobs.append(_Job(made, _typed(name, arguments), told, call, row.gate == "first", wrong))
    return jobs


def _typed(name: str, arguments: Mapping[str, Any]) -> str:
    inside = ", ".join(f"{n}={v!r}" for n, v in arguments.items())
    return f"{name}({inside})" if inside else name


def _runner(found: Peer, name: str, row: Row, arguments: Mapping[str, Any]) -> Callable[[str], Running]:
    return lambda dtype: running(found, name, row, arguments, dtype)


# -- one comparison ------------------------------------------------------------------------------------------------------


def _check(job: _Job, dtype: str, full: bool) -> Check:
    kind, theirs = KINDS[dtype], job.call(dtype)
    ours = Running(_ours(job.made, theirs.library), _library(theirs.library, dtype))
    compare = _elementwise if job.made.kind == "elementwise" else _rowwise
    return compare(job, theirs, ours, kind, full)


def _elementwise(job: _Job, theirs: Running, ours: Running, kind: Kind, full: bool) -> Check:
    made, flushes = job.made, theirs.library in FLUSHES
    at = points(made, kind, full)
    if flushes:
        at = at[(np.abs(at) >= kind.tiny) | (at == 0)]
    true = exact(made, at)
    ends = np.array([-math.inf, math.inf])
    rows = [_attempt(lambda: theirs.derivatives(np.concatenate([at, ends]), kind.name, ORDERS)),
            _own_derivatives(made, ours.library, np.concatenate([at, ends]), kind.name)]  # fmt: skip
    sides, limits = [], []
    for found in rows:
        sides.append(tuple(
            Side(missing=f) if isinstance(f, str) else _side(f[:-2], true, at, order, kind, flushes)
            for order, f in enumerate(found)
        ))  # fmt: skip
    for order, (a, b) in enumerate(zip(*rows, strict=True)):
        for place, sign in enumerate(ends.tolist()):
            is_limit = _held(limit(made, sign, order), kind)
            if not math.isnan(is_limit) and not isinstance(a, str) and not isinstance(b, str):
                limits.append(Limit(sign, order, is_limit, float(a[place - 2]), float(b[place - 2])))
    corners = _corners(made, at, rows, true)
    about = shown(made), job.name, job.source, kind.name, len(at)
    return Check(*about, sides[0], sides[1], tuple(limits), corners, job.faults)


def _attempt(call: Callable[[], list[Array | str]]) -> list[Array | str]:
    """Run someone's code; what it raises is the answer."""
    try:
        return call()
    except Exception as err:  # any error of theirs is a finding, not ours
        return [f"{type(err).__name__}: {str(err).splitlines()[0] if str(err) else ''}"] * ORDERS


def _side(got: Array, true: Exact, at: Array, order: int, kind: Kind, flushes: bool = False) -> Side:
    """Measure one derivative at all points, by the rule of the error budget."""
    with np.errstate(all="ignore"):
        low, high, rest = true.low[order], true.high[order], true.rest[order]
        held = np.clip(low, -kind.largest, kind.largest), np.clip(high, -kind.largest, kind.largest)
        off = np.maximum(np.maximum((held[0] - got) + rest, (got - held[1]) - rest), 0.0)
        ulp = kind.ulp(np.where(np.abs(got - held[0]) < np.abs(got - held[1]), held[0], held[1]))
        excused = CONDITION * true.change[order] * 2.0 ** (1 - max(kind.bits, 24)) + kind.tiny * np.minimum(np.abs(at), 128)
        excused += kind.tiny * np.clip(np.abs(at), 1.0, 1024.0) if flushes else 0.0  # a factor of x may have been flushed
        beyond = np.maximum(off / ulp - np.where(off / ulp > 1, excused / ulp, 0.0), 0.0)
        undefined = np.isnan(low)
        end = np.where(got > 0, high, low)
        overflow = np.isinf(got) & (np.abs(end) > kind.largest / HEADROOM) & (np.sign(end) == np.sign(got))
        lost = ~np.isfinite(got) & ~undefined & ~overflow
        beyond = np.where(lost | overflow | undefined, 0.0, beyond)
    worst = int(np.argmax(beyond))
    first = float(at[np.flatnonzero(lost)[0]]) if lost.any() else math.nan
    return Side(float(beyond[worst]), float(at[worst]), float(got[worst]), int(lost.sum()), first)


def _held(value: float, kind: Kind) -> float:
    return float(rounded(np.array([value]), kind)[0])


def _corners(made: Definition, at: Array, rows: Sequence[Sequence[Array | str]], true: Exact) -> tuple[Corner, ...]:
    """Where a branch ends and the two implementations choose different one-sided derivatives."""
    found = []
    for place in turns(made):
        for n in np.flatnonzero(at == place):
            for order in range(1, ORDERS):
                theirs, ours = rows[0][order], rows[1][order]
                if isinstance(theirs, str) or isinstance(ours, str) or true.low[order, n] == true.high[order, n]:
                    continue
                if not math.isclose(theirs[n], ours[n], rel_tol=1e-2, abs_tol=1e-12):
                    found.append(Corner(float(place), order, float(theirs[n]), float(ours[n])))
    return tuple(found)


def _rowwise(job: _Job, theirs: Running, ours: Running, kind: Kind, full: bool) -> Check:
    """Compare a function of rows, or a gated unit, on a dozen rows of four: values, and the Jacobian.

    An error of the Jacobian is measured in ulps of the largest entry of its row, on rows of moderate entries.
    """
    rows = np.array(ROWS)
    swap = rows[:, [2, 3, 0, 1]] if job.swapped else rows  # the halves where they expect them
    truth = [exact_row(job.made, tuple(row)) for row in rows.tolist()]
    value, slopes = np.stack([t[0] for t in truth]), np.stack([t[1] for t in truth])
    moved = np.abs(slopes * rows[:, None, :]).sum(-1)
    sides = []
    for side, given, back in ((theirs, swap, job.swapped), (ours, rows, False)):
        try:
            got, jacobian = side.jacobian(given, kind.name)
        except Exception as err:  # any error of theirs is a finding
            sides.append((Side(missing=str(err).splitlines()[0]),) * 2)
            continue
        first = _side_of_rows(got, value, moved, rows, kind)
        if isinstance(jacobian, str):
            sides.append((first, Side(missing=jacobian)))
            continue
        jacobian = jacobian[..., [2, 3, 0, 1]] if back else jacobian
        calm = np.abs(rows).max(-1) <= MODERATE
        scale = np.abs(slopes[calm]).max(-1, keepdims=True)
        sides.append((first, _side_of_rows(jacobian[calm], slopes[calm], scale, rows[calm], kind, scale)))
    return Check(shown(job.made), job.name, job.source, kind.name, len(rows), sides[0], sides[1], (), (), job.faults)


def _side_of_rows(got: Array, true: Array, moved: Array, rows: Array, kind: Kind, scale: Array | None = None) -> Side:
    with np.errstate(all="ignore"):
        ulp = kind.ulp(true if scale is None else np.broadcast_to(scale, true.shape))
        off = np.abs(got - true) / ulp
        excused = CONDITION * moved * 2.0 ** (1 - max(kind.bits, 24)) / ulp
        beyond = np.where(off > 1, np.maximum(off - (excused if scale is None else 0.0), 0.0), off)
        lost = ~np.isfinite(got)
        beyond = np.where(lost, 0.0, beyond)
    worst = np.unravel_index(int(np.argmax(beyond)), beyond.shape)
    first = float(rows[np.argwhere(lost)[0][0], 0]) if lost.any() else math.nan
    return Side(float(beyond[worst]), float(rows[worst[0], 0]), float(got[worst]), int(lost.sum()), first)


# -- ours ----------------------------------------------------------------------------------------------------------------


def _library(theirs: str, dtype: str) -> str:
    """Which of our backends stands beside an implementation: its own library's where there is one."""
    return "numpy" if theirs in ("onnx", "numpy", "tensorflow") and dtype in ("float32", "float64") else (
        "jax" if theirs == "jax" else "torch")  # fmt: skip


def _evaluator(library: str) -> tuple[Any, Any]:
    """Our backend for a library, and the module of its arrays."""
    if library == "jax":
        return importlib.import_module("nonlin.backends.jax"), importlib.import_module("jax.numpy")
    if library == "torch":
        import torch

        from nonlin.backends import torch as found_torch

        return found_torch, torch
    from nonlin.backends import numpy as found_numpy

    return found_numpy, np


def _ours(made: Definition, theirs: str) -> Callable[[Any], Any]:
    """Our function on arrays of a library, along the last axis."""

    def call(x: Any) -> Any:
        library = type(x).__module__.partition(".")[0]
        found, arrays = _evaluator("jax" if library.startswith("jax") else library)
        root = stabilise(substitute(made.resting, {n: const(p.default) for n, p in made.settable.items()}))
        if made.kind == "elementwise":
            return found.evaluate(root, x)
        return run(made, root, x, arrays, found.evaluate, {}, pieces=x.shape[-1] if made.kind == "grouped" else 2)

    return call


def _own_derivatives(made: Definition, library: str, at: Array, dtype: str) -> list[Array | str]:
    """Our value and derivatives, by our formulas rather than by a framework's autograd."""
    found, _ = _evaluator(library)
    root = made.closed()

    def order(n: int) -> Callable[[Any], Any]:
        return lambda x: found.evaluate(root, x, None, ("x",) * n)

    return [Running(order(n), library).derivatives(at, dtype, 1)[0] for n in range(ORDERS)]
