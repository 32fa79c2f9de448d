"""The C source: how it looks, that it compiles without a warning, rows, gates, arguments, names, and what it refuses."""

from __future__ import annotations

import ctypes
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from battery.languages import GCC, REAL, call_c, compile_c, textbook_value
from registry import REPRESENTATIVES

import nonlin
from nonlin.backends.c import code, library
from nonlin.backends.listing import pieces
from nonlin.catalogue import definitions, param, resolve
from nonlin.catalogue.definition import make
from nonlin.errors import ParameterError

pytestmark = pytest.mark.skipif(GCC is None, reason="gcc, which compiles the C source, is not installed")
ROWS = [n for n, d in definitions().items() if d.kind in ("rowwise", "grouped")]
PLAIN = [n for n in REPRESENTATIVES if definitions()[n].kind not in ("rowwise", "grouped")]
CLOSE = {"float64": 1e-12, "float32": 1e-4}


def call(made: ctypes.CDLL, name: str, *numbers: float, kind: str = "float64") -> float:
    """Call a function of plain numbers."""
    real = ctypes.c_double if kind == "float64" else ctypes.c_float
    function = getattr(made, name)
    function.restype, function.argtypes = real, [real] * len(numbers)
    return float(function(*numbers))


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    """One function of every sort, and all rowwise ones, in one library."""
    wanted = [definitions()[n] for n in sorted({*PLAIN, *ROWS})]
    return compile_c(library(wanted, 2), tmp_path_factory.mktemp("c"))


def test_what_it_looks_like() -> None:
    assert (
        code(definitions()["prelu"], order=1)
        == """\
/* Written by nonlin. C99: cc -std=c99 -O2 -c, and link with -lm.
 * Not for -ffast-math, which gives up NaN and infinities. Rows x and y must not overlap.
 */

#include <math.h>

static double smaller(double a, double b) { return a < b || a != a ? a : b; }

static float smallerf(float a, float b) { return a < b || a != a ? a : b; }

/* prelu: where(x > 0, x, slope*x)
 *   slope = 0.25 (any finite number)
 * K. He, X. Zhang, S. Ren, J. Sun, Delving Deep into Rectifiers, ICCV 2015, arXiv:1502.01852
 */

/* the value; slope = 0.25 */
double nonlin_prelu(double x, double slope) {
    return (x > 0.0) ? x : (slope * x);
}

/* the derivative of the value by x; slope = 0.25 */
double nonlin_prelu_grad(double x, double slope) {
    return ((x > 0.0) ? 1.0 : slope) + smaller(fabs(x), 0.0);
}

/* the value; slope = 0.25 */
float nonlin_preluf(float x, float slope) {
    return (x > 0.0f) ? x : (slope * x);
}

/* the derivative of the value by x; slope = 0.25 */
float nonlin_prelu_gradf(float x, float slope) {
    return ((x > 0.0f) ? 1.0f : slope) + smallerf(fabsf(x), 0.0f);
}
"""
    )


def test_a_row_is_loops_over_it() -> None:
    text = code(definitions()["softmax"], order=0)
    assert (
        """\
void nonlin_softmax(const double *x, double *y, size_t n) {
    const double s1 = row_max(x, n);
    for (size_t i = 0; i < n; i++) {
        y[i] = exp(x[i] - s1);
    }
    const double s2 = row_sum(y, n);
    for (size_t i = 0; i < n; i++) {
        y[i] = exp(x[i] - s1) / s2;
    }
}
"""
        in text
    )
    assert "jvp" not in text


@pytest.mark.parametrize("kind", REAL)
@pytest.mark.parametrize("name", ROWS)
def test_rows_agree_with_numpy(name: str, kind: str, compiled: ctypes.CDLL) -> None:
    rows = np.random.default_rng(1).normal(0, 2, (5, 6)).astype(kind)
    rows[4] = rows[4].round()  # ties
    for piece in pieces(definitions()[name], 0):
        wanted = nonlin.get(name)(rows, pieces=6)
        part = int(piece.suffix.removeprefix("_") or 1) - 1
        for row, true in zip(rows, wanted, strict=True):
            got = row_call(compiled, f"nonlin_{name}{piece.suffix}", kind, piece, row)
            true = true[part : part + 1] if piece.one else true
            assert np.allclose(got[: len(true)], true, rtol=CLOSE[kind], atol=CLOSE[kind])


def row_call(made: ctypes.CDLL, name: str, kind: str, piece: Any, *rows: Any) -> Any:
    """Call a function of rows with its parameters' defaults."""
    real = ctypes.c_double if kind == "float64" else ctypes.c_float
    result = np.zeros(len(rows[0]), kind)
    kept = [np.ascontiguousarray(r, kind) for r in rows]
    pointers = [ctypes.c_void_p(r.ctypes.data) for r in kept]
    numbers = [real(v) for v in piece.params.values()]
    getattr(made, name + REAL[kind][1])(
        *pointers, ctypes.c_void_p(result.ctypes.data), *numbers, ctypes.c_size_t(len(result))
    )
    return result


@pytest.mark.parametrize("name", ROWS)
def test_a_rows_derivative_along_a_direction_is_its_jacobians(name: str, compiled: ctypes.CDLL) -> None:
    made, source = definitions()[name], np.random.default_rng(2)
    x, along = source.normal(0, 2, (2, 6))
    jacobian = torch.autograd.functional.jacobian(lambda t: nonlin.get(name)(t, pieces=6), torch.from_numpy(x)).numpy()
    for part, piece in enumerate(p for p in pieces(made, 1) if p.suffix.endswith("_jvp")):
        got = row_call(compiled, f"nonlin_{name}{piece.suffix}", "float64", piece, x, along)
        true = (jacobian @ along)[part : part + 1] if piece.one else jacobian @ along
        assert np.allclose(got[: len(true)], true, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("name", [n for n in PLAIN if definitions()[n].kind != "elementwise"])
def test_several_inputs_and_outputs(name: str, compiled: ctypes.CDLL) -> None:
    made = definitions()[name]
    numbers = [0.7, -1.3][: len(made.inputs)]
    for i, piece in enumerate(pieces(made, 0)):
        defaults = list(piece.params.values())
        got = call(compiled, f"nonlin_{made.name}{piece.suffix}", *numbers, *defaults)
        assert got == pytest.approx(textbook_value(made, i, numbers), rel=1e-12, abs=1e-15)
        for k, n in enumerate(made.inputs):
            suffix = f"{piece.suffix}_grad" + (f"_{n}" if len(made.inputs) > 1 else "")
            step = 1e-6
            ahead, behind = (
                textbook_value(made, i, [v + s * step * (j == k) for j, v in enumerate(numbers)]) for s in (1, -1)
            )
            slope = call(compiled, f"nonlin_{made.name}{suffix}", *numbers, *defaults)
            assert slope == pytest.approx((ahead - behind) / (2 * step), rel=1e-6, abs=1e-8)


def test_arguments_are_the_learned_parameters_all_or_none(tmp_path: Path) -> None:
    celu, prelu = definitions()["celu"], definitions()["prelu"]
    assert "nonlin_celu(double x)" in code(celu)
    assert "nonlin_celu(double x, double alpha)" in code(celu, arguments="all")
    assert "nonlin_prelu(double x)" in code(prelu, arguments="none")
    made = compile_c(library([prelu, celu], 2, "all"), tmp_path)
    assert call(made, "nonlin_prelu", -2.0, 0.5) == -1.0
    assert call(made, "nonlin_prelu_gradf", -2.0, 0.5, kind="float32") == 0.5
    assert call(made, "nonlin_prelu_grad2", -2.0, 0.5) == 0.0
    assert call(made, "nonlin_celu", -1.0, 2.0) == pytest.approx(2 * np.expm1(-0.5), rel=1e-15)
    assert "nonlin_leaky_relu(double x) {\n    return (x > 0.0) ? x : (0.3 * x);" in code(resolve("leaky_relu(slope=0.3)"))


def test_names_are_made_fit_for_c(tmp_path: Path) -> None:
    names = ("double", "β", "exp", "t1", "smaller", "x_", "s1", "y", "n")
    formula = "exp(-x*x) * (" + " + ".join(f"{n}*x" for n in names) + ")"
    made = make("odd_names", formula, params={n: param(float(i)) for i, n in enumerate(names)}, cite="evil */ int x;")
    text = code(made, 2, "all")
    assert (
        "double double_, double beta, double exp_, double t1_, double smaller_, double x_, double s1_, double y_, double n_"
        in text
    )
    assert "evil * / int x;" in text
    compiled = compile_c(text, tmp_path)
    numbers = [float(i) for i in range(len(names))]
    assert call(compiled, "nonlin_odd_names", 0.5, *numbers) == pytest.approx(np.exp(-0.25) * sum(numbers) / 2, rel=1e-15)


def test_a_typed_formula(tmp_path: Path) -> None:
    made = compile_c(code(resolve("x*tanh(exp(x))"), 2), tmp_path)
    assert call(made, "nonlin_formula", 1.0) == pytest.approx(np.tanh(np.e), rel=1e-15)
    assert np.isnan(call(made, "nonlin_formula_grad2", np.nan))


def test_minimum_and_maximum_and_sign_keep_nan_and_infinity(tmp_path: Path) -> None:
    made = compile_c(library([definitions()["relu6"], resolve("sign(x)*max(x, -1)")]), tmp_path)
    for kind, f in (("float64", ""), ("float32", "f")):
        for name in ("nonlin_relu6", "nonlin_relu6_grad", "nonlin_formula", "nonlin_formula_grad"):
            assert np.isnan(call(made, name + f, np.nan, kind=kind))
        assert call(made, f"nonlin_relu6{f}", np.inf, kind=kind) == 6
        assert call(made, f"nonlin_relu6{f}", -np.inf, kind=kind) == 0
        assert call(made, f"nonlin_formula{f}", -np.inf, kind=kind) == 1


def test_orders(tmp_path: Path) -> None:
    third = compile_c(code(definitions()["tanh"], 3), tmp_path)
    t = np.tanh(0.3)
    assert call(third, "nonlin_tanh_grad3", 0.3) == pytest.approx(-2 * (1 - t * t) * (1 - 3 * t * t), rel=1e-13)
    assert "grad" not in code(definitions()["tanh"], 0)
    for wrong in (-1, 1.0, True, "2"):
        with pytest.raises(ParameterError, match="order must be a whole number of at least 0, not"):
            code(definitions()["tanh"], wrong)  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match="arguments must be one of learned, all, none, not 'some'"):
        code(definitions()["tanh"], 1, "some")


def test_only_the_helpers_that_are_called_are_written() -> None:
    text = code(definitions()["relu"], 0)
    assert "larger" in text
    for name in ("smaller", "signum", "row_", "size_t", "stddef"):
        assert name not in text


def test_the_batterys_own_call_works(tmp_path: Path) -> None:
    made = compile_c("#include <stddef.h>\n" + code(definitions()["softmax"], 0), tmp_path)
    got = call_c(made, "nonlin_softmax", "float64", np.array([0.0, np.log(3.0)]))
    assert np.allclose(got, [0.25, 0.75])
