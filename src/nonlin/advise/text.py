"""Advice for people: the answer in a terminal, one rule's card, the tables of rules, problems and claims."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from nonlin.advise.answer import Advice, parts
from nonlin.advise.literature import author_year, cited
from nonlin.advise.problems import PROBLEMS, Problem, seen_by
from nonlin.advise.question import ARCHS, CONSTRAINTS, DEVICES, NORMS, TASKS
from nonlin.advise.row import PARTS, Other, Row, filled
from nonlin.advise.rules import RULES
from nonlin.advise.taught import TAUGHT, VERDICTS, Taught

if TYPE_CHECKING:
    from rich.console import RenderableType

_LABEL = 12
_STYLE: Mapping[str, str] = {"agrees": "green", "narrower": "yellow", "contradicted": "red"}


def _line(label: str, text: Any, style: str = "") -> RenderableType:
    """A label in a narrow column, and a text beside it whose lines are wrapped."""
    from rich.text import Text

    from nonlin.lint.report import Row as Beside

    return Beside(label, text if isinstance(text, Text) else Text(str(text), style=style), _LABEL)


def _head(text: str) -> RenderableType:
    from rich.text import Text

    return Text(text, style="bold")


def _by(keys: str) -> str:
    """Sources in short, in brackets; empty without any."""
    return f" ({'; '.join(author_year(k) for k in keys.split())})" if keys else ""


def _end(spec: str) -> str:
    return "no function" if spec == "identity" else spec


def _question(advice: Advice) -> Iterator[RenderableType]:
    asked = advice.asked
    seen = advice.seen
    what = (
        ("network", ARCHS[asked.arch].name, ARCHS[asked.arch].meaning, "arch"),
        ("task", asked.task, TASKS[asked.task], "task"),
        ("depth", str(asked.depth), "hidden layers" if asked.depth > 1 else "hidden layer", "depth"),
        ("norm", asked.norm, NORMS[asked.norm], "norm"),
        ("runs on", asked.device, DEVICES[asked.device], "device"),
    )
    from rich.text import Text

    if seen is not None:
        yield _head(f"{seen.name}, as it was read")
    for label, word, meaning, key in what:
        why = ""
        if seen is not None and key in seen.how and word == str(getattr(seen, key)):
            why = f"  ({seen.how[key]})" if seen.how[key] else ""
        elif key in asked.assumed:
            why = "  (not told: the usual)"
        text = Text(f"{word} {meaning}" if key == "depth" else f"{word}: {meaning}")
        text.append(why, style="dim")
        yield _line(label, text)
    for c in asked.constraints:
        yield _line("constraint", f"{c}: {CONSTRAINTS[c]}")
    for remark in seen.remarks if seen else ():
        yield _line("not read", remark, "dim")
    if advice.now:
        yield Text("")
        yield _head("The model as it is")
        for line in advice.now:
            good = line.endswith("as recommended")
            yield _line("" if not line.startswith("lint") else "lint", line.removeprefix("lint: "), "green" if good else "")


def _choice(row: Row) -> str:
    if row.part != "output":
        return row.choose
    reads = f"; predictions: {row.reads} of it" if row.reads else ""
    return f"{_end(row.choose)}{' (logits)' if _is_logits(row) else ''}{reads}"


def _other(o: Other, part: str) -> Any:
    from rich.text import Text

    name = _end(o.choice) if part == "output" else o.choice
    loss = f" with {o.torch}" if o.torch else ""
    return Text.assemble((name, "bold"), f"{loss} if {filled(o.when)}", (_by(o.sources), "dim"))


def _short(advice: Advice) -> Iterator[RenderableType]:
    """The answer in a few lines, before its reasons."""
    from rich.text import Text

    yield Text("")
    yield _head("Take")
    output = advice.row("output")
    ending = "" if output.choose == "identity" else f"{output.choose}, then "
    lines = [
        ("hidden", advice.hidden),
        ("output", f"{ending}{output.loss}" + (" of the logits" if _is_logits(output) else "")),
    ]
    lines += [(label, "; ".join(r.choose for r in advice.rows if r.part == part)) for label, part in _SHORT]
    for label, text in lines:
        yield _line(label, Text(text, style="bold cyan"))


_SHORT = (("weights", "init"), ("order", "order"), ("dropout", "dropout"))


def _is_logits(row: Row) -> bool:
    return row.choose == "identity" and row.reads in ("softmax", "sigmoid")


def _part(advice: Advice, part: str, rows: Iterable[Row]) -> Iterator[RenderableType]:
    from rich.text import Text

    from nonlin.advise.spelling import torch_call

    yield Text("")
    yield _head(PARTS[part].capitalize())
    for row in rows:
        call = torch_call(row.choose) if part in ("hidden", "output") else ""
        yield _line("take", Text.assemble((_choice(row), "bold cyan"), f"   {call}" if call else ""))
        if row.loss:
            yield _line("loss", Text.assemble((row.loss, "bold cyan")))
            yield _line("targets", row.targets)
        if part == "init" and advice.gains and row.code.startswith("nonlin.nn.init_"):
            numbers = ", ".join(f"{kind} {value:.6g}" for kind, value in advice.gains.items())
            yield _line("gain", f"{advice.hidden}: {numbers}")
            yield _line("write", row.code.splitlines()[0])
        yield _line("because", Text.assemble(filled(row.reason), (_by(row.sources), "dim")))
        if row.note:
            yield _line("mind", filled(row.note))
        for i, o in enumerate(row.others):
            yield _line("" if i else "or", _other(o, part))
        if row.rules:
            yield _line("checked by", ", ".join(row.rules), "dim")
        yield _line("rule", row.id, "dim")


_TITLES: Mapping[str, str] = {
    "name": "function", "range": "range", "smoothness": "smooth", "dead_zone": "no slope", "gradient_availability": "slope for",
    "zero_centredness": "centred", "lipschitz": "steepest", "gain": "gain", "flops": "operations", "nanoseconds": "time here",
}  # fmt: skip


def _cell(key: str, told: str) -> str:
    """A fact in a table: operations in short, and a dash for what a function of two inputs, or of rows, does not have."""
    if key == "flops":
        return told.replace(" arithmetic", "").removeprefix("0 + ")
    return "-" if told in ("unknown", "none") and key != "dead_zone" else told


def _columns(advice: Advice, width: int) -> list[str]:
    """The facts there is room for."""
    columns = ["name", "range", "smoothness", "dead_zone", "gradient_availability", "zero_centredness", "gain", "flops"]
    if width < 110:
        columns = ["name", "range", "smoothness", "zero_centredness", "gain", "flops"]
    if "nanoseconds" in advice.functions[0]:
        columns[-1:] = ["flops", "nanoseconds"]
    return columns


def _functions(advice: Advice, columns: Iterable[str]) -> RenderableType:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for key in columns:
        table.add_column(_TITLES[key], overflow="fold")
    for i, row in enumerate(advice.functions):
        cells = (_cell(key, row[key]) for key in columns)
        table.add_row(*cells, style="bold" if not i else "")
    return table


_NOTES: Mapping[str, str] = {
    "zero_centredness": "centred: 1 is a mean of 0",
    "gradient_availability": "slope for: share of normal inputs with a gradient",
    "gain": "gain: keeps signals in size",
    "flops": "operations: arithmetic for one number, and functions",
    "nanoseconds": "time here: for one float32 number, NumPy on one thread of this machine",
}
"""What columns mean that do not say it themselves."""


class _Functions:
    """The table of functions, with as many columns as the terminal has room for."""

    def __init__(self, advice: Advice) -> None:
        self.advice = advice

    def __rich_console__(self, console: Any, options: Any) -> Iterator[RenderableType]:
        columns = _columns(self.advice, options.max_width)
        yield _functions(self.advice, columns)
        yield _line("", "; ".join(_NOTES[c] for c in columns if c in _NOTES), "dim")


def _evidence(advice: Advice) -> Iterator[RenderableType]:
    from rich.text import Text

    yield Text("")
    yield _head("Evidence of our own")
    if not advice.evidence.found:
        yield _line("", advice.evidence.sentence)
    for e in advice.evidence.found:
        seeds = f"{e.seeds} seed{'s' if e.seeds > 1 else ''}"
        yield _line("study", Text.assemble(f"{e.task}, {e.recipe}; {seeds}, test accuracy", (f"  {e.path}", "dim")))
        for row in e.rows:
            yield _line("", Text.assemble((f"{row['name']}: ", "bold"), str(row["sentence"])))
    for remark in advice.evidence.remarks:
        yield _line("not read", remark, "dim")


def report(advice: Advice, code: bool = True) -> RenderableType:
    """Return the whole answer: the question, a section for each part, the functions compared, evidence, and the program."""
    from rich.console import Group
    from rich.padding import Padding
    from rich.syntax import Syntax
    from rich.text import Text

    lines: list[RenderableType] = [*_question(advice), *_short(advice)]
    for part, rows in parts(advice).items():
        lines += _part(advice, part, rows)
    lines += [Text(""), _head("The functions compared"), Padding(_Functions(advice), (0, 0, 0, 2))]
    lines += _evidence(advice)
    if code:
        program = Syntax(advice.snippet.rstrip(), "python", theme="ansi_dark", background_color="default", word_wrap=True)
        lines += [
            Text(""),
            Text.assemble(("As a program", "bold"), ("  --code prints it alone", "dim")),
            Padding(program, (0, 0, 0, 2)),
        ]
    return Group(*lines)


# -- tables ---------------------------------------------------------------------------------------------------------


def card(row: Row) -> RenderableType:
    """Return all that is known of one rule."""
    from rich.console import Group
    from rich.text import Text

    lines: list[RenderableType] = [Text.assemble((row.id, "bold"), "  ", PARTS[row.part]), _line("for", str(row.when))]
    lines.append(_line("take", Text(_choice(row), style="bold cyan")))
    lines += [_line("loss", row.loss), _line("targets", row.targets)] if row.loss else []
    lines.append(_line("because", filled(row.reason)))
    lines += [_line("mind", filled(row.note))] if row.note else []
    lines += [_line("" if i else "or", _other(o, row.part)) for i, o in enumerate(row.others)]
    lines += [_line("" if i else "write", line) for i, line in enumerate(row.code.splitlines())]
    lines += [_line("" if i else "sources", cited(k)) for i, k in enumerate(row.sources.split())]
    lines += [_line("checked by", ", ".join(row.rules))] if row.rules else []
    claims = [t for t in TAUGHT.values() if row.id in t.rules]
    for i, t in enumerate(claims):
        lines.append(_line("" if i else "texts say", _claimed(t)))
    return Group(*lines)


def _claimed(t: Taught) -> Any:
    from rich.text import Text

    return Text.assemble(f"{t.case}: {t.says} ", (f"[{t.verdict}]", _STYLE[t.verdict]))


def claim_card(of: Taught) -> RenderableType:
    """Return a claim of teaching texts and what answers it."""
    from rich.console import Group
    from rich.text import Text

    lines: list[RenderableType] = [Text.assemble((of.id, "bold"), "  ", "what teaching texts say")]
    lines += [
        _line("case", of.case),
        _line("they say", of.says),
        _line("verdict", Text(of.verdict, style=_STYLE[of.verdict])),
    ]
    lines += [_line("", VERDICTS[of.verdict], "dim")]
    lines += [_line("note", filled(of.note))] if of.note else []
    lines += [_line("" if i else "rules", name) for i, name in enumerate(of.rules)]
    lines += [_line("" if i else "sources", cited(k)) for i, k in enumerate(of.sources.split())]
    return Group(*lines)


def listing() -> RenderableType:
    """Return every rule, problem and claim, one line or two each."""
    from rich.console import Group
    from rich.text import Text

    lines: list[RenderableType] = []
    for part, title in PARTS.items():
        lines += [Text(""), _head(f"{title.capitalize()}")]
        for row in RULES.values():
            if row.part == part:
                lines.append(Text.assemble((row.id, "bold"), "  ", (str(row.when), "dim")))
                loss = f"; {row.loss}" if row.loss else ""
                lines.append(_line("take", Text.assemble((_choice(row), "cyan"), loss)))
                lines.append(_line("because", Text.assemble(filled(row.reason), (_by(row.sources), "dim"))))
    lines += [Text(""), _head("Problems (nonlin advise --problem NAME)")]
    for p in PROBLEMS.values():
        lines += [Text.assemble((p.id, "bold"), "  ", p.what), _line("do", "; ".join(c.do for c in p.cures))]
    lines += [Text(""), _head("What teaching texts say")]
    for t in TAUGHT.values():
        lines += [Text.assemble((t.id, "bold"), "  ", _claimed(t)), _line("rules", ", ".join(t.rules), "dim")]
        lines += [_line("note", Text.assemble(filled(t.note), (_by(t.sources), "dim")))] if t.verdict != "agrees" else []
    return Group(*lines[1:])


def problem_card(of: Problem) -> RenderableType:
    """Return a problem: why, how to see it, what to do, and the rules that see it."""
    from rich.console import Group
    from rich.text import Text

    lines: list[RenderableType] = [
        Text.assemble((of.id, "bold"), "  ", of.what),
        _line("why", filled(of.why)),
        _line("look", of.look),
    ]
    for i, c in enumerate(of.cures):
        function = f" [{c.function}]" if c.function and c.function != "identity" else ""
        lines.append(
            _line(f"{i + 1}", Text.assemble((c.do + function, "bold"), f": {filled(c.why)}", (_by(c.sources), "dim")))
        )
    lines += [_line("mind", filled(of.note))] if of.note else []
    lines += [_line(r.code, Text.assemble(f"{r.name}: {r.what}")) for r in seen_by(of)]
    lines += [
        _line("" if i else "texts say", _claimed(t)) for i, t in enumerate(t for t in TAUGHT.values() if of.id in t.rules)
    ]
    return Group(*lines)
