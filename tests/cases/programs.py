"""The programs of this folder: what each is, and what nonlin says of them.

``cases.csv`` has a row a program: a faulty one with its fixed twin (``torch/<id>/faulty.py`` and ``fixed.py``, or folders of these
names where a program has several files), or a right one (``right/<id>.py``) that a hasty rule would blame.
Most PyTorch programs have ``make_model()``, ``make_data()`` and ``LOSS`` beside their own training loop, so that they can be read as
text, as objects, and trained by ``nonlin diagnose``. The others, and those of Keras, are text only: many need packages or data that
are not there. Programs called ``fresh-...`` were written after the rules and show how far these carry.
"""

from __future__ import annotations

import csv
import importlib.util
import sys
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from nonlin.findings import Finding, Severity

HERE = Path(__file__).parent
READERS = ("source", "model")
ROWS_OF_A_BATCH = 256


@dataclass(frozen=True)
class Case:
    """A row of ``cases.csv``."""

    id: str
    framework: str
    """``torch`` or ``keras``."""
    kind: str
    """``fault`` (a faulty program and its fixed twin) or ``right``."""
    tier: str
    """How well the fault is established: ``A`` verified by training, ``B`` by reading, ``C`` weakly; ``own`` where we planted it."""
    rules: tuple[str, ...]
    """Codes of which any is the right answer."""
    also: tuple[str, ...]
    """Codes that are true of the program as well."""
    readers: tuple[str, ...]
    """By which it can be found: ``source`` (text), ``model`` (objects and one batch)."""
    missed: str
    """Why it is not found yet; empty where it is."""
    origin: str
    """The public program it was made after."""
    about: str

    @property
    def sides(self) -> tuple[str, ...]:
        """The programs of the row."""
        return ("faulty", "fixed") if self.kind == "fault" else ("right",)

    def main(self, side: str) -> Path:
        """The file that defines ``make_model``: the program itself, or its main one."""
        if side == "right":
            return HERE / "right" / f"{self.id}.py"
        folder = HERE / self.framework / self.id
        several = [folder / side / name for name in ("main.py", "train.py")]
        return next((p for p in several if p.exists()), folder / f"{side}.py")

    def path(self, side: str) -> Path:
        """What a person would lint: the file, or the folder of a program of several files."""
        main = self.main(side)
        return main.parent if main.parent.name == side else main


def cases() -> list[Case]:
    """Return every row of the index, in its order."""
    with (HERE / "cases.csv").open(newline="", encoding="utf-8") as file:
        return [
            Case(
                **{k: tuple(filter(None, v.split(";"))) if k in ("rules", "also", "readers") else v for k, v in row.items()}
            )
            for row in csv.DictReader(file)
        ]


@contextmanager
def loaded(path: Path) -> Iterator[ModuleType]:
    """Import a program under a name of its own; modules beside it are forgotten afterwards."""
    before = set(sys.modules)
    sys.path.insert(0, str(path.parent))
    spec = importlib.util.spec_from_file_location("program_" + path.parent.name.replace("-", "_") + path.stem, path)
    assert spec is not None and spec.loader is not None
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
        yield module
    finally:
        sys.path.remove(str(path.parent))
        for name in set(sys.modules) - before:
            if str(path.parent) in str(getattr(sys.modules[name], "__file__", None) or ""):
                del sys.modules[name]


def by_source(case: Case, side: str) -> list[Finding]:
    """What is said of the text."""
    from nonlin.lint.checks import run
    from nonlin.lint.source import files, read_all

    readings = read_all(files([case.path(side)]))
    found = [f for reading in readings for f in (*reading.findings, *(f for net in reading.nets for f in run(net)))]
    return [f for f in found if not any(reading.suppressed(f) for reading in readings)]


def by_model(case: Case, side: str) -> list[Finding]:
    """What is said of the objects, with the loss and one batch."""
    import torch

    from nonlin.lint import lint

    with loaded(case.main(side)) as program, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a faulty program may warn, as one with a softmax that was given no axis
        torch.manual_seed(0)
        model = program.make_model()
        x, y = program.make_data()
        return lint(model, loss=program.LOSS, batch=(x[:ROWS_OF_A_BATCH], y[:ROWS_OF_A_BATCH]))


def by_training(case: Case, side: str, steps: int = 300) -> list[Finding]:
    """What ``nonlin diagnose`` says after a short training, in its order."""
    import torch

    from nonlin.diagnose import diagnose

    with loaded(case.main(side)) as program, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.manual_seed(0)
        optimizer = getattr(program, "make_optimizer", None)
        found = diagnose(
            program.make_model(), program.make_data(), program.LOSS, optimizer=optimizer, steps=steps, minutes=1
        )
        return [Finding(e.rule, e.severity, e.message, e.place) for e in found.entries]


BY: dict[str, Any] = {"source": by_source, "model": by_model, "training": by_training}


@dataclass(frozen=True)
class Said:
    """What a reader said of one program."""

    case: Case
    side: str
    reader: str
    findings: tuple[Finding, ...]
    seconds: float
    failed: str = ""
    """The exception, where reading raised one."""

    @property
    def found(self) -> bool:
        """Whether the fault is named by its rule, at any severity."""
        return any(f.rule.code in self.case.rules for f in self.findings)

    @property
    def wrong(self) -> list[Finding]:
        """Errors and warnings that the program does not deserve."""
        fair = {*self.case.rules, *self.case.also} if self.side == "faulty" else set()
        serious = [f for f in self.findings if f.severity >= Severity.WARNING and f.rule.code not in fair]
        return [
            f for f in serious if self.side != "faulty" or not f.rule.code.startswith("NW")
        ]  # symptoms of a fault are fair

    @property
    def first(self) -> bool:
        """Whether the first thing said names the fault."""
        return bool(self.findings) and self.findings[0].rule.code in (*self.case.rules, *self.case.also)


@cache
def ask(case: Case, side: str, reader: str) -> Said:
    """Let one reader read one program, once; an exception is kept as what it said."""
    start = time.perf_counter()
    try:
        findings, failed = tuple(BY[reader](case, side)), ""
    except Exception as error:
        findings, failed = (), f"{type(error).__name__}: {error}"
    return Said(case, side, reader, findings, time.perf_counter() - start, failed)


def readers_of(case: Case) -> tuple[str, ...]:
    """The readers that can read it at all: text always, objects where it is PyTorch and has ``make_model``."""
    objects = "def make_model(" in case.main(case.sides[0]).read_text(encoding="utf-8")
    return READERS if objects and case.framework == "torch" else ("source",)
