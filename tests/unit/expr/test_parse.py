"""The parser: what it accepts, where each error points, and that nothing a person types is ever evaluated."""

from __future__ import annotations

import builtins
import os
from typing import Any

import pytest

from nonlin.errors import FormulaError
from nonlin.expr import call, const, parse, to_text, var, where
from nonlin.expr.parse import MAX_DEPTH, MAX_LENGTH, function_names

x = var("x")

ACCEPTED = [
    ("x", x), (" x ", x), ("+x", x), ("-x", -x), ("2", const(2)), ("1e-3", const(0.001)), ("0.1", const(0.1)),
    ("x + 1 - 2*x/3", x + 1 - 2 * x / 3), ("x**2", x * x), ("x**-1", 1 / x), ("-x**2", -(x * x)), ("2**-2", const(0.25)),
    ("tanh(x)", call("tanh", x)), ("ln(x)", call("log", x)), ("Phi(x)", call("normal_cdf", x)),
    ("atan(x)", call("arctan", x)), ("maximum(x, 0)", call("max", x, 0)),
    ("max(x, 0, 1)", call("max", call("max", x, 0), 1)),
    ("clip(x, 0, 6)", call("min", call("max", x, 0), 6)), ("square(x)", x * x), ("pow(x, 3)", x**3),
    ("where(x > 0, x, 0)", where(x > 0, x, 0)), ("x if x >= 1 else 0", where(x >= 1, x, 0)), ("e", call("exp", 1)),
    ("where(1 < x, 1, 2)", where(const(1) < x, 1, 2)), ("(((x)))", x), ("1_000*x", 1000 * x), ("0x10 + x", 16 + x),
    ("cosh(x)", call("cosh", x)), ("pi*x", parse("pi", textbook=True) * x),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), ACCEPTED)
def test_accepted(text: str, expected: Any) -> None:
    assert parse(text, ["x"], textbook=True) is expected


REFUSED = [
    # text, column of the pointer, words of the message
    ("", 0, "the formula is empty"),
    ("   ", 0, "the formula is empty"),
    ("x +", 3, "cannot be read"),
    ("x x", 2, "cannot be read"),
    ("x*(1+x", 2, "was never closed"),
    ("x.real", 0, r"an attribute \(a.b\) is not part of a formula"),
    ("1 + x.__class__", 4, "an attribute"),
    ("x[0]", 0, r"a subscript \(a\[b\]\) is not part"),
    ("x + (lambda: 1)", 5, "a lambda is not part"),
    ("(lambda: x)()", 0, "only functions called by their plain name"),
    ("__import__('os')", 0, "unknown function '__import__'"),
    ("x + __builtins__", 4, "the name '__builtins__' is not allowed"),
    ("().__class__", 0, "an attribute"),
    ("eval('x')", 0, "unknown function 'eval'"),
    ("exec(x)", 0, "unknown function 'exec'. Functions: abs,"),
    ("open(x)", 0, "unknown function 'open'"),
    ("x.tanh()", 0, "only functions called by their plain name"),
    ("'x'", 0, "'x' is not a number"),
    ("tanh('x')", 5, "'x' is not a number"),
    ("f'{x}'", 0, "a string is not part"),
    ("b'1'", 0, "is not a number"),
    ("True", 0, "True is not a number"),
    ("None*x", 0, "None is not a number"),
    ("1j*x", 0, "1j is not a number"),
    ("...", 0, "is not a number"),
    ("(x := 1)", 1, "an assignment is not part"),
    ("[x for x in x]", 0, "ListComp is not part"),
    ("{x}", 0, "Set is not part"),
    ("{x: 1}", 0, "Dict is not part"),
    ("(x, x)", 0, "Tuple is not part"),
    ("tanh(u=x)", 0, "tanh takes plain arguments only"),
    ("tanh(*x)", 0, "tanh takes plain arguments only"),
    ("tanh(**x)", 0, "tanh takes plain arguments only"),
    ("x and 1", 0, "'and'/'or' is not part"),
    ("not x", 0, "UnaryOp is not part"),
    ("~x", 0, "UnaryOp is not part"),
    ("x ^ 2", 0, r"the operator \^ is not part of a formula; write \*\* for a power"),
    ("1 + x % 2", 4, "the operator % is not part"),
    ("x // 2", 0, "the operator // is not part"),
    ("x @ x", 0, "the operator @ is not part"),
    ("x << 2", 0, "the operator LShift is not part"),
    ("x > 0", 0, "the formula is a comparison"),
    ("x + (x > 0)", 0, "a comparison is not a number"),
    ("tanh(x > 0)", 0, "a comparison is not a number"),
    ("where(x, 1, 2)", 6, "the condition must be a comparison"),
    ("where(0 < x < 1, 1, 2)", 6, "a comparison in a formula is one of"),
    ("where(x == 1, 1, 2)", 6, "a comparison in a formula is one of"),
    ("where(x > 0, 1)", 0, "where takes 3 arguments"),
    ("tanh()", 0, "tanh takes 1 argument, not 0"),
    ("tanh(x, x)", 0, "tanh takes 1 argument, not 2"),
    ("clip(x)", 0, "clip takes 3 arguments, not 1"),
    ("tanh + x", 0, r"'tanh' is a function; write tanh\(...\)"),
    ("x + y", 4, "unknown name 'y'. The variables here are: x"),
    ("x*tahn(x)", 2, "unknown function 'tahn'. Did you mean 'tanh'"),
    ("x/0", 0, "divides by zero"),
    ("1 + x/(x - x)", 4, "divides by zero"),
    ("1e999*x", 0, "this number is too large"),
    ("9"*400 + "*x", 0, "this number is too large"),
    ("9**9**9", 0, "constant powers are limited"),
    ("2**65", 0, "constant powers are limited to exponents up to 64"),
    ("2**-65", 0, "constant powers are limited"),
    ("((2**64)**64)**64", 1, "this number is too large"),
    ("0**-1 + x", 0, "divides by zero"),
    ("x\n+1", 0, "one line of plain text"),
    ("x\0", 0, "one line of plain text"),
    ("x; 1", 1, "cannot be read"),
    ("x = 1", 2, "cannot be read"),
    ("import os", 0, "cannot be read"),
    ("await x", 0, "not part of a formula|cannot be read"),
    ("yield", 0, "not part of a formula|cannot be read"),
    ("x if x else 1", 5, "the condition must be a comparison"),
    ("αβ + x", 0, "unknown name 'αβ'"),
    ("x*α", 2, "unknown name 'α'"),
    ("x·2", 0, "unknown name 'x·2'"),
    ("x＋1", 1, "cannot be read"),
    ("“x”", 0, "cannot be read"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "column", "message"), REFUSED, ids=[repr(r[0][:24]) for r in REFUSED])
def test_refused_with_a_sentence_and_a_column(text: str, column: int, message: str) -> None:
    with pytest.raises(FormulaError, match=message) as caught:
        parse(text, ["x"])
    assert caught.value.column == column
    if text.strip() and "\n" not in text and "\0" not in text:
        assert str(caught.value).endswith(f"\n  {caught.value.text}\n  {' ' * column}^")


def test_the_pointer_counts_characters_not_bytes() -> None:
    with pytest.raises(FormulaError) as caught:
        parse("ααα + y.z", ["ααα"])
    assert caught.value.column == 6


@pytest.mark.parametrize(
    "text",
    ["(" * 500 + "x" + ")" * 500, "-" * 500 + "x", "tanh(" * 80 + "x" + ")" * 80, "x**" * 80 + "x", "[" * 200 + "]" * 200,
     "x" + "+x*x**x" * 280, "1 if x>0 else " * 90 + "x", "not " * 400 + "x", "(" * 1999],
)  # fmt: skip
def test_deep_nesting_is_refused_before_it_hurts(text: str) -> None:
    with pytest.raises(FormulaError, match=r"nested|more than|cannot be read|not part"):
        parse(text, ["x"])


def test_limits() -> None:
    with pytest.raises(FormulaError, match=f"the formula has {MAX_LENGTH + 1} characters; at most {MAX_LENGTH}"):
        parse("x" * (MAX_LENGTH + 1))
    with pytest.raises(FormulaError, match=r"nested deeper"):
        parse("(" * (MAX_DEPTH + 1) + "x" + ")" * (MAX_DEPTH + 1))
    assert parse("(" * MAX_DEPTH + "x" + ")" * MAX_DEPTH) is x
    assert parse("+".join(["x"] * 30), textbook=True) is 30 * x
    with pytest.raises(FormulaError, match=r"is text, not int"):
        parse(3)  # type: ignore[arg-type]


def test_powers_of_sums_do_not_fill_the_memory() -> None:
    root = parse("((1/3 + x)**64)**64", ["x"])
    assert root.op in ("pow", "mul", "div")
    with pytest.raises(FormulaError, match=r"limited|too large"):
        parse("*".join(["(3/7)**64"] * 30) + "*x", ["x"])


@pytest.mark.parametrize("text", [r[0] for r in REFUSED])
def test_nothing_is_evaluated(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*given: Any, **options: Any) -> Any:
        raise AssertionError("a formula was evaluated")

    for name in ("eval", "exec", "__import__", "open"):
        if name != "__import__":
            monkeypatch.setattr(builtins, name, refuse)
    monkeypatch.setattr(os, "system", refuse)
    with pytest.raises(FormulaError):
        parse(text, ["x"])


def test_free_names_become_variables_only_where_allowed() -> None:
    assert to_text(parse("a*x + b", None)) == "a*x + b"
    with pytest.raises(FormulaError, match=r"unknown name 'b'. The variables here are: a, x"):
        parse("a*x + b", ["x", "a"])
    with pytest.raises(FormulaError, match=r"not allowed"):
        parse("__debug__x", None)
    assert parse("e*x", ["x", "e"]) is var("e") * x


def test_macros() -> None:
    macros = {"twice": lambda u, times=2: u * times, "tanh": lambda u: u}
    assert parse("twice(x)", ["x"], macros=macros) is 2 * x
    assert parse("twice(x, times=5)", ["x"], macros=macros) is 5 * x
    assert parse("tanh(x)", ["x"], macros=macros) is call("tanh", x)
    for text, message in (
        ("twice(x, x, x)", "twice:"),
        ("twice(x, often=2)", "twice:.*often"),
        ("twice(x, **x)", "plain arguments only"),
        ("twice(*x)", "plain arguments only"),
        ("twice(x, times=1, times=2)", "a parameter is given twice|keyword argument repeated"),
        ("twice(x, times=x>0)", "a comparison is not a number"),
        ("twice", r"'twice' is a function; write twice\(...\)"),
        ("twic(x)", "Did you mean 'twice'"),
    ):
        with pytest.raises(FormulaError, match=message):
            parse(text, ["x"], macros=macros)


def test_function_names_are_all_callable() -> None:
    for name in function_names():
        taken = [f"{name}({', '.join(['x'] * k)})" for k in (1, 2, 3)]
        good = [t for t in taken if _reads(t)] or [t for t in (f"{name}(x > 0, x, 1)",) if _reads(t)]
        assert good, name


def _reads(text: str) -> bool:
    try:
        parse(text, ["x"])
    except FormulaError:
        return False
    return True
