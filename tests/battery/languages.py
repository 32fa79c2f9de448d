"""How the battery runs C, JavaScript and ONNX: everything emitted once, compiled or loaded once, then called on arrays."""

from __future__ import annotations

import atexit
import ctypes
import json
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from battery.exceptions import EXCEPTIONS, Exempt
from battery.measure import LIBRARIES, ORDERS, TOLERANCE, Array, Kind, check_limits, measured

import nonlin
from nonlin.backends import c, javascript
from nonlin.backends.onnx import model
from nonlin.catalogue import Definition, parts
from nonlin.expr import const, substitute
from nonlin.expr.exact import evaluate

REAL = {"float64": ("double", ""), "float32": ("float", "f")}
"""A type's name in C and the end of its functions' names."""
SUFFIX = ("", "_grad", "_grad2")
"""What follows a function's name, by the order of the derivative."""
NODE, GCC = shutil.which("node"), shutil.which("gcc")
WARNINGS = ("-Wall", "-Wextra", "-Wshadow", "-Wconversion", "-pedantic", "-Werror")


def elementwise() -> list[Definition]:
    """Every elementwise function, in the order of their names."""
    found = nonlin.definitions()
    return [found[n] for n in sorted(found) if found[n].kind == "elementwise"]


def textbook_value(made: Definition, output: int, numbers: Iterable[float]) -> float:
    """One output of a function of several at one point, by the textbook formula in 50 digits."""
    root = parts(substitute(made.resting, {n: const(p.default) for n, p in made.settable.items()}))[output]
    return float(evaluate(root, dict(zip(made.inputs, numbers, strict=True))))


# -- C -----------------------------------------------------------------------------------------------------------------


def compile_c(text: str, folder: Path) -> ctypes.CDLL:
    """Compile C99 with every warning an error; return the shared library."""
    source, made = folder / "functions.c", folder / "functions.so"
    source.write_text(text)
    command = [GCC or "gcc", "-std=c99", *WARNINGS, "-O1", "-shared", "-fPIC", str(source), "-o", str(made), "-lm"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[:4000]
    return ctypes.CDLL(str(made))


def over_array(made: Definition, suffix: str, kind: str) -> str:
    """A C function that calls one of ours for each entry of an array."""
    real, f = REAL[kind]
    name = f"nonlin_{made.name}{suffix}{f}"
    return (
        f"void over_{name}(const {real} *x, {real} *y, size_t n);\n"
        f"void over_{name}(const {real} *x, {real} *y, size_t n) {{\n"
        f"    for (size_t i = 0; i < n; i++) y[i] = {name}(x[i]);\n}}\n"
    )


@lru_cache(maxsize=2)
def c_library(kind: str) -> ctypes.CDLL:
    """All elementwise functions and two derivatives of each in one type, as one shared library."""
    made = elementwise()
    precision = [p for p in c.PRECISIONS if p.dtype == kind]
    loops = [over_array(m, s, kind) for m in made for s in SUFFIX]
    text = "#include <stddef.h>\n" + c.library(made, 2, "none", precision) + "\n".join(loops)
    return compile_c(text, Path(tempfile.mkdtemp(prefix="nonlin-c-")))


def call_c(library: ctypes.CDLL, name: str, kind: str, *rows: Array) -> Array:
    """Call ``name(x, ..., y, n)`` on arrays of one length."""
    dtype = np.dtype(kind)
    inputs = [np.ascontiguousarray(r, dtype) for r in rows]
    result = np.empty(len(rows[0]), dtype)
    pointers = [ctypes.c_void_p(a.ctypes.data) for a in (*inputs, result)]
    getattr(library, name)(*pointers, ctypes.c_size_t(len(result)))
    return result


def _by_c(function: nonlin.Activation, points: Array, kind: Kind, order: int) -> Array:
    name = f"over_nonlin_{function.name}{SUFFIX[order]}{REAL[kind.name][1]}"
    return call_c(c_library(kind.name), name, kind.name, points).astype(np.float64)


# -- JavaScript --------------------------------------------------------------------------------------------------------

_SERVER = """\
import * as functions from './functions.mjs';
import { createInterface } from 'node:readline';
for await (const line of createInterface({ input: process.stdin })) {
    const { name, points } = JSON.parse(line);
    const given = points.map((p) => (typeof p === 'string' ? Number(p) : p));
    const found = given.map((x) => functions[name](x));
    console.log(JSON.stringify(Array.from(found, (v) => (Object.is(v, -0) ? '-0' : Number.isFinite(v) ? v : String(v)))));
}
"""


class Node:
    """One node process that holds a module and answers calls."""

    def __init__(self, text: str) -> None:
        folder = Path(tempfile.mkdtemp(prefix="nonlin-js-"))
        (folder / "functions.mjs").write_text(text)
        (folder / "server.mjs").write_text(_SERVER)
        self.process = subprocess.Popen(
            [NODE or "node", str(folder / "server.mjs")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        atexit.register(self.close)

    def close(self) -> None:
        """End the process."""
        self.process.communicate()

    def __call__(self, name: str, points: Iterable[float]) -> Array:
        """Return ``name`` at each of ``points``; JSON carries doubles exactly, and the numbers it lacks as text."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        given = [p if np.isfinite(p) and (p or not np.signbit(p)) else _said(p) for p in points]
        self.process.stdin.write(json.dumps({"name": name, "points": given}) + "\n")
        self.process.stdin.flush()
        return np.array([float(v) for v in json.loads(self.process.stdout.readline())])


def _said(value: float) -> str:
    return "NaN" if np.isnan(value) else "-0" if value == 0 else "Infinity" if value > 0 else "-Infinity"


@lru_cache(maxsize=1)
def node() -> Node:
    """All elementwise functions and two derivatives of each, in one module."""
    return Node(javascript.library(elementwise(), 2, "none"))


def _by_node(function: nonlin.Activation, points: Array, kind: Kind, order: int) -> Array:
    (name,) = javascript.identifiers([function.name + SUFFIX[order]], javascript.KEYWORDS).values()
    return node()(name, points.tolist())


# -- ONNX --------------------------------------------------------------------------------------------------------------


def session(proto: Any) -> Callable[[Mapping[str, Array]], Array]:
    """Return a function that runs a model of one output on this thread."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    made = onnxruntime.InferenceSession(proto.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return lambda given: made.run(None, dict(given))[0]


@lru_cache(maxsize=8)
def _session(name: str, kind: str, order: int) -> Callable[[Mapping[str, Array]], Array]:
    return session(model(name, dtype=kind, order=order, shape=("n",)))


def _by_onnx(function: nonlin.Activation, points: Array, kind: Kind, order: int) -> Array:
    got = _session(function.name, kind.name, order)({"x": points.astype(kind.numpy)})
    assert got.dtype == kind.numpy
    return np.asarray(got).astype(np.float64)


LIBRARIES.update({"c": _by_c, "javascript": _by_node, "onnx": _by_onnx})

# -- the comparison ----------------------------------------------------------------------------------------------------

RUNTIME = {"onnx": 2.0}
"""How many times the battery's tolerance a library is allowed: onnxruntime's Tanh alone errs by 4 ulps in single precision,
its Exp, Log and Sin by 1 to 3, where the C library's and V8's keep to one."""
FAULTS: tuple[Exempt, ...] = (
    Exempt("mila", ("float32",), (1,), 90.0, "a sum that cancels near its zero, of onnxruntime's Tanh", ("onnx",)),
    Exempt("mila", ("float64",), (1,), 30.0, "a sum that cancels near its zero, of a tanh to 2 ulps", ("onnx",)),
    Exempt("tanh_soft_2", ("float32",), (1,), 22.0, "a sum that cancels near its zero, of onnxruntime's Tanh", ("onnx",)),
)
"""Functions with which a runtime keeps less than that, and why. Strict: a row that is not needed fails."""


def allowed(name: str, library: str, kind: Kind, order: int) -> float:
    """The tolerance in ulps beyond the condition rule; a formula's own exceptions hold in every language."""
    rows = [r for r in EXCEPTIONS if r.name == name and kind.name in r.dtypes and order in r.orders]
    base = max([TOLERANCE[kind.name][order], *(r.ulps for r in rows)]) * RUNTIME.get(library, 1.0)
    return max([base, *(r.ulps for r in faults(name, library, kind, order))])


def faults(name: str, library: str, kind: Kind, order: int) -> list[Exempt]:
    """The rows of :data:`FAULTS` that speak of one entry."""
    return [r for r in FAULTS if (r.name, *r.libraries) == (name, library) and kind.name in r.dtypes and order in r.orders]


def compare(name: str, kind: Kind, libraries: Iterable[str]) -> None:
    """Compare a function in several languages, every order, and its limits; one message tells all that is wrong."""
    made, failures = nonlin.definitions()[name], []
    for library in libraries:
        for order in ORDERS:
            worst = measured(made, library, kind, order, allowed(name, library, kind, order))
            failures += [f"{library}, order {order}: {w}" for w in worst.wrong[:4]]
            try:
                check_limits(name, library, kind, order)
            except AssertionError as err:
                failures.append(str(err))
            base = TOLERANCE[kind.name][order] * RUNTIME.get(library, 1.0)
            if faults(name, library, kind, order) and worst.beyond <= base:
                failures.append(f"{library}, order {order}: the exception is not needed; worst {worst.beyond:.3g}")
    assert not failures, f"{name}, {kind.name}\n" + "\n".join(failures)
