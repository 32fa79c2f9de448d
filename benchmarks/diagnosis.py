"""Recall and false alarms on the programs of tests/cases: ``python -m benchmarks.diagnosis``; ``--train`` for diagnose as well.

Every program is read as text by the source reader and, where it is PyTorch, as objects by the model reader with its loss and one
batch. *Recall* counts faulty programs whose fault is named by the right rule; *blamed besides* counts errors and warnings of
other rules on faulty programs; *false alarms* are errors and warnings on fixed twins and right programs. With ``--train`` the
PyTorch programs are also diagnosed with 300 steps of training each, by their own optimiser or Adam.
"""

from __future__ import annotations

import argparse
import json
import statistics
from collections import defaultdict
from pathlib import Path
from typing import Any

from nonlin.findings import Severity
from tests.cases.programs import READERS, Said, ask, cases, readers_of


def measure(only: str = "", readers: tuple[str, ...] = READERS) -> list[Said]:
    """Return what each reader says of each program whose id contains ``only``."""
    return [
        ask(case, side, reader)
        for case in cases()
        if only in case.id
        for side in case.sides
        for reader in readers_of(case)
        if reader in readers
    ]


def train(only: str = "") -> list[Said]:
    """Return what diagnose says of each PyTorch program that can be trained."""
    able = [c for c in cases() if only in c.id and "model" in readers_of(c)]
    return [ask(case, side, "training") for case in able for side in case.sides]


def share(part: int, whole: int) -> str:
    """``41/45 (91 %)``."""
    return f"{part}/{whole} ({100 * part / whole:.0f} %)" if whole else "-"


def table(title: str, header: list[str], rows: list[list[str]]) -> str:
    """A table of Markdown, its columns aligned."""
    widths = [max(len(r[i]) for r in [header, *rows]) for i in range(len(header))]
    lines = ["| " + " | ".join(c.ljust(w) for c, w in zip(r, widths, strict=True)) + " |" for r in [header, *rows]]
    rule = "|" + "|".join("-" * (w + 2) for w in widths) + "|"
    return "\n".join([title, "", lines[0], rule, *lines[1:], ""])


def together(said: list[Said]) -> dict[tuple[str, str], bool]:
    """Whether each faulty program was found by any reader, by framework and id."""
    found: dict[tuple[str, str], bool] = defaultdict(bool)
    for s in said:
        if s.side == "faulty":
            found[s.case.framework, s.case.id] |= s.found
    return found


def recall_rows(said: list[Said], key: str) -> list[list[str]]:
    """Recall by one property of a case (its first rule, its tier, its framework), for each reader and for both together."""
    any_reader = together(said)
    groups: dict[str, dict[str, list[bool]]] = defaultdict(lambda: defaultdict(list))
    for s in (s for s in said if s.side == "faulty"):
        group = s.case.rules[0] if key == "rule" else str(getattr(s.case, key))
        for name in (group, "all"):
            if s.reader in s.case.readers:
                groups[name][s.reader].append(s.found)
            if s.reader == "source":
                groups[name]["any"].append(any_reader[s.case.framework, s.case.id])
    order = sorted(groups, key=lambda g: (g == "all", g))
    return [[g, *(share(sum(groups[g][r]), len(groups[g][r])) for r in (*READERS, "any"))] for g in order]


def alarm_rows(said: list[Said]) -> list[list[str]]:
    """Errors and warnings by kind of program and reader, with the number of programs that got one."""
    rows = []
    for side, words in (("faulty", "faulty, blamed besides"), ("fixed", "fixed twins"), ("right", "right programs")):
        for reader in READERS:
            mine = [s for s in said if s.side == side and s.reader == reader]
            errors = [f for s in mine for f in s.wrong if f.severity == Severity.ERROR]
            warned = [f for s in mine for f in s.wrong if f.severity == Severity.WARNING]
            hit = sum(bool(s.wrong) for s in mine)
            rows.append([words, reader, str(len(mine)), str(len(errors)), str(len(warned)), share(hit, len(mine))])
    return rows


def training_rows(said: list[Said]) -> list[list[str]]:
    """What diagnose says, training included: whether the fault is named, and named first; errors and warnings on what is right."""
    rows = []
    for side, words in (("faulty", "faulty"), ("fixed", "fixed twins"), ("right", "right programs")):
        mine = [s for s in said if s.side == side]
        if not mine:
            continue
        errors, warned = (
            sum(f.severity == level for s in mine for f in s.wrong) for level in (Severity.ERROR, Severity.WARNING)
        )
        named, first = (
            share(sum(v), len(mine)) if side == "faulty" else "" for v in ([s.found for s in mine], [s.first for s in mine])
        )
        rows.append(
            [
                words,
                str(len(mine)),
                named,
                first,
                str(errors),
                str(warned),
                f"{sum(s.seconds for s in mine) / len(mine):.1f} s",
            ]
        )
    return rows


def precision(said: list[Said]) -> str:
    """Of all errors and warnings given, the share that the program deserved."""
    given = [f for s in said for f in s.findings if f.severity >= Severity.WARNING]
    wrong = sum(len(s.wrong) for s in said)
    return share(len(given) - wrong, len(given))


def time_rows(said: list[Said]) -> list[list[str]]:
    """Median and largest time of a reading, in milliseconds."""
    rows = []
    for reader in READERS:
        times = [1000 * s.seconds for s in said if s.reader == reader]
        if times:
            rows.append([reader, str(len(times)), f"{statistics.median(times):.0f} ms", f"{max(times):.0f} ms"])
    return rows


def misses(said: list[Said]) -> list[str]:
    """A line for each reading that was wrong: id, reader, what was expected, what was said instead."""
    lines = []
    for s in said:
        where = f"{s.case.framework}/{s.case.id}" if s.side != "right" else f"right/{s.case.id}"
        got = ", ".join(
            f"{f.rule.code} {f.severity.word} at {f.place}" for f in s.findings if f.severity >= Severity.WARNING
        )
        if s.failed and (s.side != "faulty" or s.reader in s.case.readers):
            lines.append(f"{where} ({s.side}), {s.reader}: raised {s.failed.splitlines()[0][:200]}")
        elif s.side == "faulty" and (s.reader in s.case.readers or s.reader == "training") and not s.found:
            lines.append(f"{where} (faulty), {s.reader}: expected {' or '.join(s.case.rules)}, got {got or 'nothing'}")
        if s.wrong:
            blamed = "; ".join(f"{f.rule.code} {f.severity.word} at {f.place}: {f.message}" for f in s.wrong)
            lines.append(f"{where} ({s.side}), {s.reader}: wrongly blamed: {blamed}")
    return lines


def document(said: list[Said]) -> dict[str, Any]:
    """The figures as JSON."""
    return {
        "programs": len({(s.case.framework, s.case.id, s.side) for s in said}),
        "recall": {row[0]: dict(zip((*READERS, "any"), row[1:], strict=True)) for row in recall_rows(said, "rule")},
        "recall_by_tier": {row[0]: dict(zip((*READERS, "any"), row[1:], strict=True)) for row in recall_rows(said, "tier")},
        "false_alarms": [dict(zip(("kind", "reader", "programs", "errors", "warnings", "hit"), r, strict=True))
                         for r in alarm_rows(said)],
        "precision": precision(said),
        "misses": misses(said),
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="programs whose id contains this")
    parser.add_argument("--reader", choices=READERS, help="one reader only")
    parser.add_argument("--train", action="store_true", help="also diagnose with a short training, about two minutes in all")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--misses", type=Path, help="also write what is wrong to this file, a line each")
    given = parser.parse_args()
    said = measure(given.only, (given.reader,) if given.reader else READERS)
    trained = train(given.only) if given.train else []
    if given.misses:
        given.misses.write_text("\n".join(misses([*said, *trained])) + "\n", encoding="utf-8")
    if given.json:
        print(json.dumps(document(said), indent=2))
        return
    columns = ["source reader", "model reader", "either"]
    print(table("Recall by rule", ["rule", *columns], recall_rows(said, "rule")))
    print(table("Recall by evidence", ["tier", *columns], recall_rows(said, "tier")))
    print(table("Recall by framework", ["framework", *columns], recall_rows(said, "framework")))
    kinds = ["programs", "reader", "number", "errors", "warnings", "programs blamed"]
    print(table("False alarms", kinds, alarm_rows(said)))
    print(f"Precision of errors and warnings: {precision(said)}\n")
    print(table("Time of a reading", ["reader", "readings", "median", "largest"], time_rows(said)))
    if trained:
        heads = ["programs", "number", "fault named", "named first", "errors", "warnings", "time each"]
        print(table("Diagnose, with a training of 300 steps", heads, training_rows(trained)))
    if wrong := misses([*said, *trained]):
        print("Not as expected:\n" + "\n".join(f"* {line}" for line in wrong))


if __name__ == "__main__":
    main()
