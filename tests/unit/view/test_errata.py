"""The errata page: what it says is computed when it is made, and its commands print it."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from shell import invoke

from nonlin.view.errata import CLAIMS, answers, errata_page

PAGE = Path(__file__).parents[3] / "docs" / "errata.md"
MADE = answers()


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == errata_page(), "run make docs"


@pytest.mark.parametrize("answer", MADE, ids=[a.claim[:40] for a in MADE])
def test_the_command_shows_what_the_page_says(answer: object) -> None:
    words = shlex.split(answer.command)  # type: ignore[attr-defined]
    if words[0] == "python":
        out = subprocess.run([sys.executable, *words[1:]], capture_output=True, text=True, check=True).stdout
    else:
        told = invoke(*words[1:])
        assert told.code == 0, told.err
        out = told.out
    flat = re.sub(r"\s+", "", out)
    for quote in answer.quotes:  # type: ignore[attr-defined]
        assert re.sub(r"\s+", "", quote) in flat, quote


def test_every_answer_quotes_something_computed() -> None:
    lacking = [a.claim for a in MADE if not a.quotes and "E. g." not in a.truth]
    assert lacking in ([], [MADE[-1].claim], [MADE[-2].claim, MADE[-1].claim])  # those about a paper or fixed constants
    assert len(CLAIMS) >= 20


def test_the_four_best_known_errors_are_there() -> None:
    text = errata_page()
    for part in ("may be negative", r"[-1, 1]", "2 sigmoid(x) - 1", "derivative of softmax"):
        assert part in text
