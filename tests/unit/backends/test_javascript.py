"""The JavaScript modules: how they look, that node runs them, erf and erfc, rows, gates, arguments, and what they refuse."""

from __future__ import annotations

import json
import subprocess
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from battery.languages import NODE, Node, textbook_value
from mpmath import mp
from registry import REPRESENTATIVES

import nonlin
from nonlin.backends.javascript import code, library
from nonlin.backends.listing import pieces
from nonlin.catalogue import definitions, param, resolve
from nonlin.catalogue.definition import make
from nonlin.errors import ParameterError

pytestmark = pytest.mark.skipif(NODE is None, reason="node, which runs the JavaScript, is not installed")
ROWS = [n for n, d in definitions().items() if d.kind in ("rowwise", "grouped")]
PLAIN = [n for n in REPRESENTATIVES if definitions()[n].kind not in ("rowwise", "grouped")]


def run(folder: Path, module: str, *expressions: str) -> list[Any]:
    """Return the values of JavaScript expressions that may use the exports of ``module`` as ``m``."""
    (folder / "m.mjs").write_text(module)
    lines = [f"console.log(JSON.stringify({e}, (_, v) => ArrayBuffer.isView(v) ? Array.from(v) : v));" for e in expressions]
    (folder / "run.mjs").write_text("import * as m from './m.mjs';\n" + "\n".join(lines))
    done = subprocess.run([NODE or "node", str(folder / "run.mjs")], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    wanted = [definitions()[n] for n in sorted({*PLAIN, *ROWS})]
    return tmp_path_factory.mktemp("js"), library(wanted, 1)


def test_what_it_looks_like() -> None:
    assert (
        code(definitions()["prelu"])
        == """\
// prelu: where(x > 0, x, slope*x)
//   slope = 0.25 (any finite number)
// K. He, X. Zhang, S. Ren, J. Sun, Delving Deep into Rectifiers, ICCV 2015, arXiv:1502.01852

// the value
export function prelu(x, slope = 0.25) {
    return (x > 0) ? x : (slope * x);
}

// the derivative of the value by x
export function prelu_grad(x, slope = 0.25) {
    return ((x > 0) ? 1 : slope) + Math.min(Math.abs(x), 0);
}
"""
    )


def test_a_row_is_loops_over_it() -> None:
    assert """\
export function softmax(x, y = new Float64Array(x.length)) {
    const n = x.length;
    const s1 = $row_max(x);
    for (let i = 0; i < n; i++) {
        y[i] = Math.exp(x[i] - s1);
    }
    const s2 = $row_sum(y);
    for (let i = 0; i < n; i++) {
        y[i] = Math.exp(x[i] - s1) / s2;
    }
    return y;
}
""" in code(definitions()["softmax"], 0)


def test_rows_agree_with_numpy(everything: tuple[Path, str]) -> None:
    rows = np.random.default_rng(1).normal(0, 2, (5, 6))
    rows[4] = rows[4].round()  # ties
    wanted = [(n, p) for n in ROWS for p in pieces(definitions()[n], 0)]
    got = run(*everything, *(f"{json.dumps(rows.tolist())}.map(x => m.{n}{p.suffix}(x))" for n, p in wanted))
    assert len(got) == len(wanted)
    for (name, piece), found in zip(wanted, got, strict=True):
        part = int(piece.suffix.removeprefix("_") or 1) - 1
        true = nonlin.get(name)(rows, pieces=6)
        assert np.allclose(found, true[:, part] if piece.one else true, rtol=1e-12, atol=1e-12), name


def test_a_rows_derivative_along_a_direction_is_its_jacobians(everything: tuple[Path, str]) -> None:
    x, along = np.random.default_rng(2).normal(0, 2, (2, 6))
    arguments = f"{json.dumps(x.tolist())}, {json.dumps(along.tolist())}"
    wanted = [(n, [p for p in pieces(definitions()[n], 1) if p.suffix.endswith("_jvp")]) for n in ROWS]
    got = iter(run(*everything, *(f"m.{n}{p.suffix}({arguments})" for n, found in wanted for p in found)))
    for name, found in wanted:
        function = partial(nonlin.get(name), pieces=6)
        jacobian = torch.autograd.functional.jacobian(function, torch.from_numpy(x)).numpy()
        for part, piece in enumerate(found):
            true = (jacobian @ along)[part] if piece.one else jacobian @ along
            assert np.allclose(next(got), true, rtol=1e-9, atol=1e-11), name


def test_several_inputs_and_outputs(everything: tuple[Path, str]) -> None:
    several = [n for n in PLAIN if definitions()[n].kind != "elementwise"]
    assert {definitions()[n].kind for n in several} == {"gated", "paired", "concatenated"}
    for name in several:
        made = definitions()[name]
        numbers = [0.7, -1.3][: len(made.inputs)]
        for i, piece in enumerate(pieces(made, 0)):
            (got,) = run(*everything, f"m.{name}{piece.suffix}({', '.join(map(str, numbers))})")
            assert got == pytest.approx(textbook_value(made, i, numbers), rel=1e-12, abs=1e-15)


def test_erf_and_erfc_keep_four_ulps() -> None:
    source = np.random.default_rng(5)
    points = np.concatenate([source.normal(0, 3, 400), source.uniform(-27.2, 27.2, 400), 2.0 ** source.uniform(-60, 0, 200)])
    points = np.concatenate([points, [0.5, 1.0, -1.0, 26.5, 28.0, -28.0, 1e300, -1e300]])
    node = Node(library([make("one", "erf(x)", params={}), make("other", "1 - erf(x)", params={})], 0))
    with mp.workdps(60):
        for name, exact in (("one", mp.erf), ("other", mp.erfc)):
            for x, got in zip(points.tolist(), node(name, points.tolist()), strict=True):
                true = exact(mp.mpf(x)) if abs(x) < 100 else mp.mpf(float(exact(mp.mpf(40 if x > 0 else -40))))
                spacing = np.spacing(max(abs(float(true)), 2.0**-1015))
                assert abs(mp.mpf(float(got)) - true) <= 4 * spacing, (name, x)
    assert node("one", [np.inf, -np.inf]).tolist() == [1, -1]
    assert node("other", [np.inf, -np.inf]).tolist() == [0, 2]
    assert np.isnan([*node("one", [np.nan]), *node("other", [np.nan])]).all()
    assert np.signbit(node("one", [-0.0])).all()


def test_halves_round_to_the_even_neighbour() -> None:
    node = Node(code(resolve("round(x)"), 0))
    points = [-2.5, -1.5, -0.5, -0.4, 0.0, 0.49999999999999994, 0.5, 1.5, 2.5, 3.2, 1e300, -7.7]
    assert node("formula", points).tolist() == [float(np.round(p)) for p in points]


def test_only_the_helpers_that_are_called_are_written() -> None:
    assert "$" not in code(definitions()["mish"], 2)
    text = code(definitions()["gelu"], 2)
    assert text.count("function $erfc(") == text.count("function $polynomial(") == 1
    assert "$row" not in text
    assert all(f"function $row_{name}(" in code(definitions()["sparsemax"], 0) for name in ("threshold", "max"))
    assert library([definitions()["gelu"], definitions()["geglu"]]).count("function $erfc(") == 1


def test_arguments_have_their_defaults(tmp_path: Path) -> None:
    celu, prelu = definitions()["celu"], definitions()["prelu"]
    assert "celu(x) {" in code(celu)
    assert "prelu(x) {" in code(prelu, arguments="none")
    got = run(
        tmp_path, library([prelu, celu], 2, "all"), "m.prelu(-2)", "m.prelu(-2, 0.5)", "m.celu(-1, 2)", "m.prelu_grad2(3)"
    )
    assert got[:2] == [-0.5, -1]
    assert got[2] == pytest.approx(2 * np.expm1(-0.5), rel=1e-15)
    assert got[3] == 0


def test_names_are_made_fit_for_javascript(tmp_path: Path) -> None:
    names = ("throw", "β", "Math", "t1", "x_", "y", "n", "arguments")
    formula = "exp(-x*x) * (" + " + ".join(f"{n}*x" for n in names) + ")"
    made = make("delete", formula, params={n: param(float(i)) for i, n in enumerate(names)}, cite="two\nlines */")
    text = code(made, 2, "all")
    assert "export function delete_(x, throw_ = 0.0, beta = 1.0, Math_ = 2.0, t1_ = 3.0, x_ = 4.0, y_ = 5.0," in text
    (got,) = run(tmp_path, text, "m.delete_(0.5)")
    assert got == pytest.approx(np.exp(-0.25) * 28 / 2, rel=1e-15)


def test_wrong_orders_and_arguments_are_sentences() -> None:
    with pytest.raises(ParameterError, match="order must be a whole number of at least 0, not -1"):
        code(definitions()["tanh"], -1)
    with pytest.raises(ParameterError, match="arguments must be one of learned, all, none, not None"):
        code(definitions()["tanh"], 1, None)  # type: ignore[arg-type]
