"""Every example of the pages is run: Python page by page, from the top, and each command once, whatever language tells of it."""

from __future__ import annotations

import ast
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from shell import COMMAND, WIDE, invoke

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("README*.md"), ROOT / "CONTRIBUTING.md", *DOCS.glob("*.md")])
ELSEWHERE = {"errata.md": "its commands are run by the test that compares what they print with the page"}

REASONS = {
    "install": "installing is what tests/slow does, in fresh environments",
    "data": "needs a data set that is not in the package; .ci/run has no network for it",
    "long": "trains or measures for minutes; its options are typed by test_commands_in_the_pages_can_be_typed",
    "serves": "serves until it is stopped; tests/unit/watch/test_server.py and tests/web do that",
    "place": "stands for a name of the reader's own",
    "asks": "asks step by step in a terminal; tests/unit/test_cli_advise.py answers it",
    "name": "names a command and is no example of it",
    "browser": "opens a browser window",
}
NOT_RUN = (
    (r"pip install|python3 -m venv|npm |cc ", "install"),
    (r"make \w+$|pytest", "install"),
    (r"python -m (benchmarks|docs|tests)", "long"),
    (r"nonlin compare --preset classic", "data"),
    (r"nonlin data .*(mnist|cifar|--)", "data"),
    (r"nonlin watch serve", "serves"),
    (r"nonlin advise$", "asks"),
    (r"nonlin (show|plot|table|bench|gain|depth|edge|shape|lint|diagnose|port|picture|watch)$", "name"),
    (r"nonlin explore(?!.* -o )", "browser"),
    (r"nonlin .*\b(NAME|TARGET|package\.module|soft_bend)\b", "place"),
)
"""Commands that are not run, by how they begin, and why."""
SHORTER = (
    (r"nonlin compare\b", "--seeds 2 --epochs 1", "two seeds and one epoch instead of a study"),
    (r"nonlin diagnose\b", "--steps 20", "twenty steps instead of two minutes"),
    (r"nonlin explore\b", "--no-facts", "without the facts, which take a minute the first time"),
    (r"nonlin depth\b", "--layers 6 --width 32", "small networks"),
    (r"nonlin verify --against", "relu", "one function instead of every one both libraries have"),
    (r"nonlin bench\b", "--size 1024 --rounds 3", "one small size"),
)
"""Commands that are run with less to do: what is added to them, and why."""
PREAMBLE = {"CONTRIBUTING.md": "from nonlin.catalogue import define\nfrom nonlin.catalogue.language import *\n"}
"""What stands at the top of the file that a page's example is a line of."""
OURS_ONLY = """import warnings
warnings.filterwarnings("ignore", category=DeprecationWarning, module=r"(?!nonlin|__main__)")
warnings.filterwarnings("ignore", category=FutureWarning, module=r"(?!nonlin|__main__)")
"""
"""What other libraries call outdated in their own code is theirs: PyTorch's exporter and Keras on JAX do."""
TRAIN = "import torch\nfrom torch import nn\n\nmodel = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 3))\n"
MISH = "import torch\n\n\ndef my_mish(x):\n    return x * torch.tanh(torch.nn.functional.softplus(x))\n"
GELU = "\n\ndef my_gelu(x):\n    return 0.5 * x * (1 + torch.erf(x / 2**0.5))\n"


def fenced(text: str) -> Iterator[tuple[str, str]]:
    """The fenced blocks of a page: language and content, without what indents them."""
    for found in re.finditer(r"^( *)```([\w-]*)[^\n]*\n(.*?)^\1```$", text, re.MULTILINE | re.DOTALL):
        yield found[2], re.sub(rf"^{found[1]}", "", found[3], flags=re.MULTILINE)


def python_of(page: Path) -> list[str]:
    return [block for language, block in fenced(page.read_text(encoding="utf-8")) if language in ("python", "py")]


def shell_of(text: str) -> list[str]:
    """Every command line of a page, in order: in console blocks, in indented blocks, and in code spans that begin with nonlin."""
    prose = re.sub(r"^( *)```.*?^\1```$", lambda m: "\n" * m[0].count("\n"), text, flags=re.MULTILINE | re.DOTALL)
    lines: list[tuple[int, str]] = []
    for block in re.finditer(r"^( *)```([\w-]*)[^\n]*\n(.*?)^\1```$", text, re.MULTILINE | re.DOTALL):
        if block[2] in ("", "console", "bash", "sh", "shell"):
            first = text[: block.start(3)].count("\n")
            lines += [(first + n, line) for n, line in enumerate(block[3].splitlines())]
    for n, line in enumerate(prose.splitlines()):
        if line.startswith("    "):
            lines.append((n, line))
        lines += [(n, span) for span in re.findall(r"`(nonlin [^`\n]+)`", line)]
    told = [re.sub(r"^\$ ", "", line.strip()) for _, line in sorted(lines, key=lambda row: row[0])]
    return [re.sub(r"\s{2,}#.*$", "", line) for line in told if re.match(r"(nonlin|python3?|pip|make|cat|npm) ", line)]


def runnable() -> dict[str, str]:
    """Every distinct command of all pages -> the page that has it first."""
    found: dict[str, str] = {}
    for page in PAGES:
        if page.name not in ELSEWHERE:
            for command in shell_of(page.read_text(encoding="utf-8")):
                found.setdefault(command, page.name)
    return found


def left_out(command: str) -> str:
    """Why a command is not run; empty for one that is."""
    return next((REASONS[why] for pattern, why in NOT_RUN if re.match(pattern, command)), "")


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A reader's folder: the files that pages tell to write, and those they take for granted."""
    folder = tmp_path_factory.mktemp("desk")
    for page in PAGES:
        for block in python_of(page):
            named = re.match(r"# ([\w/]+\.py)\n", block)
            if named:
                (folder / named[1]).parent.mkdir(parents=True, exist_ok=True)
                (folder / named[1]).write_text(block, encoding="utf-8")
    (folder / "src").mkdir(exist_ok=True)
    for name in ("train.py", "src/network.py"):
        (folder / name).write_text(TRAIN)
    cell = '{"cell_type": "code", "source": ["x = 1"], "metadata": {}, "outputs": [], "execution_count": null}'
    (folder / "notebook.ipynb").write_text(f'{{"cells": [{cell}], "metadata": {{}}, "nbformat": 4, "nbformat_minor": 5}}')
    (folder / "mymodule.py").write_text(MISH + GELU)
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 20)).astype("float32")
    np.savez(folder / "mydata.npz", x=x, y=x[:, :5].argmax(1))
    return folder


def programs() -> list[Any]:
    """The pages with Python, one of those that hold the same program in another language."""
    found: dict[str, Path] = {}
    for page in PAGES:
        if python_of(page):
            found.setdefault(ast.dump(ast.parse("\n".join(python_of(page)))), page)
    return [pytest.param(page, id=page.name) for page in found.values()]


@pytest.mark.parametrize("page", programs())
def test_python_of_a_page_runs_from_the_top(page: Path, desk: Path) -> None:
    program = "\n\n".join([OURS_ONLY, PREAMBLE.get(page.name, ""), *python_of(page)])
    done = subprocess.run([sys.executable, "-W", "error", "-c", program], cwd=desk, capture_output=True, text=True,
                          timeout=120, check=False)  # fmt: skip
    assert done.returncode == 0, f"{page.name}:\n{done.stderr[-3000:]}"


def commands() -> list[Any]:
    return [pytest.param(c, id=f"{page}: {c}"[:90]) for c, page in runnable().items() if not left_out(c)]


@pytest.mark.parametrize("command", commands())
def test_a_command_runs(command: str, desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if "run.sqlite" in command and not (desk / "run.sqlite").exists():
        test_python_of_a_page_runs_from_the_top(DOCS / "watch.md", desk)  # it records that training
    less = next((more for pattern, more, _ in SHORTER if re.match(pattern, command)), "")
    words = shlex.split(command)
    monkeypatch.chdir(desk)
    if words[0] == "nonlin" and "|" not in words and ">" not in words:
        monkeypatch.syspath_prepend(str(desk))
        done = invoke(*words[1:], *less.split())
        code, err = done.code, done.err
    else:
        typed = f'nonlin() {{ {shlex.join(COMMAND)} "$@"; }}; python() {{ {sys.executable} "$@"; }}; {command}'
        ran = subprocess.run(["bash", "-c", typed], cwd=desk, env=os.environ | WIDE, capture_output=True, text=True, timeout=120,
                             check=False)  # fmt: skip
        code, err = ran.returncode, ran.stderr
    found_something = words[:2] == ["nonlin", "lint"] and code == 1  # as linters do
    assert code == 0 or found_something, f"{command} ended with {code}: {err}"
    assert not err.startswith("error:"), err


def test_every_exception_is_still_needed() -> None:
    typed = [c for page in PAGES for c in shell_of(page.read_text(encoding="utf-8"))]
    for pattern in [p for p, _, _ in SHORTER]:
        assert any(re.match(pattern, c) for c in typed), f"no page has a command like {pattern}"
    assert set(REASONS) >= {why for _, why in NOT_RUN}
    assert all((DOCS / name).exists() for name in ELSEWHERE)


def test_examples_are_found_wherever_they_stand() -> None:
    page = "a `nonlin list` b\n\n    nonlin show gelu  # a remark\n\n```console\n$ nonlin gain relu\n```\n\n```python\nx = 1\n```\n"
    assert shell_of(page) == ["nonlin list", "nonlin show gelu", "nonlin gain relu"]
    assert [b for language, b in fenced(page) if language == "python"] == ["x = 1\n"]
    assert len(commands()) > 40


def test_an_example_that_fails_is_found(desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(AssertionError, match="ended with"):
        test_a_command_runs("nonlin gain no_such_function_at_all", desk, monkeypatch)
    page = desk / "wrong.md"
    page.write_text("```python\nx = 1\n```\n\n```python\nassert x == 2\n```\n")
    with pytest.raises(AssertionError, match=r"wrong\.md"):
        test_python_of_a_page_runs_from_the_top(page, desk)
