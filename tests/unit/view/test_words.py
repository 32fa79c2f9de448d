from __future__ import annotations

from typing import Any

import pytest

from nonlin.view import words


@pytest.mark.parametrize(
    ("value", "sign", "text"),
    [(1.0, False, "1.00"), (-0.001, False, "0.00"), (-0.001, True, "-0.00"), (0.0, True, "0.00"), (0.5, True, "+0.50"),
     (-1.0, False, "-1.00"), (None, True, "–")],
)  # fmt: skip
def test_numbers_keep_a_sign_only_where_it_says_something(value: float | None, sign: bool, text: str) -> None:
    assert words.number(value, sign=sign) == text


def test_intervals_shares_and_times() -> None:
    assert words.interval(-0.001, 0.02, sign=True) == "-0.10 to +2.00"
    assert words.interval(None, 0.02) == "–"
    assert [words.share(v) for v in (0.0, 0.0001, 0.074, 1.0, None)] == ["0.0 %", "<0.1 %", "7.4 %", "100.0 %", "–"]
    assert words.dead({"diverged": 3, "n": 10, "dead_share": 0.5}) == "50.0 %"
    assert words.dead({"diverged": 10, "n": 10, "dead_share": 0.0}) == "–"
    assert [words.milliseconds(v) for v in (0.0061, 0.0123, 1.5, None)] == ["6.10", "12.3", "1500", "–"]


def test_rank_shows_its_interval_only_where_it_is_uncertain() -> None:
    assert words.rank({"rank": 2, "rank_low": 1, "rank_high": 4}) == "2 (1–4)"
    assert words.rank({"rank": 9, "rank_low": 9, "rank_high": 9}) == "9"


def test_network_in_words(study: dict[str, Any]) -> None:
    plan = study["study"]
    assert words.network(plan, 2) == "network 64-64-32-10"
    assert words.section(plan, 5) == "5 hidden layers: network 64-64-32×4-10"
    assert words.section(plan, 1) == "1 hidden layer: network 64-64-10"
    assert words.network({**plan, "classes": None}, 2) == "network with hidden layers 64-32"
    assert words.network({**plan, "recipe": {**plan["recipe"], "net": "cnn"}}, 2) == "convolutional network, channels 64-32"
    assert words.section({**plan, "factory": "mine:make"}, 0) == "own model mine:make"


def test_how_to_read_explains_exactly_the_verdicts_that_occur(study: dict[str, Any]) -> None:
    facts = dict(words.how_to_read(study))
    assert {"better", "worse"} <= set(facts)
    assert not {"undecided", "the same", "diverges"} & set(facts)
    assert "Holm over 2 comparisons" in facts["test"]
    study["rows"][0]["verdict"] = "the same"
    assert "less than 1 point," in dict(words.how_to_read(study))["the same"]


def test_pretty_formulas() -> None:
    assert words.pretty("sqrt(2/pi)*(x + 0.044715*x**3) - 1e-05*sigmoid(-x)") == "√(2/π)·(x + 0.044715·x³) − 1e-05·σ(−x)"
    assert words.pretty("x**2.5") == "x^2.5"
