"""The pages of the catalogue: what stands on the index and on the page of a function, and that Markdown shows it as it is."""

from __future__ import annotations

import math
import re

import pytest
from markdown_it import MarkdownIt

from nonlin.catalogue import EVIDENCE, Definition, definitions
from nonlin.expr import derivative, parse, to_text
from nonlin.facts.table import FACTS, facts
from nonlin.view import kin, pages

KINDS_SHOWN = ("gelu", "leaky_relu", "prelu", "softmax", "swiglu", "rrelu", "crelu", "maxout", "cardioid", "sign", "elu")
MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable("table")


@pytest.fixture(scope="module")
def made() -> dict[str, str]:
    return {name: pages.function_page(definitions()[name]) for name in KINDS_SHOWN}


def text_of(html: str) -> str:
    """What a reader sees of HTML."""
    plain = re.sub(r"<[^>]+>", "", html)
    return plain.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", '"').replace("&amp;", "&")


@pytest.mark.parametrize("name", KINDS_SHOWN)
def test_a_page_says_what_the_definition_says(name: str, made: dict[str, str]) -> None:
    page, d = made[name], definitions()[name]
    assert page.startswith(f"# {name}\n")
    html = MARKDOWN.render(page)
    seen = text_of(html)
    assert d.summary in seen
    assert d.formula in seen
    assert f"nonlin.nn.{d.title}" in seen
    assert EVIDENCE[d.evidence] in seen
    for word in (*d.aliases, *d.shared, *d.params):
        assert word in seen
    assert "<math" in page
    assert "<svg" in page
    for f in facts(d):
        assert f"<td>{FACTS[f.name].title}</td>" in html
        assert f.text in seen, f"{name}: {f.name}"
        assert f.how in seen


def test_derivatives_are_those_of_the_formula(made: dict[str, str]) -> None:
    import mpmath

    page = made["gelu"]
    first, second = re.findall(r"```text\n(.*?)\n```", page.partition("## Derivatives")[2], re.DOTALL)[:2]
    from nonlin.expr.exact import evaluate

    for x in (-1.5, 0.25, 3.0):
        for order, text in ((1, first), (2, second)):
            ours = float(evaluate(parse(text), {"x": x}, 30))
            theirs = mpmath.diff(lambda v: v * mpmath.ncdf(v), x, order)  # of the textbook's formula, by differences
            assert math.isclose(ours, float(theirs), rel_tol=1e-9, abs_tol=1e-12)
    assert "## Derivatives" not in made["softmax"]


def test_defaults_of_other_libraries_stand_beside_ours(made: dict[str, str]) -> None:
    seen = text_of(MARKDOWN.render(made["leaky_relu"]))
    assert re.search(r"keras\.layers\.LeakyReLU\s+negative_slope = 0\.3 → slope \(here 0\.01\)", seen)
    assert re.search(r"torch\.nn\.functional\.leaky_relu_\s+negative_slope = 0\.01 → slope\s", seen)


def test_a_graph_has_a_key_of_its_lines(made: dict[str, str]) -> None:
    caption = re.findall(r"<figcaption>(.*?)</figcaption>", made["softmax"])[0]
    assert all(name in caption for name in pages.ORDERS)
    assert "row (x, 0, 1)" in caption


def test_html_stands_on_one_line(made: dict[str, str]) -> None:
    for page in made.values():
        for block in re.findall(r"<(?:div|figure).*?</(?:div|figure)>", page, re.DOTALL):
            assert "\n" not in block


def test_long_derivatives_and_listings_are_left_to_the_command() -> None:
    long = max((d for d in definitions().values() if d.kind == "elementwise"),
               key=lambda d: len(to_text(derivative(d.at_rest(), "x", 2))))  # fmt: skip
    assert f"`nonlin show {long.name} --as latex --order 2` prints it" in "\n".join(pages._derivatives(long))
    page = "\n".join(line for name in ("gelu", "mish", "prelu", "tanh") for line in pages._code(definitions()[name]))
    assert page.count("<details>") >= 4
    for listing in re.findall(r"```(?:python|javascript)\n(.*?)```", page, re.DOTALL):
        assert len(listing.splitlines()) <= max(most for _, _, most in pages.LISTINGS.values())


@pytest.mark.parametrize(
    "text", ["a|b", "x*y*z", "[0, 1) and (2, 3]", "<b>", "`c`", "a_b_c", "#1", "$x$", "a\\b", "&amp;", "~x~", "{y}"]
)
def test_plain_text_stays_plain(text: str) -> None:
    table = MARKDOWN.render(f"| a |\n|---|\n| {pages.escaped(text)} |\n")
    assert f"<td>{text}</td>" in table.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    assert text_of(MARKDOWN.render(f"x {pages.escaped(text)}")).strip() == f"x {text}"


def test_the_index_lists_every_function_once() -> None:
    every = definitions().values()
    page = pages.index_page(every)
    rows = re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE)
    assert sorted(rows) == sorted(d.name for d in every)
    assert "](functions/" not in page
    linked = pages.index_page(every, linked=True)
    assert re.findall(r"\(functions/(\w+)\.md\)", linked) == rows
    assert {h.lower() for h in re.findall(r"^## (.+)$", page, re.MULTILINE)} == {d.family for d in every}
    assert f"{len(rows)} functions" in page


def test_a_formula_of_a_reader_has_a_page_too() -> None:
    from nonlin.catalogue import resolve

    page = pages.function_page(resolve("x*tanh(exp(x))"))
    assert "x*tanh(exp(x))" in page
    assert "## Facts" in page


def test_relatives_of_shape_are_near_by_another_reckoning() -> None:
    import mpmath

    def gelu(v: float) -> float:
        return v * mpmath.ncdf(v)

    def silu(v: float) -> float:
        return v / (1 + mpmath.exp(-v))

    def mean(f: object) -> float:
        return float(mpmath.quad(lambda v: f(v) * mpmath.npdf(v), [-9, -3, 0, 3, 9]))  # type: ignore[operator]

    covariance = mean(lambda v: gelu(v) * silu(v)) - mean(gelu) * mean(silu)
    spread = math.sqrt((mean(lambda v: gelu(v) ** 2) - mean(gelu) ** 2) * (mean(lambda v: silu(v) ** 2) - mean(silu) ** 2))
    told = dict(kin.alike(definitions()["gelu"], most=200))
    assert abs(told["silu"] - covariance / spread) < 2e-3
    assert list(told.values()) == sorted(told.values(), reverse=True)
    assert "gelu" not in told
    assert "swiglu" not in told
    assert kin.alike(definitions()["softmax"]) == []


def test_functions_of_one_paper_find_each_other() -> None:
    for d in list(definitions().values())[::9]:
        for other in kin.same_reference(d):
            assert d.name in kin.same_reference(definitions()[other])
    assert kin.same_reference(Definition("mine", definitions()["relu"].textbook)) == []
