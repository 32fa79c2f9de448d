"""The table of all functions: how each enters, under which names it is found, and what is said when it is not."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nonlin
from nonlin.catalogue import EVIDENCE, REFERENCES, bearers, define, definitions, forget, lookup, names, param, resolve
from nonlin.catalogue.definition import make
from nonlin.errors import FormulaError, ParameterError, UnknownNameError
from nonlin.expr import to_text

ALL = definitions()


@pytest.fixture
def clean() -> Iterator[None]:
    before = set(definitions())
    yield
    for name in set(definitions()) - before:
        forget(name)


@pytest.mark.parametrize("name", ALL)
def test_every_name_title_and_alias_finds_its_function(name: str) -> None:
    made = ALL[name]
    for spelling in (name, made.title, *made.aliases):
        for way in (spelling, spelling.upper(), spelling.replace("_", "-"), spelling.replace("_", ""), f" {spelling} "):
            assert resolve(way) is made
        if spelling.isidentifier():
            assert getattr(nonlin, spelling).definition is made
    assert name in set(names())


@pytest.mark.parametrize("name", ALL)
def test_every_definition_says_what_it_is(name: str) -> None:
    made = ALL[name]
    assert made.summary.endswith(".")
    assert 13 <= len(made.summary) <= 200
    assert made.family != "user"
    assert made.title.isidentifier()
    assert made.title[0].isupper() or made.title == "xIELU"  # as its paper writes it
    assert made.cite in REFERENCES
    assert made.evidence in EVIDENCE


def test_every_reference_is_used_and_no_title_is_taken_twice() -> None:
    assert {d.cite for d in ALL.values()} == set(REFERENCES)
    for row in REFERENCES.values():
        assert any(str(year) in row for year in range(1940, 2030))
    titles = [d.title for d in ALL.values()]
    assert len(titles) == len(set(titles))


@pytest.mark.parametrize("name", ALL)
def test_the_text_of_a_formula_is_the_function(name: str) -> None:
    made = ALL[name]
    again = make(
        "again", made.formula, params=made.params, inputs=made.inputs, groups=made.groups, rest=made.rest, family="formula"
    )
    assert again.textbook is made.textbook
    if made.kind == "elementwise":
        assert np.array_equal(nonlin.get(again)(np.linspace(-4, 4, 9)), nonlin.get(made)(np.linspace(-4, 4, 9)))
    assert again.family == "formula"


def test_bound_calls() -> None:
    assert resolve("leaky_relu(slope=0.3)").name == "leaky_relu(slope=0.3)"
    assert resolve("LeakyReLU( slope = 3/10 )").defaults == {"slope": 0.3}
    assert resolve("hard_tanh(low=-2, high=2)").name == "hard_tanh(low=-2, high=2)"
    assert resolve("hard_tanh(high=2)", low=-3).defaults == {"low": -3.0, "high": 2.0}
    assert resolve("relu()") is ALL["relu"]
    assert resolve(ALL["relu"]) is ALL["relu"]
    assert resolve(ALL["leaky_relu"], slope=0.5).name == "leaky_relu(slope=0.5)"
    for text, error, message in (
        ("leaky_relu(slope=x)", (ParameterError, FormulaError), "slope must be a plain number|unknown name 'x'"),
        ("leaky_relu(slop=1)", ParameterError, "Did you mean 'slope'"),
        ("softplus(beta=0)", ParameterError, "softplus: beta=0.0 is out of range; allowed is at least 1e-06"),
        ("leaky_relu(slope=1, slope=2)", (ParameterError, FormulaError), "twice|repeated"),
        ("leaky_relu(**x)", (ParameterError, FormulaError), "leaky_relu|cannot be read"),
        ("leaky_relu(slope=__import__('os'))", FormulaError, "unknown function '__import__'"),
        ("nosuch(slope=1)", FormulaError, "unknown function 'nosuch'"),
    ):
        with pytest.raises(error, match=message):
            resolve(text)


def test_formulas() -> None:
    made = resolve("x*tanh(exp(x))")
    assert (made.name, made.kind, made.family) == ("x*tanh(exp(x))", "elementwise", "formula")
    assert resolve("x").textbook is ALL["identity"].textbook
    assert resolve("k*x", k=2).closed() is resolve("2*x").closed()
    assert resolve("x*leaky_relu(x, slope=0.2)").closed() is resolve("x*where(x > 0, x, 0.2*x)").closed()
    assert to_text(resolve("silu(x) + LeakyReLU(x)").expr) == to_text(resolve("x*sigmoid(x) + leaky_relu(x)").expr)
    assert resolve("k*x", k=2).bind(k=3).defaults == {"k": 3.0}


@pytest.mark.parametrize(
    ("spec", "error", "message"),
    [
        ("gelo", UnknownNameError, "unknown function 'gelo'. Did you mean 'gelu'?"),
        ("Misch", UnknownNameError, "Did you mean 'mish'"),
        ("zzzzzz", UnknownNameError, "unknown function 'zzzzzz'. `nonlin list` shows all; a formula in x works too"),
        ("", (UnknownNameError, FormulaError), "unknown function ''|empty"),
        ("x*gelo(x)", FormulaError, "unknown function 'gelo'. Did you mean 'gelu'"),
        ("k*x", FormulaError, r"unknown name 'k' in the formula; the variable is x. give it a value \(k=1.0\)"),
        ("3", FormulaError, "does not contain x"),
        ("x*leaky_relu(x, slop=1)", FormulaError, "leaky_relu: no parameter 'slop'; its parameters are slope"),
        ("celu(x, alpha=-1)", FormulaError, "alpha=.*-1.* is out of range"),
        ("relu(x, x)", FormulaError, "relu: takes 1 argument, not 2"),
        ("relu", None, ""),
        (3, ParameterError, "a function is given by its name or a formula, not by int"),
        (None, ParameterError, "not by NoneType"),
    ],
)
def test_unknown_and_malformed(spec: Any, error: Any, message: str) -> None:
    if error is None:
        assert resolve(spec)
        return
    with pytest.raises(error, match=message.replace("?", r"\?")):
        resolve(spec)


def test_unused_parameters_of_a_formula_are_refused() -> None:
    with pytest.raises(ParameterError, match=r"has no parameter 'j'"):
        resolve("k*x", k=1.0, j=2.0)


def test_define_and_forget(clean: None) -> None:
    made = define("my_bend", "x*k", k=param(2.0, low=0), aliases=["bend_of_mine"], summary="Mine.")
    assert made.family == "user"
    assert lookup("MyBend") is lookup("bend-of-mine") is made
    assert nonlin.get("my_bend")(3.0) == 6.0
    assert nonlin.my_bend(3.0) == 6.0  # type: ignore[attr-defined]
    assert resolve("2*my_bend(x)").closed() is resolve("4*x").closed()
    assert define("my_bend", "x*k", k=param(2.0, low=0)) is made  # the same again: a module imported twice
    changed = define("my_bend", "x*k*k", k=3.0)
    assert lookup("my_bend") is changed
    forget("my_bend")
    assert lookup("my_bend") is None
    assert lookup("bend_of_mine") is None


def test_redefining_drops_the_old_aliases(clean: None) -> None:
    define("my_bend", "2*x", aliases=["old_alias"])
    define("my_bend", "3*x", aliases=["new_alias"])
    assert lookup("old_alias") is None
    assert lookup("new_alias") is not None


@pytest.mark.parametrize(
    ("name", "columns", "message"),
    [
        ("relu", {}, r"relu is already in the catalogue \(max\(x, 0\)\); choose another name"),
        ("my_relu", {"aliases": ["ReLU"]}, "my_relu: the name 'ReLU' already means relu; choose another"),
        ("my_relu", {"title": "GELU"}, "my_relu: the name 'GELU' already means gelu; choose another"),
        ("re_lu", {}, "re_lu: the name 're_lu' already means relu"),
        ("swish", {}, "swish: the name 'swish' already means silu"),
    ],
)
def test_taken_names_are_refused(name: str, columns: dict[str, Any], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        define(name, "3*x", **columns)
    assert lookup(name) is None or lookup(name) in ALL.values()


def test_the_catalogues_own_cannot_be_removed() -> None:
    with pytest.raises(ParameterError, match=r"relu belongs to the catalogue and cannot be removed"):
        forget("relu")
    with pytest.raises(UnknownNameError, match=r"unknown function 'relo'. Did you mean 'relu'"):
        forget("relo")


def test_attributes_of_the_package() -> None:
    with pytest.raises(AttributeError, match=r"module 'nonlin' has no attribute 'comparr'. Did you mean 'compare'\?"):
        _ = nonlin.comparr  # type: ignore[attr-defined]
    assert {"mish", "get", "define"} <= set(dir(nonlin))


def install(folder: Path, name: str, body: str, entry: str) -> None:
    """Lay out an installed package: the module, and the metadata an installer writes."""
    (folder / f"{name}.py").write_text(body)
    info = folder / f"{name}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[nonlin.functions]\n{name} = {entry}\n")


def run(folder: Path, code: str) -> subprocess.CompletedProcess[str]:
    start = f"import sys; sys.path.insert(0, {str(folder)!r})\n"
    return subprocess.run([sys.executable, "-c", start + code], capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("body", "entry"),
    [
        ("from nonlin import define\ndefine('toy_bend', 'x*exp(-x)', summary='A toy.')\n", "toy"),
        ("def add():\n    from nonlin import define\n    define('toy_bend', 'x*exp(-x)')\n", "toy:add"),
    ],
)
def test_an_installed_package_brings_functions(tmp_path: Path, body: str, entry: str) -> None:
    install(tmp_path, "toy", body, entry)
    done = run(tmp_path, "import nonlin\nprint(nonlin.get('toy_bend')(1.0), 'toy_bend' in nonlin.definitions())")
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["0.36787944117144233", "True"]


@pytest.mark.parametrize("body", ["raise RuntimeError('on purpose')", "from nonlin import define\ndefine('relu', '3*x')"])
def test_a_broken_plugin_warns_and_nothing_else_is_lost(tmp_path: Path, body: str) -> None:
    install(tmp_path, "broken", body, "broken")
    done = run(tmp_path, "import nonlin\nprint(nonlin.get('relu')(2.0))")
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "2.0"
    assert "the nonlin plugin 'broken' could not be loaded" in done.stderr


def test_a_name_that_several_functions_bear_explains_itself(clean: None) -> None:
    define("bump_one", "exp(-x*x)", shared=("bump_two_names",))
    assert [made.name for made in bearers("BumpTwoNames")] == ["bump_one"]
    define("bump_other", "1/(1 + x*x)", shared=("bump_two_names",))
    for spelling in ("bump_two_names", "BumpTwoNames", "bump_two_names(k=2)"):
        with pytest.raises(
            UnknownNameError,
            match=r"the name of 2 different functions. Say which one: bump_one: exp\(-x\*\*2\); bump_other: 1/\(",
        ):
            resolve(spelling)
    with pytest.raises(ParameterError, match=r"several functions share the name 'bump_two_names'; choose another"):
        define("bump_two_names", "exp(-abs(x))")
    with pytest.raises(ParameterError, match=r"the name 'relu' already means relu alone"):
        define("bump_three", "exp(-abs(x))", shared=("relu",))
    with pytest.raises(AttributeError):
        _ = nonlin.bump_two_names  # type: ignore[attr-defined]


def test_every_shared_name_of_the_catalogue_has_at_least_two_bearers() -> None:
    shared = {name for made in ALL.values() for name in made.shared}
    assert {name for name in shared if len(bearers(name)) < 2} == set()
