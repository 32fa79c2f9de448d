"""Links within the pages lead to files and headings that exist, and the Chinese pages keep step with the English ones."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
BUILT = ("functions/", "api/")
"""Folders that exist only where the site is built; ``make docs`` itself fails on a link into them that leads nowhere."""
PAIRS = (("README.md", "README.zh.md"), ("docs/quickstart.md", "docs/quickstart.zh.md"))
OWN_LANGUAGE = re.compile(r"README(\.zh)?\.md|quickstart(\.zh)?\.md")
"""Links that differ between languages: each page leads to its own, and to the other of its pair."""


def without_code(text: str) -> str:
    return re.sub(r"`[^`\n]+`", "C", re.sub(r"^( *)```.*?^\1```$", "", text, flags=re.MULTILINE | re.DOTALL))


def links(text: str) -> list[str]:
    """The targets of a page's links and pictures, in order, code left out."""
    return re.findall(r"\]\(([^)\s]+)\)", re.sub(r"^( *)```.*?^\1```$", "", text, flags=re.MULTILINE | re.DOTALL))


def slug(heading: str) -> str:
    """The anchor that GitHub, and MyST after it, give a heading."""
    plain = re.sub(r"\[([^\]]+)\]\([^)]+\)", r"\1", heading).strip().lower()
    return re.sub(r"[^\w\- ]", "", plain.replace("`", "")).replace(" ", "-")


def anchors(path: Path) -> set[str]:
    text = re.sub(r"^( *)```.*?^\1```$", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    found: set[str] = set()
    for heading in re.findall(r"^#{1,6} (.+)$", text, re.MULTILINE):
        base = slug(heading)
        n = 0
        while (f"{base}-{n}" if n else base) in found:
            n += 1
        found.add(f"{base}-{n}" if n else base)
    return (
        found | set(re.findall(r'\b(?:id|name)="([^"]+)"', text)) | set(re.findall(r"^\(([\w-]+)\)=$", text, re.MULTILINE))
    )


def broken(page: Path) -> list[str]:
    """The links of a page that lead nowhere."""
    wrong = []
    for target in links(page.read_text(encoding="utf-8")):
        if "://" in target or target.startswith("mailto:"):
            continue
        name, _, anchor = target.partition("#")
        path = page.parent / name if name else page
        if name.startswith(BUILT):
            continue
        if not path.exists() or (anchor and path.suffix == ".md" and anchor not in anchors(path)):
            wrong.append(target)
    return wrong


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_links_lead_to_files_and_headings(page: Path) -> None:
    assert not broken(page)


def test_a_broken_link_is_found(tmp_path: Path) -> None:
    (tmp_path / "other.md").write_text("# Title\n\n## A `b`, and c\n\n## Twice\n\n## Twice\n")
    page = tmp_path / "page.md"
    page.write_text(
        "[x](other.md#a-b-and-c) [x](other.md#twice-1) [x](gone.md) [x](other.md#d) [x](#none)\n\n```\n[x](code.md)\n```\n"
    )
    assert broken(page) == ["gone.md", "other.md#d", "#none"]


def code_of(text: str) -> list[str]:
    """What a page shows as code, in order: blocks, with Python's remarks left out, indented lines, and code spans of commands."""
    found: list[tuple[int, str]] = []
    for block in re.finditer(r"^( *)```([\w-]*)[^\n]*\n(.*?)^\1```$", text, re.MULTILINE | re.DOTALL):
        body = block[3]
        if block[2] == "python":
            body = re.sub(r"[ \t]*# .*$", "", body, flags=re.MULTILINE) if not body.startswith("# my") else body
        found.append((block.start(), body.strip()))
    blank = re.sub(r"^( *)```.*?^\1```$", lambda m: " " * len(m[0]), text, flags=re.MULTILINE | re.DOTALL)
    found += [(m.start(), m[0].strip()) for m in re.finditer(r"^ {4}\S.*$", blank, re.MULTILINE)]
    found += [(m.start(), m[1]) for m in re.finditer(r"`([^`\n]+)`", blank)]
    return [body for _, body in sorted(found, key=lambda row: row[0])]


def places(text: str) -> list[str]:
    """Where a page links to, in order, without the pages of a language."""
    return [target for target in links(text) if not OWN_LANGUAGE.fullmatch(target.rpartition("/")[2])]


@pytest.mark.parametrize(("english", "chinese"), PAIRS)
def test_the_languages_keep_step(english: str, chinese: str) -> None:
    ours, theirs = ((ROOT / name).read_text(encoding="utf-8") for name in (english, chinese))
    assert sorted(code_of(theirs)) == sorted(code_of(ours))  # sentences may order their words otherwise
    commands = [[c for c in code_of(text) if re.match(r"(\$ )?(nonlin|pip|python3?) ", c)] for text in (ours, theirs)]
    assert commands[0] == commands[1]
    assert places(theirs) == places(ours)
    assert [len(h) for h in re.findall(r"^(#+) ", theirs, re.MULTILINE)] == [
        len(h) for h in re.findall(r"^(#+) ", ours, re.MULTILINE)
    ]
    assert theirs.count("\n| ") == ours.count("\n| ")


def test_a_page_out_of_step_is_found() -> None:
    assert code_of("`nonlin list`\n\n```python\nx = 1  # one\n```\n") == ["nonlin list", "x = 1"]
    assert code_of("`nonlin list`") != code_of("`nonlin show`")
    assert places("[a](docs/lint.md) [b](README.zh.md)") == ["docs/lint.md"]


@pytest.mark.parametrize("page", sorted([*ROOT.glob("*.zh.md"), *(ROOT / "docs").glob("*.zh.md")]), ids=lambda p: p.name)
def test_chinese_is_set_as_chinese(page: Path) -> None:
    """No half-width marks or doubled spaces between Chinese characters, and simplified forms throughout."""
    text = without_code(page.read_text(encoding="utf-8"))
    han = r"[\u4e00-\u9fff]"
    assert not re.findall(rf"{han}[,;:?!]\s?{han}", text)
    assert not re.findall(rf"{han}  +{han}", text)
    assert not re.findall("[網絡數爲為這個們與學習層輸類點對導圖應實現會]", text)
