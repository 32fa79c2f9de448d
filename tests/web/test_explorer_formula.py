"""Formulas typed into the page, in Chromium: their numbers against mpmath's, their words against Python's."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import scripted

from nonlin.catalogue import definitions, resolve
from nonlin.catalogue.registry import _macros, names
from nonlin.errors import NonlinError, near
from nonlin.expr import derivative, parse, stabilise, to_text
from nonlin.expr.exact import evaluate
from nonlin.view.mathml import mathml

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
mpmath = pytest.importorskip("mpmath")
mp = mpmath.mp
pytestmark = pytest.mark.skipif(scripted.CHROMIUM is None, reason="no Chromium is installed")

POINTS = (-800.0, -40.0, -3.7, -1.0, -0.3, 0.45, 1.0, 2.9, 40.0, 800.0)


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    folder = tmp_path_factory.mktemp("formula")
    with scripted.browser(folder) as context, scripted.opened(context, scripted.written(folder)) as made:
        yield made


def sigmoid(x: Any) -> Any:
    return 1 / (1 + mp.exp(-x))


def softplus(x: Any) -> Any:
    return mp.log(1 + mp.exp(x))


# the textbook, written again for mpmath: nothing of nonlin stands between the two
TYPED: dict[str, Callable[[Any], Any]] = {
    "x*tanh(softplus(x))": lambda x: x * mp.tanh(softplus(x)),
    "x*tanh(log(1 + exp(x)))": lambda x: x * mp.tanh(softplus(x)),
    "log(1 + exp(x))": softplus,
    "1/(1 + exp(-x))": sigmoid,
    "x/(1 + exp(-1.702*x))": lambda x: x * sigmoid(mp.mpf("1.702") * x),
    "x*sigmoid(1.7*x) + 0.1*mish(x)": lambda x: x * sigmoid(mp.mpf("1.7") * x) + x * mp.tanh(softplus(x)) / 10,
    "(exp(x) - exp(-x))/(exp(x) + exp(-x))": mp.tanh,
    "1 - tanh(x)**2": lambda x: 1 - mp.tanh(x) ** 2,
    "x*Phi(x)": lambda x: x * mp.erfc(-x / mp.sqrt(2)) / 2,
    "x/(1 + abs(x))": lambda x: x / (1 + abs(x)),
    "x/sqrt(1 + x**2)": lambda x: x / mp.sqrt(1 + x * x),
    "where(x > 0, x, 0.25*(exp(x) - 1))": lambda x: x if x > 0 else mp.expm1(x) / 4,
    "x if x > 0.1 else 0.01*x": lambda x: x if x > mp.mpf("0.1") else x / 100,
    "max(x, 0)**2": lambda x: x * x if x > 0 else 0 * x,
    "x + sin(2*x)**2/2": lambda x: x + mp.sin(2 * x) ** 2 / 2,
    "x*exp(-x**2)": lambda x: x * mp.exp(-x * x),
    "x*tanh(exp(x))": lambda x: x * mp.tanh(mp.exp(x)),
    "2.5e-1*ln(cosh(2*x))": lambda x: mp.log(mp.cosh(2 * x)) / 4,
    "leaky_relu(x, slope=0.3) + clip(x, -2, 2)": lambda x: (x if x > 0 else mp.mpf("0.3") * x) + min(max(x, -2), 2),
}


@pytest.mark.parametrize("text", TYPED)
def test_a_typed_formula_and_its_derivatives_are_those_of_mpmath(page: Any, text: str) -> None:
    got = page.evaluate(
        "([text, xs]) => { const f = NL.formula.compile(text); return xs.map((x) => [f.value(x), f.first(x), f.second(x)]); }",
        [text, POINTS],
    )
    for x, orders in zip(POINTS, got, strict=True):
        with mp.workdps(2000 if "tanh(exp" in text and x > 0 else 800 if abs(x) > 100 else 120):
            f = TYPED[text]
            if text == "x*tanh(exp(x))" and x > 30:
                wanted = [x, 1, 0]  # 1 - tanh(exp(40)) has 10**17 zeros
            else:
                wanted = [f(mp.mpf(x)), mp.diff(f, mp.mpf(x)), mp.diff(f, mp.mpf(x), 2)]
            for order, (w, g) in enumerate(zip(wanted, orders, strict=True)):
                assert g is not None and math.isfinite(g), (x, order, g)
                # sin has an error of its argument's rounding; what cancels to nothing is compared with the slope's size
                assert g == pytest.approx(float(w), rel=2e-13, abs=1e-40 if "sin" not in text else 1e-12), (x, order)


def test_every_function_of_the_catalogue_can_be_typed(page: Any) -> None:
    points = (-40.0, -1.3, 2.7)
    functions = [d for d in definitions().values() if d.kind == "elementwise" and d.family != "user"]
    got = page.evaluate(
        "([all, xs]) => all.map((name) => { const f = NL.formula.compile(`${name}(x)`);"
        " return [f.stableText, xs.map((x) => [f.value(x), f.first(x), f.second(x)])]; })",
        [[d.name for d in functions], points],
    )
    assert len(functions) > 400
    for made, (text, rows) in zip(functions, got, strict=True):
        roots = [made.closed()]
        assert text == to_text(roots[0]), made.name  # the same rewriting, rule by rule
        roots += [derivative(roots[0], order=n) for n in (1, 2)]
        for x, row in zip(points, rows, strict=True):
            for root, g in zip(roots, row, strict=True):
                w = float(evaluate(root, {"x": x}))
                if math.isfinite(w):
                    assert g == pytest.approx(w, rel=1e-9, abs=1e-13), (made.name, x)


def some_formula(rng: random.Random, depth: int) -> str:
    """A random formula of the whole language."""
    if depth == 0 or rng.random() < 0.15:
        return rng.choice(["x", "x", "x", "1", "2", "0.5", "3", "1.7", "pi", "1e-7", "k", "-1"])
    inner = [some_formula(rng, depth - 1) for _ in range(4)]
    functions = (
        "exp log tanh sigmoid softplus erf erfc sin cos arctan sqrt abs sign sinh cosh sech expm1 log1p square Phi ln mish"
    )
    forms = [f"{rng.choice(functions.split())}({inner[0]})"] * 5 + [f"({inner[0]} {rng.choice('+-*/')} {inner[1]})"] * 5
    forms += [f"({inner[0]})**{rng.choice(['2', '3', '0.5', '-1', '1/3', 'x'])}", f"{rng.choice(['min', 'max'])}({inner[0]}, {inner[1]})",
              f"where({inner[0]} {rng.choice(['<', '<=', '>', '>='])} {inner[1]}, {inner[2]}, {inner[3]})", f"-{inner[0]}"]  # fmt: skip
    return rng.choice(forms)


def test_random_formulas_are_read_and_rewritten_as_in_python(page: Any) -> None:
    rng = random.Random(20)
    texts = [f"x + {some_formula(rng, rng.choice([2, 3, 4]))}" for _ in range(200)]
    script = (
        "(texts) => texts.map((t) => { try { return NL.formula.stableText(t); } catch (error) { return error.message; } })"
    )
    readable = 0
    for text, got in zip(texts, page.evaluate(script, texts), strict=True):
        try:
            wanted = to_text(parse(text, macros=_macros()))
            readable += 1
        except NonlinError as error:
            wanted = str(error).splitlines()[0]
        assert got == wanted, text
    assert readable > 150


# inputs for which the page says what Python says, at the same place
REFUSED = ["sigmod(x)", "x^2", "(x", "x)", "x +* 2", "x +", "where(x, 1, 2)", "x.y + 1", "x[0]", "1 + x > 0", "x < 1 < 2", "x == 1",
           "celu(x, alpha=-1)", "elu(x, a=2)", "1/0*x", "x/(1 - 1)", "x and 1", "tanh(x, 2)", "2**100*x", "x**2**100", "1e999*x",
           "x if x else 2", "tanh(x > 0)", "(x > 0) + 1", "x % 2", "x // 2", "x @ x", "(tanh)(x)(2)", "clip(x, 1)", "where(x > 0, 1)",
           "tanh(*x)", "x*__a", "relu6(x", "x*hard_sigmod(x)", "x*tanh + 1", "lambda x: x", "(" * 70 + "x" + ")" * 70, "1 + 2",
           "leaky_relu(x, slope=0.1, slope=0.2)"]  # fmt: skip


@pytest.mark.parametrize("text", REFUSED)
def test_the_page_refuses_a_formula_in_the_same_words_as_python(page: Any, text: str) -> None:
    script = (
        "(t) => { try { NL.formula.compile(t); return null; } catch (error) { return [error.message, error.position]; } }"
    )
    got = page.evaluate(script, text)
    with pytest.raises(NonlinError) as caught:
        resolve(text)
    assert got is not None
    assert got[0] == str(caught.value).splitlines()[0]
    assert got[1] == getattr(caught.value, "column", 0)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "the formula is empty; write for example 'x*tanh(exp(x))'"),
        ("2x", "invalid decimal literal; write 2*x for a product"),
        ("x x", "invalid syntax; is a * missing here?"),
        ("mihs", "unknown function 'mihs'. Did you mean 'mish'? A formula in x works too"),
        ("softmax(x)", "softmax is rowwise; a formula in the page can call elementwise functions only"),
        ("x ? 1 : 2", "invalid character '?'"),
        ("x" * 4001, "the formula has 4001 characters; at most 4000 are allowed"),
    ],
)
def test_what_only_the_page_says_is_a_sentence_too(page: Any, text: str, told: str) -> None:
    got = page.evaluate("(t) => { try { NL.formula.compile(t); return ''; } catch (error) { return error.message; } }", text)
    assert told in got


def test_near_matches_are_those_of_python(page: Any) -> None:
    rng, options = random.Random(3), sorted(set(names()))
    tried = []
    for name in rng.sample(options, 60):
        cut = rng.randrange(len(name))
        tried += [name[:cut] + name[cut + 1 :], name[:cut] + rng.choice("aeioxz") + name[cut:]]
    got = page.evaluate("([tried, options]) => tried.map((t) => NL.parse.near(t, options))", [tried, options])
    assert got == [near(t, options) for t in tried]


@pytest.mark.parametrize("name", ["gelu", "LeakyReLU(slope=0.3)", "Leaky-ReLU", "hard swish", "elu(alpha=0.5)"])
def test_a_name_alone_is_its_function(page: Any, name: str) -> None:
    root = resolve(name).closed()
    got = page.evaluate("(t) => { const f = NL.formula.compile(t); return [-1.5, 0.75].map((x) => f.value(x)); }", name)
    assert got == pytest.approx([float(evaluate(root, {"x": x})) for x in (-1.5, 0.75)], rel=1e-14)


def test_free_names_are_parameters(page: Any) -> None:
    got = page.evaluate("""() => {
        const f = NL.formula.compile("a*x + b*sin(x)");
        return [f.parameters, f.value(2), f.value(2, [3, 0]), f.first(2, [3, 10]), f.second(2, [0, 1])];
    }""")
    assert [p["name"] for p in got[0]] == ["a", "b"] and got[0][0]["default"] == 1
    assert got[1:] == pytest.approx([2 + math.sin(2), 6, 3 + 10 * math.cos(2), -math.sin(2)], rel=1e-15)


MOMENTS = {
    "relu": (0.5, 0.5),
    "gelu": (1 / 3 + 1 / (2 * math.pi * 3**0.5), 1 / 3 + 2 / (3 * 3**0.5 * math.pi)),
    "erf(x)": (2 / math.pi * math.asin(2 / 3), 4 / math.pi / 5**0.5),
    "leaky_relu(slope=0.1)": (0.505, 0.505),
    "sin(x)": ((1 - math.exp(-2)) / 2, (1 + math.exp(-2)) / 2),
    "where(x > 1, x, 0)": (math.erfc(0.5**0.5) / 2 + math.exp(-0.5) / (2 * math.pi) ** 0.5, math.erfc(0.5**0.5) / 2),
}


@pytest.mark.parametrize("text", MOMENTS)
def test_gaussian_moments_are_those_of_the_closed_forms(page: Any, text: str) -> None:
    got = page.evaluate(
        "(t) => { const f = NL.formula.compile(t), m = NL.measure.moments(f); return [m.square, m.slopeSquare]; }", text
    )
    assert got == pytest.approx(MOMENTS[text], abs=1e-11)


def facts(page: Any, text: str) -> dict[str, str]:
    return dict(page.evaluate("(t) => NL.formula.compile(t).facts", text))


def test_facts_of_a_typed_formula(page: Any) -> None:
    told = facts(page, "max(x, 0)*sigmoid(x)")
    assert told["range"] == "0 to 50, computed on [−50, 50]"
    assert told["at −∞ and ∞"].startswith("0 and ∞")
    assert told["dead zone"] == "f′ = 0 on (−∞, 0]"
    assert told["kinks"] == "at x = 0"
    assert told["zeros"] == "all of (−∞, 0]"
    assert told["monotone"] == "yes, rising"
    told = facts(page, "x*exp(-x**2/2)")
    assert told["symmetry"].startswith("odd")
    assert told["monotone"].startswith("no")
    assert told["range"].startswith("−0.606531 to 0.606531")  # exp(-1/2)
    assert told["at −∞ and ∞"].startswith("0 and 0")
    assert told["zeros"] == "0" and told["dead zone"] == "none"  # that it underflows far out makes no zone
    told = facts(page, "cos(3*x) + abs(x - 1)")
    assert told["kinks"] == "at x = 1" and told["symmetry"].startswith("neither")
    told = facts(page, "1/(1 + exp(-x))")
    assert told["at −∞ and ∞"].startswith("0 and 1")
    assert told["f(0), f′(0)"] == "0.5, 0.25" and told["zeros"] == "none"
    assert facts(page, "exp(x**2)")["E f, E f²"].startswith("undefined")
    assert facts(page, "exp(x**2)")["gain"].startswith("forward none: the moment does not exist")
    assert "not a number" in facts(page, "log(x)")


def test_formulas_are_drawn_as_mathml(page: Any) -> None:
    made = page.evaluate("""() => {
        const wrong = [];
        for (const name of Object.keys(NL.rules.catalogue)) {
            for (const text of [NL.formula.mathml(name + "(x)"), NL.formula.derivativeMathml(name + "(x)")]) {
                const read = new DOMParser().parseFromString(text, "application/xml");
                if (read.querySelector("parsererror") || read.documentElement.localName !== "math") wrong.push(name);
            }
        }
        document.getElementById("here").innerHTML = NL.formula.mathml("x/(1 + exp(-x**2)) + sqrt(beta)");
        const box = document.querySelector("math").getBoundingClientRect();
        return [wrong, box.height, document.querySelector("math").textContent];
    }""")
    assert made[0] == []
    assert made[1] > 25  # a fraction is taller than a line
    assert "β" in made[2] and document_has(page, "mfrac") and document_has(page, "msqrt")


def document_has(page: Any, tag: str) -> bool:
    return bool(page.locator(f"math {tag}").count())


def test_mathml_is_that_of_python(page: Any) -> None:
    rng = random.Random(8)
    typed = [
        to_text(d.textbook)
        for d in definitions().values()
        if d.kind == "elementwise" and set(d.inputs) == {"x"} and not d.random
    ]
    typed += [f"x + {some_formula(rng, 3)}" for _ in range(80)]
    read = """(texts) => texts.map((t) => {
        try { return [NL.formula.mathml(t), NL.formula.derivativeText(t), NL.formula.derivativeMathml(t)]; } catch { return null; }
    })"""
    compared = 0
    for text, got in zip(typed, page.evaluate(read, typed), strict=True):
        if got is None:
            continue
        with_parameters = parse(text, macros=_macros(), textbook=True)
        assert got[0] == mathml(with_parameters, display=True), text
        slope = derivative(stabilise(with_parameters))
        if got[1] == to_text(slope):
            compared += 1
            assert got[2] == mathml(slope, display=True), text
    assert compared > 150


def test_a_hostile_name_is_text_in_mathml(page: Any) -> None:
    with_sign = page.evaluate("() => NL.mathml(NL.tree.variable('<img src=x onerror=alert(1)>'))")
    assert "<img" not in with_sign and "&lt;img" in with_sign


def test_a_formula_is_compiled_while_a_person_types(page: Any) -> None:
    took = page.evaluate(
        "() => { const t = performance.now(); NL.formula.compile('x*tanh(softplus(x)) + 0.37*gelu(x)'); return performance.now() - t; }"
    )
    assert took < 250


def test_a_short_text_that_means_millions_of_parts_is_not_written_out(page: Any) -> None:
    made = page.evaluate("""() => {
        const f = NL.formula.compile("gelu(".repeat(20) + "x" + ")".repeat(20));
        return [f.stableText, f.mathml, f.value(40), f.first(40)];
    }""")
    assert made[0] == "too long to be written out" and "too long to be written out" in made[1]
    assert made[2:] == [40, 1]


def test_the_files_are_small(tmp_path: Path) -> None:
    assert Path(scripted.written(tmp_path).removeprefix("file://")).stat().st_size < 220_000
