"""What the repository promises about itself: its commands, its pins, its pages, and that each of them is true."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import typer.main

from nonlin import doctor
from nonlin.cli import app

ROOT = Path(__file__).parents[2]
COMMANDS = (
    "python3 -m venv .venv && . .venv/bin/activate && pip install -c constraints.txt . && nonlin compare",
    "pip install -c constraints.txt -e '.[dev]' && pytest",
)
PAGES = [*sorted(ROOT.glob("README*.md")), ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
OWN_WORDS = ("tests/meta/test_repository.py",)  # the file that says which words are forbidden holds them

# written in pieces, so that this file passes the test it holds
HOSTS = ("py" + "pi\\.org", "python" + "hosted", "download\\.py" + "torch", "registry\\.np" + "mjs", "ana" + "conda\\.org")
FORBIDDEN = {
    "a path of somebody's machine": re.compile(r"(?<![\w.$])/(?:(?:home|Users|mnt|media)/\w|(?:root|work)/)"),
    "the host of a package registry": re.compile(r"\b(?:" + "|".join(HOSTS) + ")"),
    "an address on a local network": re.compile(r"\b(?:10|192\.168|172\.(?:1[6-9]|2\d|3[01]))(?:\.\d{1,3}){2,3}(?::\d+)?\b"),
    "work left undone": re.compile(r"\b(?:TODO|FIXME|XXX)\b"),
}


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def normal(name: str) -> str:
    """A distribution's name as packaging compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def blocks(page: str, language: str) -> list[str]:
    """The fenced blocks of one language in a page of Markdown, without what indents them."""
    return re.findall(rf"^```{language}\n(.*?)^```", page, re.MULTILINE | re.DOTALL)


def first_block(page: str) -> list[str]:
    """The lines of the first code block, fenced or indented."""
    found = re.search(r"^```\w*\n(?s:(.*?))^```|((?:^ {4}\S.*\n)+)", page, re.MULTILINE)
    assert found
    return [line.strip() for line in (found[1] or found[2]).splitlines()]


def tracked() -> list[Path]:
    """The files of the repository: what git tracks, or would if it were asked to."""
    listed = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"], cwd=ROOT,
                            capture_output=True, text=True, check=False)  # fmt: skip
    if listed.returncode:
        pytest.skip("this is no git checkout")
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def test_readme_begins_with_the_two_commands() -> None:
    assert tuple(first_block(text("README.md"))) == COMMANDS


def test_ci_runs_the_second_command_as_the_readme_writes_it() -> None:
    script = text(".ci/run")
    (line,) = re.findall(r"^test_command=\$\((.*)\)$", script, re.MULTILINE)
    taken = subprocess.run(["bash", "-c", line], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()
    assert taken == COMMANDS[1]
    assert 'eval "$test_command"' in script
    for word in ("make check", "make docs", "pytest -m slow"):
        assert word in script
    assert "pip install" not in script.replace(line, "")  # nothing is installed that the README does not name
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


def test_the_makefile_has_five_words_that_work() -> None:
    targets = re.findall(r"^([a-z-]+):", text("Makefile"), re.MULTILINE)
    assert targets == ["install", "check", "test", "docs", "bench"]
    for word in targets:
        planned = subprocess.run(["make", "-n", word], cwd=ROOT, capture_output=True, text=True, check=True).stdout
        for module in re.findall(r"python -m ([\w.]+)", planned):
            assert (ROOT / f"{module.replace('.', '/')}.py").exists(), f"make {word} runs {module}, which is not there"
    assert "install -c constraints.txt -e '.[dev]'" in text("Makefile")
    assert all(f"`make {word}`" in text("CONTRIBUTING.md") for word in targets)


def test_contributing_fits_two_pages() -> None:
    assert len(text("CONTRIBUTING.md").splitlines()) < 110
    assert "three lines" in text("CONTRIBUTING.md")


def test_the_licence_is_apache_2() -> None:
    licence = text("LICENSE")
    assert "Apache License\n" in licence
    assert "Version 2.0, January 2004" in licence
    assert "END OF TERMS AND CONDITIONS" in licence
    assert PROJECT["license"] == "Apache-2.0"
    assert PROJECT["license-files"] == ["LICENSE"]


def requirements() -> dict[str, str]:
    """Every requirement of the package and its extras: name -> what follows it."""
    listed = [*PROJECT["dependencies"], *(r for rows in PROJECT["optional-dependencies"].values() for r in rows)]
    found = {}
    for requirement in listed:
        matched = re.fullmatch(r"([A-Za-z0-9._-]+)(.*)", requirement)
        assert matched
        found[matched[1]] = matched[2].strip()
    return found


def pins() -> dict[str, str]:
    """The tested set: name -> what follows it, a line each."""
    lines = [line.partition("#")[0].strip() for line in text("constraints.txt").splitlines()]
    return {normal(re.split(r"[=<>!~ ;@]", line, maxsplit=1)[0]): line for line in lines if line}


def test_requirements_have_lower_bounds_only() -> None:
    for name, bound in requirements().items():
        assert re.fullmatch(r">=\d+(\.\d+)*", bound), f"{name}{bound}"
    assert requirements()["torch"] == ">=2.6"
    assert PROJECT["requires-python"] == ">=3.11"


def test_constraints_are_exact_and_hold_every_requirement() -> None:
    for line in pins().values():
        assert re.fullmatch(r"[A-Za-z0-9._-]+==\d[\w.]*( ?;.*)?", line), line
    assert pins()["torch"] == "torch==2.13.0"
    installed = PROJECT["dependencies"] + PROJECT["optional-dependencies"]["dev"]
    wanted = {normal(re.split(r"[>=]", r, maxsplit=1)[0]): r.partition(">=")[2] for r in installed}
    assert set(wanted) <= set(pins())
    for name, least in wanted.items():
        assert numbers(pins()[name].partition("==")[2]) >= numbers(least), name


def numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version))


def test_the_base_install_does_the_main_job_and_frameworks_are_extras() -> None:
    base = {normal(re.split(r"[>=]", r, maxsplit=1)[0]) for r in PROJECT["dependencies"]}
    assert "torch" in base
    assert set(PROJECT["optional-dependencies"]) == {"docs", "jax", "keras", "onnx", "ray", "web", "dev"}
    assert not base & {"jax", "keras", "onnx", "ray", "tensorflow", "starlette"}
    assert {normal(name) for name in doctor._CORE} == base  # doctor looks at each of them


def test_the_changelog_names_the_version() -> None:
    import nonlin

    assert re.search(rf"^## {re.escape(nonlin.__version__)}\b", text("CHANGELOG.md"), re.MULTILINE)
    assert (ROOT / "src" / "nonlin" / "py.typed").exists()


def test_no_file_names_a_machine_a_registry_or_undone_work() -> None:
    wrong, read = [], 0
    for path in tracked():
        name = path.relative_to(ROOT).as_posix()
        if name in OWN_WORDS or path.suffix in (".png", ".svg", ".gz", ".npz"):
            continue
        read += 1
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            wrong += [
                f"{name}:{number} holds {what}: {line.strip()[:100]}" for what, p in FORBIDDEN.items() if p.search(line)
            ]
    assert read > 80
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("see /home/ann/notes", "a path of somebody's machine"),
        ("cd /root/code", "a path of somebody's machine"),
        ("--index-url https://py" + "pi.org/simple", "the host of a package registry"),
        ("http://10.0.0.7:8080/simple", "an address on a local network"),
        ("x = 1  # TODO: more", "work left undone"),
    ],
)
def test_what_is_forbidden_is_found(line: str, what: str) -> None:
    assert [w for w, p in FORBIDDEN.items() if p.search(line)] == [what]


def test_files_are_small_and_data_stays_outside() -> None:
    for path in tracked():
        assert path.stat().st_size < 600_000, f"{path.relative_to(ROOT)} is too large for the repository"
        assert path.suffix not in (".npz", ".tgz", ".gz", ".sqlite", ".whl"), path


def test_generated_pages_are_up_to_date() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "docs.build", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "functions.md: up to date" in done.stdout


def test_a_page_that_is_out_of_date_is_found(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "__init__.py").touch()
    (tmp_path / "docs" / "build.py").write_text(text("docs/build.py"))
    for page in (ROOT / "docs").glob("*.md"):  # the other generated pages are up to date
        (tmp_path / "docs" / page.name).write_text(page.read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "docs" / "functions.md").unlink()
    for content, code in ((None, 1), ("old", 1), (text("docs/functions.md"), 0)):
        if content is not None:
            (tmp_path / "docs" / "functions.md").write_text(content, encoding="utf-8")
        done = subprocess.run([sys.executable, "-m", "docs.build", "--check"], cwd=tmp_path, capture_output=True, text=True,
                              check=False)  # fmt: skip
        assert done.returncode == code, done.stdout + done.stderr


def test_the_readme_shows_ten_lines_of_python() -> None:
    lines = [line for line in blocks(text("README.md"), "python")[0].splitlines() if line.strip()]
    assert 8 <= len(lines) <= 14


def commands() -> list[Any]:
    """Every ``nonlin ...`` a page tells people to type, in console blocks and in code spans."""
    found: dict[str, str] = {}
    for page in PAGES:
        words = page.read_text(encoding="utf-8")
        spans = [
            *re.findall(r"`(nonlin [^`\n]+)`", words),
            *re.findall(r"^(?: {4}|\$ )?(nonlin [a-z].*)$", console(words), re.MULTILINE),
        ]
        for span in spans:
            found.setdefault(span.partition("  #")[0].strip(), page.name)
    return [pytest.param(command, id=f"{page}: {command}"[:90]) for command, page in found.items()]


def console(page: str) -> str:
    """Fenced shell blocks and indented blocks, one after the other."""
    fenced = [b for language in ("", "console", "bash", "sh", "shell") for b in blocks(page, language)]
    return "\n".join([*fenced, *re.findall(r"^ {4}\S.*$", page, re.MULTILINE)])


@pytest.mark.parametrize("command", commands())
def test_commands_in_the_pages_can_be_typed(command: str) -> None:
    words = shlex.split(command.split(" | ")[0])[1:]
    if re.fullmatch(r"nonlin [a-z]+( \| [a-z]+)+", command):  # a list of commands
        known = typer.main.get_command(app).commands  # type: ignore[attr-defined]
        assert set(re.findall(r"[a-z]+", command)[1:]) <= set(known)
        return
    group: Any = typer.main.get_command(app)
    context = group.make_context("nonlin", words, resilient_parsing=False)
    while hasattr(group, "commands") and context._protected_args:
        name, group, rest = group.resolve_command(context, context._protected_args + context.args)
        context = group.make_context(name, rest, parent=context)


@pytest.mark.parametrize("command", ["nonlin comapre", "nonlin compare --sedes 3", "nonlin show"])
def test_a_command_that_cannot_be_typed_is_found(command: str) -> None:
    with pytest.raises(Exception, match=r"No such|Missing"):
        test_commands_in_the_pages_can_be_typed(command)


def test_there_are_commands_to_test() -> None:
    assert len(commands()) >= 8


@pytest.mark.skipif(not (ROOT / "docs" / "benchmarks.md").exists(), reason="the page of figures is not written yet")
def test_figures_stand_beside_the_command_that_makes_them() -> None:
    page = text("docs/benchmarks.md")
    modules = set(re.findall(r"python -m (benchmarks[\w.]*)", page))
    assert {"benchmarks.classic", "benchmarks.startup"} <= modules
    for module in modules:
        assert (ROOT / f"{module.replace('.', '/')}.py").exists(), module
    for section in re.split(r"^## ", page, flags=re.MULTILINE)[1:]:
        if re.search(r"^\|.*\d", section, re.MULTILINE):
            assert re.search(r"python -m benchmarks|nonlin compare|make bench", section), section.splitlines()[0]


def test_the_plan_of_the_house_names_every_room() -> None:
    page = text("docs/architecture.md")
    for room in (p.name for p in (ROOT / "src" / "nonlin").iterdir() if p.is_dir() and (p / "__init__.py").exists()):
        assert re.search(rf"\b{room}\b", page), f"docs/architecture.md does not say what {room} is"
