"""Random formulas at random numbers: the kernel against NumPy in double precision, within what rounding may do.

How much that is comes from the error analysis of ``nonlin.backends.rounding``, which knows no kernels: the root mean square of what the
roundings of each operation do to the result.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nonlin.backends.llvm.calls import Kernel
from nonlin.backends.llvm.loops import Plan
from nonlin.backends.rounding import FORMATS, analyse
from nonlin.expr import Expr, call, var, variables
from nonlin.expr.nodes import const
from nonlin.expr.rewrite import lower

X = var("x")
SMOOTH = ["exp", "expm1", "log", "log1p", "tanh", "sigmoid", "softplus", "sech2", "sech", "sinh", "cosh", "sin", "cos", "arctan",
          "arcsinh", "sqrt", "erf", "erfc", "normal_cdf", "normal_pdf", "tanh_softplus", "sech2_softplus", "neg", "abs"]  # fmt: skip
TIMES = 24.0
"""The largest error allowed, in root mean squares to expect; kernels' functions are up to 3 ulps off where 1.25 are expected."""
TRUSTED = 2.0**-9
"""Relative errors up to which an analysis of first order holds."""


def combined(inner: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
    numbers = st.sampled_from([-3, -1, 2, 5]).map(const)
    either = st.one_of(inner, numbers)
    return st.one_of(
        st.builds(lambda op, u: call(op, u), st.sampled_from(SMOOTH), inner),
        st.builds(lambda op, u, v: call(op, u, v), st.sampled_from(["add", "sub", "mul", "min", "max"]), inner, either),
        st.builds(lambda u, v: u / v if variables(v) else u, inner, inner),
        st.builds(lambda u, n: call("pow", u, const(n)) if variables(u) else u, inner, st.sampled_from([-2, -1, 2, 3])),
        # a jump only where its side is exact: at a number, of x itself
        st.builds(lambda n, u, v: Expr("where", (X > n, u, v)), numbers, inner, either),
        st.builds(lambda op, u: call(op, X) * u, st.sampled_from(["sign", "floor", "round"]), inner),
    )


FORMULAS = st.recursive(st.just(X), combined, max_leaves=6)
NUMBERS = st.integers(0, 2**32 - 1).map(lambda seed: np.random.default_rng(seed).normal(0, 2, 61))


@pytest.mark.parametrize("kind", ["float32", "float64"])
def test_random_formulas(kind: str) -> None:
    compared: list[int] = []

    @settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(FORMULAS, NUMBERS)
    def holds(root: Expr, numbers: np.ndarray[Any, Any]) -> None:
        if "x" not in variables(root):
            return
        x = numbers.astype(kind)
        out = np.empty_like(x)
        Kernel(Plan((root,), ("x",), (), kind)).flat(x.size, 0, x.ctypes.data, out.ctypes.data)
        form = FORMATS[kind]
        report = analyse(lower(root, "numpy"), x.astype(np.float64), form)
        with np.errstate(all="ignore"):
            known = np.isfinite(report.value) & ~report.broken & (report.error <= TRUSTED * abs(report.value))
            known &= abs(report.value) < form.largest / 8
            allowed = TIMES * report.error + 2 * form.ulp(report.value)
            wrong = known & ~(abs(out.astype(np.float64) - report.value) <= allowed)
        assert not wrong.any(), f"{root} at {x[wrong][:3]}: {out[wrong][:3]}, NumPy gives {report.value[wrong][:3]}"
        compared.append(int(known.sum()))

    holds()
    assert sum(compared) > 500  # most formulas have numbers at which they can be compared


def test_the_fuzz_would_find_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tanh that is wrong in its twelfth bit."""
    from nonlin.backends.llvm.elementary import Elementary

    right: Callable[..., Any] = Elementary.tanh
    monkeypatch.setattr(Elementary, "tanh", lambda self, u: self.b.op("fmul", right(self, u), self.b.const(1 + 2.0**-12)))
    x = np.linspace(-3, 3, 50).astype(np.float32)
    out = np.empty_like(x)
    root = call("tanh", X) * const(3) + X / const(7)
    Kernel(Plan((root,), ("x",), (), "float32")).flat(x.size, 0, x.ctypes.data, out.ctypes.data)
    report = analyse(lower(root, "numpy"), x.astype(np.float64), FORMATS["float32"])
    assert (abs(out - report.value) > TIMES * report.error + 2 * FORMATS["float32"].ulp(report.value)).any()
