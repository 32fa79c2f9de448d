"""Formulas as text, as programs, and as LaTeX."""

from __future__ import annotations

import subprocess
import sys
from fractions import Fraction

import pytest
import sympy

import nonlin
from nonlin.expr import parse, to_text, var
from nonlin.expr.bridge import to_latex, to_sympy
from nonlin.expr.exact import evaluate
from nonlin.expr.program import source
from nonlin.expr.show import number_text


@pytest.mark.parametrize(
    ("value", "text"),
    [(Fraction(3), "3"), (Fraction(-2), "-2"), (Fraction("0.044715"), "0.044715"), (Fraction(1, 3), "1/3"),
     (Fraction(1, 8), "0.125"), (Fraction(10) ** 30, "1" + "0" * 30), (Fraction(-1, 3), "-1/3")],
)  # fmt: skip
def test_numbers(value: Fraction, text: str) -> None:
    assert number_text(value) == text


@pytest.mark.parametrize(
    "text",
    ["x", "-x", "x + 1", "x - (y - tanh(x))/2", "x*(y + 1)", "x/y/y", "x/(y*2 + 1)", "x**2", "(x + 1)**2", "-x**2", "2**x",
     "tanh(x)*exp(-x)", "where(x > 0, x, 0.015*x)", "min(max(x, -1), 1)", "x/3", "sqrt(2/pi)*x"],
)  # fmt: skip
def test_as_few_parentheses_as_needed(text: str) -> None:
    assert to_text(parse(text, ["x", "y"], textbook=True)).replace("2*y", "y*2") == text


@pytest.mark.parametrize("name", nonlin.definitions())
def test_every_definition_reads_back_from_its_text(name: str) -> None:
    made = nonlin.definitions()[name]
    assert parse(made.formula, [*made.inputs, *made.params], textbook=True) is made.textbook
    assert parse(to_text(made.expr), [*made.inputs, *made.params], textbook=True) is made.expr


def test_a_program_computes_each_common_part_once() -> None:
    t = parse("tanh(exp(x))", textbook=True)
    text = source("text", [t * t + t, t], ["x"], lambda node: None if node.payload is None or node.op == "var" else "2")
    assert text.count("tanh(") == text.count("exp(") == 1
    assert text.startswith("def f(v_x):\n")
    assert text.count("return") == 1


def test_a_name_of_the_users_cannot_meet_one_of_the_programs() -> None:
    function = nonlin.get("np*x + t1 + torch + v_x", np=2.0, t1=1.0, torch=5.0, v_x=0.5)
    assert function(3.0) == 12.5
    exact = function.definition.textbook
    assert evaluate(exact, {"np": 2, "t1": 1, "torch": 5, "v_x": 0.5, "x": 3}) == 12.5


LATEX = {
    "x*sigmoid(x)": r"x \sigma\left(x\right)",
    "x*normal_cdf(x)": r"x \Phi\left(x\right)",
    "alpha*(exp(x) - 1)": r"\alpha \left(e^{x} - 1\right)",
    "0.044715*x**3": "0.044715 x^{3}",
    "slope*x": r"\mathrm{slope} x",
    "sech2(x)": r"\operatorname{sech}^{2}\left(x\right)",
}


@pytest.mark.parametrize("formula", LATEX)
def test_latex_as_the_field_writes_it(formula: str) -> None:
    got = to_latex(parse(formula, textbook=True))
    assert sorted(got.split()) == sorted(LATEX[formula].split()), got


@pytest.mark.parametrize("name", nonlin.definitions())
def test_latex_of_every_definition(name: str) -> None:
    text = nonlin.get(name).latex()
    assert text.count("{") == text.count("}")
    assert text.count(r"\left") == text.count(r"\right")
    assert "row_" not in text
    assert "Symbol" not in text


def test_rows_are_sums_over_an_index() -> None:
    text = nonlin.get("softmax").latex()
    assert r"\sum_{j}" in text
    assert "x_{i}" in text
    assert "x_{j}" in text


def test_sympy_keeps_numbers_exact_and_refuses_rows() -> None:
    made = to_sympy(parse("x/3 + 0.1", textbook=True))
    assert made.has(sympy.Rational(1, 10))
    assert made.subs(sympy.Symbol("x", real=True), 3) == sympy.Rational(11, 10)
    assert to_sympy(var("x")).is_real
    with pytest.raises(ValueError, match="rowwise"):
        to_sympy(parse("row_sum(x)", textbook=True))


def test_formulas_do_not_load_sympy() -> None:
    code = "import sys, nonlin; nonlin.get('x*tanh(exp(x))'); print('sympy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
