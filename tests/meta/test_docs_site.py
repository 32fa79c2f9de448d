"""The site's build: warnings are errors, undocumented public names fail, and nothing is fetched from elsewhere."""

from __future__ import annotations

import importlib
import os
import re
import subprocess
import sys
import types
from pathlib import Path

import pytest

from docs import autodoc
from docs.site import page_of, write
from nonlin.catalogue import definitions

ROOT = Path(__file__).parents[2]
INDEX = "# Site\n\n```{{toctree}}\n{}\n```\n\n{}\n"


@pytest.mark.parametrize("name", autodoc.public_modules())
def test_every_public_name_is_there_and_something_is_said_about_it(name: str) -> None:
    module = importlib.import_module(name)
    assert autodoc.public_names(module)
    assert not autodoc.undocumented(module)


def test_the_rooms_people_import_from_are_in_the_reference() -> None:
    names = autodoc.public_modules()
    assert {"nonlin", "nonlin.nn", "nonlin.facts", "nonlin.jax", "nonlin.keras", "nonlin.lint", "nonlin.watch"} <= set(names)
    assert "nonlin.cli" not in names
    pages = autodoc.pages()
    for name in names:
        assert f"{name}.md" in pages
        for public in autodoc.public_names(importlib.import_module(name)):
            assert f"## {public}" in pages[f"{name}.md"]


def module(source: str, name: str = "sample") -> types.ModuleType:
    made = types.ModuleType(name)
    made.__file__ = ""
    exec(source, vars(made))
    return made


@pytest.mark.parametrize(
    ("source", "missing"),
    [
        ('"""A module."""\ndef f(): "Do it."\ndef g(): pass', ["sample.g"]),
        ('"""A module."""\n__all__ = ["f"]\ndef f(): "Do it."\ndef g(): pass', []),
        ("def f(): 'Do it.'", ["sample"]),
        ('"""A module."""\nclass A:\n    "A thing."\n    def b(self): pass\n    def _c(self): pass', ["sample.A.b"]),
        ('"""A module."""\nclass A:\n    "A thing."\n    @property\n    def b(self): pass', ["sample.A.b"]),
    ],
)
def test_an_undocumented_public_name_is_found(source: str, missing: list[str]) -> None:
    assert autodoc.undocumented(module(source)) == missing


def test_the_build_ends_where_a_public_name_is_undocumented(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sample", module('"""A module."""\ndef g(): pass'))
    monkeypatch.setattr(autodoc, "public_modules", lambda: ["sample"])
    with pytest.raises(SystemExit, match=r"nothing is said about: sample\.g"):
        autodoc.pages()


def test_data_is_described_by_the_string_below_it(tmp_path: Path) -> None:
    path = tmp_path / "tables.py"
    path.write_text('"""A module."""\nROWS = {}\n"""Every row."""\nOTHER: int = 3\n')
    made = module(path.read_text())
    made.__file__ = str(path)
    assert autodoc.said(made, "ROWS") == "Every row."
    assert autodoc.said(made, "OTHER") == ""


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("|f'| and x*y, **params", r"\|f'\| and x\*y, \*\*params"),
        ("``x*y`` and :func:`f`", "``x*y`` and :func:`f`"),
        ("the sink_ of all", r"the sink\_ of all"),
        (">>> a * b | c", ">>> a * b | c"),
    ],
)
def test_docstrings_show_what_they_say(line: str, shown: str) -> None:
    assert autodoc.readable([line]) == [shown]


def build(folder: Path, pages: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run Sphinx over a few pages with the site's own settings."""
    folder.mkdir()
    for name, text in pages.items():
        write(folder / name, text)
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html", "-c", str(ROOT / "docs"),
               str(folder), str(folder / "out")]  # fmt: skip
    return subprocess.run(command, cwd=ROOT, env=os.environ | {"NO_COLOR": "1"}, capture_output=True, text=True, check=False)


def test_pages_build_offline_without_a_warning(tmp_path: Path) -> None:
    names = ["gelu", "prelu", "softmax", "swiglu"]
    pages = {f"functions/{name}.md": page_of(name)[1] for name in names}
    pages = {path: re.sub(r"\[(\w+)\]\(\w+\.md\)", r"\1", text).replace("../functions.md#", "../index.md#") for path, text in
             pages.items()}  # fmt: skip
    families = "\n\n".join(f"## {definitions()[name].family}" for name in names)
    done = build(tmp_path / "site", {"index.md": INDEX.format("names", families), **pages,
                                     "names.md": autodoc.module_page("nonlin.peers")})  # fmt: skip
    assert done.returncode == 0, done.stderr
    for name in names:
        html = (tmp_path / "site" / "out" / "functions" / f"{name}.html").read_text(encoding="utf-8")
        assert "<math" in html
        assert "<svg" in html
        assert not re.findall(
            r'(?:src|href)="(?:https?:)?//(?!github\.com|www\.sphinx|pradyunsg)[^"]*\.(?:js|css|woff2?)', html
        )
    listed = (tmp_path / "site" / "out" / "names.html").read_text(encoding="utf-8")
    assert 'id="nonlin.peers.find"' in listed


@pytest.mark.parametrize(
    ("page", "complaint"),
    [
        ("# A\n\n[x](gone.md)\n", "gone"),
        ("# A\n\n[x](#nowhere)\n", "nowhere"),
        ("# A\n\n```{py:module} nonlin\n```\n\n{py:func}`nonlin.no_such_function`\n", "no_such_function"),
    ],
    ids=["file", "anchor", "name"],
)
def test_a_warning_ends_the_build(tmp_path: Path, page: str, complaint: str) -> None:
    done = build(tmp_path / "site", {"index.md": INDEX.format("a", ""), "a.md": page})
    assert done.returncode != 0
    assert complaint in done.stderr


def test_every_page_is_in_the_table_of_contents() -> None:
    index = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    listed = {entry for tree in re.findall(r"```\{toctree\}\n(.*?)```", index, re.DOTALL) for entry in tree.splitlines()}
    for page in (ROOT / "docs").glob("*.md"):
        assert page.stem in listed or page.stem == "index", f"docs/index.md does not list {page.name}"


def test_a_page_is_written_only_when_it_changed(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "page.md"
    write(path, "one")
    os.utime(path, (0, 0))
    write(path, "one")
    assert path.stat().st_mtime == 0
    write(path, "two")
    assert path.stat().st_mtime > 0
    assert path.read_text() == "two"


def test_ci_builds_the_site() -> None:
    assert re.search(r"^make docs$", (ROOT / ".ci" / "run").read_text(encoding="utf-8"), re.MULTILINE)
    planned = subprocess.run(["make", "-n", "docs"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert planned.splitlines()[-2:] == ["python -m docs.build", "python -m docs.site"]
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert {"docs/_build/", "docs/api/", "docs/functions/"} <= set(ignored)
