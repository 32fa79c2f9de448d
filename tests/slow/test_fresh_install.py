"""README's two lines on a fresh machine: a new virtual environment, a clean copy of the repository, nothing else."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from nonlin.lab.tasks import DEFAULT_FUNCTIONS

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
FIRST, SECOND = re.findall(r"^(?: {4})?((?:python3 -m venv|pip install) .*)$", README, re.MULTILINE)
SECONDS = 60
"""What ``nonlin compare`` may take after the installation, on two cores."""


def typed(line: str, cwd: Path, within: float = 1800) -> str:
    """Type a line into a shell that knows no environment; return what it printed."""
    kept = {
        k: v
        for k, v in os.environ.items()
        if k not in ("VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME", "NO_COLOR", "COLUMNS", "PIP_QUIET")
    }
    path = f"{Path(sys.executable).parent}{os.pathsep}{kept.get('PATH', '')}"  # its python3 makes the environment
    done = subprocess.run(["bash", "-c", line], cwd=cwd, env=kept | {"PATH": path, "COLUMNS": "140"}, capture_output=True,
                          text=True, timeout=within, check=False)  # fmt: skip
    assert done.returncode == 0, f"{line}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
    return done.stdout


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The repository as git knows it, without anything that was built or left lying about."""
    listed = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"], cwd=ROOT,
                            capture_output=True, text=True, check=True)  # fmt: skip
    folder = tmp_path_factory.mktemp("clone")
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    return folder


@pytest.fixture(scope="module")
def installed(copy: Path) -> tuple[Path, str]:
    """The copy after README's first line, and what that line printed."""
    start = time.monotonic()
    printed = typed(FIRST, copy)
    print(f"first line: {time.monotonic() - start:.0f} s")
    return copy, printed


def check_table(printed: str) -> None:
    """The ranked table of the default study: nine functions on real digits, each with a rank."""
    assert "digits: test accuracy after training" in printed
    assert "10 seeds" in printed
    ranked = re.findall(r"^\d+(?: \(\d+–\d+\))? +(\w+) +(\d+\.\d+)", printed, re.MULTILINE)
    assert {name for name, _ in ranked} == set(DEFAULT_FUNCTIONS)
    assert len(ranked) == 9
    values = [float(accuracy) for _, accuracy in ranked]
    assert values == sorted(values, reverse=True)
    assert all(85 < v < 100 for v in values)


def test_the_first_line_ends_with_a_ranked_table(installed: tuple[Path, str]) -> None:
    folder, printed = installed
    check_table(printed)
    assert list((folder / "nonlin-results").glob("digits-*.sqlite"))


def test_compare_without_arguments_ends_within_a_minute_and_writes_its_report(
    installed: tuple[Path, str], tmp_path: Path
) -> None:
    folder, _ = installed
    start = time.monotonic()
    printed = typed(f". '{folder}/.venv/bin/activate' && nonlin compare", tmp_path)
    seconds = time.monotonic() - start
    print(f"nonlin compare: {seconds:.1f} s")
    check_table(printed)
    (report,) = (tmp_path / "nonlin-results").glob("digits-*.html")
    assert f"Report: {report.relative_to(tmp_path)}" in printed
    assert report.stat().st_size > 10_000
    assert seconds < SECONDS


def test_the_installed_package_is_whole(installed: tuple[Path, str], tmp_path: Path) -> None:
    folder, _ = installed
    where = typed(f". '{folder}/.venv/bin/activate' && python -c 'import nonlin; print(nonlin.__file__)'", tmp_path)
    assert "site-packages" in where
    assert files(Path(where.strip()).parent) == files(folder / "src" / "nonlin")
    assert '"fault"' not in typed(f". '{folder}/.venv/bin/activate' && nonlin doctor --json", tmp_path)


def test_what_was_installed_is_the_tested_set(installed: tuple[Path, str], tmp_path: Path) -> None:
    folder, _ = installed
    listed = typed(f". '{folder}/.venv/bin/activate' && pip check >&2 && pip list --format=freeze", tmp_path)
    pins = versions((ROOT / "constraints.txt").read_text(encoding="utf-8"))
    got = versions(listed)
    assert got["torch"] == "2.13.0"
    for name in set(got) - {"nonlin", "pip", "setuptools", "wheel"}:
        assert pins.get(name) == got[name], f"{name} {got[name]} is not what constraints.txt names"


def files(package: Path) -> set[str]:
    """The files of a package, without what Python compiles."""
    return {p.relative_to(package).as_posix() for p in package.rglob("*") if p.is_file() and p.suffix != ".pyc"}


def versions(text: str) -> dict[str, str]:
    """``name==version`` lines as a table; the build after a plus sign (2.13.0+cpu) is the machine's own."""
    found = re.findall(r"^([\w.-]+)==([\w.]+)", text, re.MULTILINE)
    return {re.sub(r"[-_.]+", "-", name).lower(): version for name, version in found}


def test_the_second_line_installs_what_the_tests_need(installed: tuple[Path, str]) -> None:
    folder, _ = installed
    install, _, test = SECOND.rpartition(" && ")
    assert test == "pytest"
    start = time.monotonic()
    typed(f". .venv/bin/activate && {install}", folder)
    print(f"second line's installation: {time.monotonic() - start:.0f} s")
    collected = typed(". .venv/bin/activate && pytest --collect-only -n 0", folder)  # .ci/run itself runs them all
    assert int(re.findall(r"(\d+)(?:/\d+)? tests? collected", collected)[-1]) > 500
    assert "error" not in collected.splitlines()[-1]
