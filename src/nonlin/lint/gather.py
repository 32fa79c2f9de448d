"""From programs as text to findings: read them, run the checks, and leave out what comments ask to leave out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from nonlin.findings import Finding, Place, ranked
from nonlin.lint.checks import run
from nonlin.lint.rules import finding
from nonlin.lint.source import Reading, read_all, read_text
from nonlin.lint.spots import relative

Progress = Callable[[str, int, int], None]
"""Is told what is being done, how much is done, and how much there is."""


@dataclass(frozen=True)
class Checked:
    """What was found in a number of files or in one model."""

    findings: tuple[Finding, ...]
    """The worst first, without those that comments silence."""
    texts: Mapping[str, str] = field(default_factory=dict)
    """The text of each file, by the path that findings name."""
    files: int = 0
    ignored: int = 0
    """How many findings comments silence."""
    readings: tuple[Reading, ...] = ()


def check_files(paths: Sequence[str], progress: Progress | None = None) -> Checked:
    """Check Python files and notebooks, read together so that what one imports from another is followed.

    >>> check_files([]).findings
    ()
    """
    if progress:
        progress("reading", 0, len(paths))
    return _checked(_read(paths), progress)


def _read(paths: Sequence[str]) -> list[Reading]:
    """Read files together; where that fails, each by itself, so that one odd program does not hide the others."""
    try:
        return read_all(paths)
    except Exception as error:
        if len(paths) == 1:
            return [Reading(paths[0], findings=(_failed(paths[0], "the program", error),))]
    return [reading for path in paths for reading in _read([path])]


def check_text(text: str, name: str = "<text>") -> Checked:
    """Check a program given as text.

    >>> program = "from torch import nn\\nmodel = nn.Sequential(nn.Linear(3, 1), nn.Softmax(dim=-1))\\n"
    >>> [f.rule.code for f in check_text(program).findings]
    ['NL101']
    """
    return _checked([read_text(text, name)], None)


def _checked(readings: Iterable[Reading], progress: Progress | None) -> Checked:
    every = tuple(readings)
    by_path = {r.path: r for r in every}
    met: list[Finding] = []
    for done, reading in enumerate(every):
        if progress:
            progress(f"checking {relative(reading.path)}", done, len(every))
        here = [*reading.findings]
        for net in reading.nets:
            try:
                here += run(net)
            except Exception as error:  # one odd network must not hide what is found in a thousand files
                here.append(_failed(reading.path, net.name, error))
        met += [f if f.place.file else replace(f, place=replace(f.place, file=reading.path)) for f in here]
    met = _once(met)
    kept = [f for f in met if not _silenced(f, by_path)]
    texts = {r.path: r.text for r in every if r.text}
    return Checked(tuple(kept), texts, len(every), len(met) - len(kept), every)


def _failed(path: str, name: str, error: Exception) -> Finding:
    told = f"{name or 'a network'} could not be judged: nonlin failed with {type(error).__name__}: {error}. Please report it"
    return finding("NL903", told, Place(name, path))


def _once(findings: Iterable[Finding]) -> list[Finding]:
    """Return findings ranked, those of one rule in one place told once, however many networks share the line."""
    seen: dict[tuple[object, ...], Finding] = {}
    for found in ranked(findings):
        spot = replace(found.place, layer="") if found.place.line else found.place
        seen.setdefault((found.rule.code, spot, "" if found.place.line else found.message), found)
    return list(seen.values())


def _silenced(found: Finding, readings: Mapping[str, Reading]) -> bool:
    files = {p.file for p in (found.place, *found.related)}
    return any(readings[f].suppressed(found) for f in files if f in readings)
