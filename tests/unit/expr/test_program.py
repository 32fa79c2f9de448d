"""Programs as text: one line for each shared part, in several syntaxes; names any language takes; parentheses."""

from __future__ import annotations

import pytest

from nonlin.backends.emission import literal
from nonlin.expr import call, parse, var
from nonlin.expr.program import Syntax, assignments, bare, identifiers, source, with_names

C_LIKE = Syntax(
    head="double {function}({arguments}) {{",
    argument="double {name}",
    line="    const double {name} = {value};",
    returned="    return {value};",
    end="}",
    words={"f": "f"},
    width=20,
)


def test_a_shared_part_gets_a_line() -> None:
    x = var("x")
    assert source("text", [call("tanh", x) * call("tanh", x) + call("exp", call("tanh", x))], ["x"], literal) == (
        "def f(v_x):\n    t1 = tanh(v_x)\n    return (t1 ** 2.0) + exp(t1)\n"
    )


def test_another_syntax_and_spelling() -> None:
    root = parse("where(x > 0, x, k*(exp(x) - 1))", ["x", "k"])
    text = source("c", [root], ["x", "k"], literal, function="bend", syntax=C_LIKE, spelled={"x": "x", "k": "slope"})
    assert text == ("double bend(double x, double slope) {\n    return (x > 0.0) ? x : (slope * expm1f(x));\n}\n")


def test_long_parts_get_a_line_too_but_not_the_result() -> None:
    root = parse("exp(sin(cos(x + 1)))*tanh(x)", ["x"])
    lines, (result,) = assignments("c", [root], with_names(literal, {"x": "x"}), C_LIKE, first=7)
    assert lines == ["    const double t7 = expf(sinf(cosf(x + 1.0)));"]
    assert result == "(t7 * tanhf(x))"
    assert assignments("c", [root], with_names(literal, {"x": "x"}), Syntax(words={"f": ""}))[0] == []


def test_constants_take_their_parts_with_them() -> None:
    assert source("text", [parse("x*sqrt(2/pi)", ["x"])], ["x"], literal).endswith("return v_x * 0.7978845608028654\n")


@pytest.mark.parametrize(
    ("text", "without"),
    [
        ("(a + b)", "a + b"),
        ("(a) + (b)", "(a) + (b)"),
        ("((a + b))", "(a + b)"),
        ("(a, b)", "(a, b)"),
        ("(f(a, b) + c)", "f(a, b) + c"),
        ("f(a)", "f(a)"),
        ("(-1.0)", "-1.0"),
        ("a", "a"),
        ("", ""),
    ],
)
def test_parentheses_around_the_whole_are_left_out(text: str, without: str) -> None:
    assert bare(text) == without


def test_names_become_identifiers() -> None:
    names = ["slope", "β", "Δ", "double", "t1", "s22", "t1_", "naïve", "名", "1x", "d x", "d_x", "_"]
    made = identifiers(names, {"double"})
    assert made == {
        "slope": "slope", "β": "beta", "Δ": "delta", "double": "double_", "t1": "t1_", "s22": "s22_", "t1_": "t1__",
        "naïve": "naive", "名": "u540d", "1x": "_1x", "d x": "d_x", "d_x": "d_x_", "_": "_",
    }  # fmt: skip
    assert len(set(made.values())) == len(names)
    assert all(v.isidentifier() and v.isascii() for v in made.values())
