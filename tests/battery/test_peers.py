"""Parity: every row of every installed peer, at its defaults, equals our function in value and derivatives.

What is wrong in a peer is a row of its faults: each is expected to fail, strictly, so that a mended peer is noticed.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from nonlin.backends.numpy import evaluate
from nonlin.catalogue import Definition
from nonlin.peers import peer, peers
from nonlin.peers.faults import Fault, faults, known
from nonlin.peers.find import bind, fit, specific
from nonlin.peers.rows import REQUIRED, Peer, Row, To, bare, defaults
from nonlin.peers.running import backend, imported, installed, running, version, why_not
from nonlin.peers.truth import ROWS, exact_row, limit, turns

pytestmark = pytest.mark.filterwarnings("ignore")  # what a peer warns of is its own affair

X = np.array(sorted({*np.linspace(-6.05, 6.05, 41), *np.linspace(-1.03, 1.07, 22), -11.3, 11.3}))
"""Where elementwise functions are compared: 0 and other kinks left out, tails left to the faults."""
CALM = np.array([row for row in ROWS if max(map(abs, row)) <= 10])
RELATIVE, FLOOR = 1e-9, 1e-3
"""Allowed: this share of the exact result, or of 1/1000 where it is smaller; more where a fault speaks of accuracy."""
LOOSE = {
    # name: (relative, why)
    "ACT2FN['xielu']": (0.5, "its parameters start in bfloat16, and near its zero at -2.4 that is half of the value"),
    "transformers.models.bloom.modeling_bloom.BloomGelu": (1e-6, "its constant has 8 digits"),
    "flax.linen.PReLU": (1e-6, "its slope is kept in single precision"),
    "flax.nnx.PReLU": (1e-6, "its slope is kept in single precision"),
}
FILL = {"weight": 0.2, "slope": 0.2, "threshold": 0.3, "value": -0.2, "default_value": -0.2, "low": -1.0, "high": 2.0,
        "max_value": 3.0, "min": -1.0, "max": 2.0, "negative_slope": 0.15, "beta": 0.7, "bias": 0.4, "lambd": 0.4,
        "alpha": 0.3, "lower": -0.4, "upper": 0.4, "init": 0.2}  # fmt: skip
"""Values of arguments that have no default, or for cases that are not the default."""


def whole(name: str) -> Peer:
    """The peer, imported; skips the test where it is not installed, or something it needs is missing."""
    found = peer(name)
    if not installed(found):
        pytest.skip(why_not(found))
    try:
        imported(found)
    except ImportError as err:
        pytest.skip(f"{found.title} cannot be imported: {err}")
    return found


def cases() -> list[Any]:
    """Every row that can be called: peer, row."""
    return [
        pytest.param(made.name, row, id=f"{made.name}-{bare(row.name)}-{n}")
        for made in peers().values()
        for n, row in enumerate(made.rows)
        if row.ours and not row.layer and not row.until and (made.name == "keras" or made.package)
    ]


def arguments(row: Row, signature: dict[str, Any], first: bool) -> dict[str, Any]:
    """A value for each argument of a case: the default in the first one, else one that leads to this case."""
    given = {}
    for name, taken in row.takes.items():
        if not isinstance(taken, To):
            given[name] = taken
        elif first and signature[name] not in (REQUIRED, None):
            given[name] = signature[name]
        else:
            given[name] = FILL[name]
    return given


@pytest.mark.parametrize(("name", "row"), cases())
def test_parity(name: str, row: Row) -> None:
    found = whole(name)
    there = found.functions(None if found.version_word == "opset" else installed_version(found))
    spellings = [n for n in row.names if n in there and any(r is row for r in there[n])]
    if not spellings:
        pytest.skip(f"{row.name} is not in version {version(found)}")
    wrong = []
    for spelling in spellings:
        wrong += [f"{spelling}: {text}" for text in compared(found, spelling, row, there[spelling])]
    assert not wrong, "\n".join(wrong)


def installed_version(found: Peer) -> tuple[int, ...]:
    return tuple(int(part) for part in version(found).partition("+")[0].split(".")[:3] if part.isdigit())


def compared(found: Peer, spelling: str, row: Row, there: list[Row]) -> list[str]:
    """What differs between one spelling and our function, a sentence each."""
    signature = defaults(there)
    given = arguments(row, signature, row is there[0])
    bound = bind(row, given)
    assert bound is not None, (spelling, given)
    made = specific(row, bound)
    if made.random:
        return []  # a draw of theirs is not one of ours; from_peer says so
    listed = [f for f in known(found.name, spelling, version(found)) if f.dtype == "float64"]
    if any(f.kind == "value" for f in listed):
        return []  # test_faults expects it to be wrong
    passed = {n: v for n, v in given.items() if v is not None and (row is not there[0] or signature[n] is REQUIRED)}
    if "weight" in passed:
        import torch

        passed["weight"] = torch.tensor([passed["weight"]], dtype=torch.float64)
    dtype, relative, floor = "float64", RELATIVE, FLOOR
    if found.name == "onnx":  # its attributes, and most of its kernels, are in single precision
        dtype, relative, floor = "float32", 1e-6, 1.0
    if found.name == "keras" and backend() == "tensorflow":  # which keeps slopes and constants in single precision
        relative = 1e-5
    if any(f.kind == "accuracy" and f.backend in ("", backend() if found.name == "keras" else "") for f in listed):
        relative = 1e-3 if found.name == "keras" else 1e-5 if found.name == "tensorflow" else 1e-6
    relative = LOOSE.get(spelling, (relative, ""))[0]
    theirs = running(found, spelling, row, passed, dtype)
    if made.kind == "elementwise":
        return elementwise(theirs, made, dtype, relative, floor, {f.order for f in listed if f.kind == "missing"})
    return rowwise(theirs, made, row, dtype, relative)


def elementwise(theirs: Any, made: Definition, dtype: str, relative: float, floor: float, missing: set[int]) -> list[str]:
    at = X[np.min([np.abs(X - t) for t in [*turns(made), np.inf]], axis=0) > 1e-6]
    wrong = []
    for order, got in enumerate(theirs.derivatives(at, dtype, 3)):
        if isinstance(got, str):
            if order not in missing and got != "it has no gradient" and not (order == 2 and 1 in missing):
                wrong.append(f"order {order}: {got}")
            continue
        ours = evaluate(made.closed(), at, None, ("x",) * order)
        off = np.abs(got - ours) / np.maximum(np.abs(ours), floor)
        if not off.max() <= relative:
            n = int(np.nanargmax(off))
            wrong.append(f"order {order} at {at[n]:g}: {got[n]!r}, ours {ours[n]!r}, {off[n]:.2g} relative")
    return wrong


def rowwise(theirs: Any, made: Definition, row: Row, dtype: str, relative: float) -> list[str]:
    """Rows of four, or value and gate of two each; a gate that stands first gets its half first."""
    rows = CALM[:, [2, 3, 0, 1]] if row.gate == "first" else CALM
    values, slopes = theirs.jacobian(rows, dtype)
    wrong = []
    for n, entries in enumerate(CALM.tolist()):
        value, jacobian = exact_row(made, tuple(entries))
        if not np.allclose(values[n], value, rtol=10 * relative, atol=relative):
            wrong.append(f"{entries}: {values[n]}, exact {value}")
        if isinstance(slopes, str):
            continue
        got = slopes[n][:, [2, 3, 0, 1]] if row.gate == "first" else slopes[n]
        if not np.allclose(got, jacobian, rtol=10 * relative, atol=relative):
            wrong.append(f"{entries}: Jacobian {got.tolist()}, exact {jacobian.tolist()}")
    return wrong


# -- the peers' own faults ---------------------------------------------------------------------------------------------


def faulty() -> list[Any]:
    return [
        pytest.param(f, name, id=f"{f.peer}-{bare(name)}-{f.kind}-{n}") for n, f in enumerate(faults()) for name in f.names
    ]


@pytest.mark.parametrize(("row", "name"), faulty())
def test_faults(row: Fault, name: str, request: pytest.FixtureRequest) -> None:
    """A fault that a peer has mended passes here, and strictly expected failures that pass are failures."""
    found = whole(row.peer)
    there = version(found)
    if not row.holds(there):
        pytest.skip(f"{found.title} {there} is not one of the versions with this fault")
    if row.backend and row.backend != backend():
        pytest.skip(f"it shows on the backend {row.backend}, this is {backend()}")
    signature = found.functions()[name]
    case = fit(signature, {**defaults(signature), **row.given})
    assert case is not None
    made = specific(*case)
    got = shown_at(found, name, row, case[0], made)  # before the mark: an error of ours must not count as theirs
    request.applymarker(pytest.mark.xfail(strict=True, raises=AssertionError, reason=row.what))
    assert not isinstance(got, str), got
    wanted = expected(row, made)
    size = np.maximum(np.abs(wanted), 1e-290)
    both = np.isinf(got) & (got == wanted)
    off = np.where(both, 0.0, np.abs(np.where(both, 0.0, got) - np.where(both, 0.0, wanted)) / np.where(both, 1.0, size))
    tolerance = 1e-12 if row.dtype == "float64" else 1e-5
    assert (off <= tolerance).any(), f"{got}, exact {wanted}"  # every point must show it


def shown_at(found: Peer, name: str, row: Fault, case: Row, made: Definition) -> Any:
    theirs = running(found, name, case, row.given, row.dtype)
    if made.kind != "elementwise":
        return theirs.jacobian(np.array([row.at]), row.dtype)[0][0]
    at = np.resize(np.array(row.at), max(row.size, len(row.at)))
    got = theirs.derivatives(at, row.dtype, row.order + 1)[row.order]
    return got if isinstance(got, str) else got[: len(row.at)]


def expected(row: Fault, made: Definition) -> np.ndarray[Any, Any]:
    if made.kind != "elementwise":
        return exact_row(made, row.at)[0]
    ends = [limit(made, math.copysign(1.0, v), row.order) if math.isinf(v) else None for v in row.at]
    at = np.array([0.0 if math.isinf(v) else v for v in row.at])
    inside = evaluate(made.closed(), at, None, ("x",) * row.order)  # tested against exact arithmetic by the battery
    return np.array([i if e is None else e for e, i in zip(ends, inside, strict=True)])


def test_there_are_rows_and_faults_to_test() -> None:
    assert len(cases()) > 250
    assert len(faults()) > 35
    assert {f.peer for f in faults()} <= set(peers())
    for row in faults():
        for name in row.names:
            assert name in peer(row.peer).functions(), name


def test_a_wrong_row_is_found() -> None:
    """The comparison itself: torch's leaky ReLU is not the one of slope 0.2, and its GELU not the tanh approximation."""
    found = whole("torch")
    leaky = Row("leaky_relu", ("torch.nn.LeakyReLU",), {"negative_slope": To("slope", 0.2)})
    assert "order 0" in compared(found, "torch.nn.LeakyReLU", leaky, [leaky])[0]
    gelu = Row("gelu_tanh", ("torch.nn.functional.gelu",), {"approximate": "none"})
    assert compared(found, "torch.nn.functional.gelu", gelu, [gelu])
    gate = Row("swiglu", ("torch.nn.functional.glu",), axis=("dim", -1))
    assert compared(found, "torch.nn.functional.glu", gate, [gate])
