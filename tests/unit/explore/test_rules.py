"""The tables the page reads formulas with say what Python's own say."""

from __future__ import annotations

import json
import math

import pytest

from nonlin.catalogue import definitions, resolve
from nonlin.explore import rules
from nonlin.expr import PRIMITIVES, call, parse, var
from nonlin.expr.rules import RULES

A = ("a", "b", "c")
NAMES = [*A, "da", "db", "dc", "y"]


@pytest.mark.parametrize("op", [op for op in rules.tangents() if op != "where"])
def test_a_derivative_rule_reads_back_as_the_rule_of_the_table(op: str) -> None:
    row = PRIMITIVES[op]
    arguments, directions = (tuple(map(var, names[: row.arity])) for names in (A, ("da", "db", "dc")))
    assert row.tangent is not None
    assert parse(rules.tangents()[op], NAMES, textbook=True) is row.tangent(arguments, directions, var("y"))


def test_every_elementwise_primitive_has_a_rule_and_a_way_to_be_computed() -> None:
    spelled = rules.spellings()
    for op, row in PRIMITIVES.items():
        if row.rowwise or op == "join" or op == "pi":
            continue
        assert row.tangent is None or op in rules.tangents(), op
        assert f"{op}: (" in spelled or op in rules.lowerings(), op


@pytest.mark.parametrize("op", list(rules.lowerings()))
def test_a_lowering_reads_back_as_that_of_the_table(op: str) -> None:
    lower = PRIMITIVES[op].lower
    assert lower is not None
    assert parse(rules.lowerings()[op], ["a"], textbook=True) is lower(var("a"))


def test_odd_even_and_known_values_are_those_the_nodes_simplify_by() -> None:
    x = var("x")
    for op, way in rules.parity().items():
        mirrored = call(op, -x)
        assert mirrored is (call(op, x) if way == "even" else -call(op, x)), op
    assert rules.parity()["tanh"] == "odd" and "exp" not in rules.parity()
    assert rules.known_values()["exp"] == {"0": "1"}


def test_catalogue_formulas_read_back_as_their_definitions() -> None:
    exported = rules.catalogue()
    for name, (text, params, _) in exported.items():
        made = definitions()[name]
        assert parse(text, ["x", *params], textbook=True) is made.resting, name
        for p, row in params.items():
            default, low, high, range_ = [row, None, None, None] if isinstance(row, str) else row
            assert made.params[p].low == (-math.inf if low is None else low), (name, p)
            assert made.params[p].high == (math.inf if high is None else high), (name, p)
            assert range_ is None or rules.ranges()[range_] == made.params[p].range_text(), (name, p)
            assert float(parse(default, [], textbook=True).payload) == made.defaults[p], (name, p)
    missing = {d.name for d in definitions().values()} - set(exported) - set(rules.refused())
    assert missing == set()


def test_only_rules_about_rows_are_left_out() -> None:
    kept = {written for written, _ in rules.rewriting(RULES)}
    assert all("row_" in written for written, stable, _ in RULES if written not in kept)
    assert len(kept) > 60


def test_the_script_can_stand_in_a_page() -> None:
    text = rules.script()
    assert "</" not in text
    assert "$erfc" in text  # the error function, which Math lacks
    assert json.loads(json.dumps(rules.tables())) == json.loads(json.dumps(rules.tables()))


def test_scripts_and_tables_stay_small() -> None:
    assert sum(len(text.encode()) for text in rules.scripts()) < 165_000


def test_initialisations_that_depend_on_the_function_are_left_to_the_page() -> None:
    made = rules.initialisations()
    assert made["he"]["sigma_w"] == pytest.approx(2**0.5)
    assert made["edge"]["sigma_w"] is None and made["gain"]["sigma_w"] is None
    assert "torch" not in made  # it brings biases of its own


def test_scripts_hold_no_way_to_run_text() -> None:
    for text in rules.scripts():
        assert "eval(" not in text and "new Function" not in text


def test_a_function_the_page_refuses_is_one_of_another_kind() -> None:
    assert rules.refused()["softmax"] == resolve("softmax").kind != "elementwise"
