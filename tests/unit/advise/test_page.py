"""The guide: every rule, problem and claim stands in it, its tables are whole, and the file is what the rules make."""

from __future__ import annotations

import re
from pathlib import Path

from nonlin.advise.literature import cited
from nonlin.advise.page import choosing_page
from nonlin.advise.problems import PROBLEMS
from nonlin.advise.question import ARCHS
from nonlin.advise.rules import RULES
from nonlin.advise.taught import TAUGHT

DOCS = Path(__file__).parents[3] / "docs"


def test_everything_stands_in_it() -> None:
    page = choosing_page()
    assert all(f"**{name}**" in page for name in RULES)
    assert all(f"### {name}\n" in page for name in PROBLEMS)
    assert all(f"| `{name}` |" in page for name in ARCHS)
    rows = [line for line in page.splitlines() if re.match(r"\| .* \| (agrees|narrower|contradicted) \| ", line)]
    assert len(rows) == len(TAUGHT)
    assert all(len(re.findall(r"(?<!\\)\|", row)) == 5 for row in rows), "a bar that is not escaped"
    for name in RULES:
        for key in RULES[name].sources.split():
            assert cited(key).replace("*", "\\*") in page
    assert not re.search(r"\{\w+:", page), "a number that was not filled in"


def test_the_file_is_what_the_rules_make() -> None:
    assert (DOCS / "choose.md").read_text(encoding="utf-8") == choosing_page(), "out of date; run make docs"
