"""Findings for people: what is wrong, the line, why that is certain, and what to do; a rule's card; the list of rules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from nonlin.findings import Finding, Place, Rule, Severity
from nonlin.lint.rules import GROUPS, RULES, docs_link
from nonlin.lint.spots import columns, line_of, relative

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
    from rich.text import Text

STYLES: Mapping[Severity, str] = {Severity.ERROR: "bold red", Severity.WARNING: "yellow", Severity.INFO: "cyan"}
_WIDEST = 300
"""Longer lines (data, minified text) are cut around the place."""


def report(findings: Sequence[Finding], texts: Mapping[str, str], most: int = 5) -> Iterator[RenderableType]:
    """Yield what to print: the findings of each file or model, the worst first, at most so many of each (0: all)."""
    from rich.text import Text

    groups: dict[str, list[Finding]] = {}
    for found in findings:
        groups.setdefault(found.place.file, []).append(found)
    for members in groups.values():
        shown = members[:most] if most else members
        for found in shown:
            yield _entry(found, texts)
            yield Text("")
        if len(members) > len(shown):
            rest = ", ".join(dict.fromkeys(f.rule.code for f in members[len(shown) :]))
            yield Text(f"and {len(members) - len(shown)} more ({rest}); --most 0 shows all\n", style="dim")


def _entry(found: Finding, texts: Mapping[str, str]) -> RenderableType:
    from rich.console import Group
    from rich.text import Text

    head = Text.assemble((found.severity.word, STYLES[found.severity]), " ", (found.rule.code, "bold"), " ", found.rule.name)
    if found.confidence != "certain":
        head.append(f"  ({found.confidence})", style="dim")
    rows: list[RenderableType] = [Row("", Text(found.message))]
    excerpt = _excerpt(found.place, texts)
    rows += [excerpt] if excerpt is not None else []
    rows.append(Row("why", Text(found.proof or found.rule.why)))
    fix = found.remedy.summary if found.remedy else found.rule.fix
    if found.remedy and found.remedy.expect:
        fix = f"{fix.rstrip('.')}; then {found.remedy.expect}"
    rows.append(Row("fix", Text(fix)))
    for other in found.related[:2]:
        told = _where(other, texts)
        line = Text(line_of(texts.get(other.file, ""), other.line).strip()[:_WIDEST], style="dim")
        if told and (other.file, other.line) != (found.place.file, found.place.line or -1):
            rows.append(Row("see", Text.assemble(told, "  " if line else "", line, no_wrap=True, overflow="ellipsis")))
    return Group(Head(_where(found.place, texts), head), *rows)


class Head:
    """A place and what is said of it, on one line or, where that is too long, on two; the place is never broken."""

    def __init__(self, where: str, text: Text) -> None:
        self.where, self.text = where, text

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        from rich.text import Text

        where = Text(self.where, style="bold", no_wrap=True, overflow="ignore")
        if not self.where:
            yield self.text
        elif len(self.where) + 2 + len(self.text) <= options.max_width:
            yield Text.assemble(where, "  ", self.text)
        else:
            yield from (where, self.text)


class Row:
    """A label at the right of a narrow column, and a text beside it whose lines are wrapped; no blanks at the ends of lines."""

    def __init__(self, label: str, text: Text, width: int = 6) -> None:
        self.label, self.text, self.width = label, text, width

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        from rich.text import Text

        room = max(options.max_width - self.width - 2, 20)
        if self.text.no_wrap:
            lines = [self.text.copy()]
            lines[0].truncate(room, overflow=self.text.overflow)
        else:
            lines = [*self.text.wrap(console, room)] or [Text("")]
        for i, line in enumerate(lines):
            line.rstrip()
            yield Text.assemble((f"{'' if i else self.label:>{self.width}}  ", "dim"), line)


def _where(place: Place, texts: Mapping[str, str]) -> str:
    """``train.py:12:5``, and the layer where only that is known."""
    spot = relative(place.file)
    if spot and place.line:
        start, _ = columns(place, texts)
        spot += f":{place.line}" + (f":{start}" if start else "")
    return spot or (f"layer '{place.layer}'" if place.layer else "")


class Excerpt:
    """A line of a program with its number, and carets under the very words; a long line is shown from near them."""

    def __init__(self, number: int, line: str, start: int, end: int) -> None:
        self.number, self.line, self.start, self.end = number, line, start, end

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        from rich.text import Text

        room = max(options.max_width - 8, 20)
        first = 0
        if min(self.end, self.start + room // 2) > room:
            first = max(min(self.start - room // 4, len(self.line) - room), 0)
        line = f"…{self.line[first + 1 :]}" if first else self.line
        marks = " " * (self.start - first) + "^" * (self.end - self.start)
        yield Row(f"{self.number} |", Text(line[:_WIDEST], no_wrap=True, overflow="ellipsis"))
        yield Row("|", Text(marks[:_WIDEST], style="red", no_wrap=True, overflow="crop"))


def _excerpt(place: Place, texts: Mapping[str, str]) -> Excerpt | None:
    """Return the line of a place, without what it is indented by; None where it is not known."""
    line = line_of(texts.get(place.file, ""), place.line).replace("\t", " ").rstrip()
    if not line.strip():
        return None
    first, last = columns(place, texts)
    lead = len(line) - len(line.lstrip())
    start, end = (max(first - 1, lead), min(last, len(line))) if first else (lead, len(line))
    return Excerpt(place.line, line[lead:], start - lead, end - lead)


def unread(findings: Sequence[Finding]) -> list[RenderableType]:
    """Return a line for each file that could not be read: what is not said about it is no praise."""
    from rich.text import Text

    return [Text(f"not read: {f.message}", style="dim") for f in findings if f.rule.code in ("NL901", "NL902")]


def summary(findings: Sequence[Finding], read: str, hidden: int = 0, known: int = 0, ignored: int = 0) -> str:
    """Return the last line: ``2 errors and 1 warning in 3 files``, and what is not shown."""
    counts = [(sum(f.severity is s for f in findings), s.word) for s in (Severity.ERROR, Severity.WARNING, Severity.INFO)]
    told = [f"{n} {_PLURALS[word] if n != 1 else word}" for n, word in counts if n]
    text = " and ".join(filter(None, [", ".join(told[:-1]), *told[-1:]])) if told else "Nothing found"
    notes = [f"{n} {what}" for n, what in ((hidden, "for information: --show info"), (known, "in the baseline"),
                                           (ignored, "ignored by comments")) if n]  # fmt: skip
    return f"{text} in {read}" + (f" ({'; '.join(notes)})" if notes else "") + "."


_PLURALS = {"error": "errors", "warning": "warnings", "info": "remarks"}


def card(rule: Rule) -> RenderableType:
    """Return all that is known of a rule, with its wrong and its right program."""
    from rich.console import Group
    from rich.padding import Padding
    from rich.syntax import Syntax
    from rich.text import Text

    told = (("what", rule.what), ("why", rule.why), ("fix", rule.fix), ("source", rule.source), ("page", docs_link(rule)),
            ("ignore", f"# nonlin: ignore[{rule.code}] reason"))  # fmt: skip
    rows = [Row(label, Text(text)) for label, text in told]

    def program(title: str, text: str) -> RenderableType:
        body = "".join(letter if letter.isprintable() or letter == "\n" else "?" for letter in text.rstrip())
        code = Syntax(body, "python", theme="ansi_dark", background_color="default", word_wrap=True)
        return Group(Text(title, style="bold"), Padding(code, (0, 0, 1, 2)))

    head = Text.assemble((rule.code, "bold"), " ", rule.name, "  ", (rule.severity.word, STYLES[rule.severity]))
    return Group(head, *rows, Text(""), program("wrong", rule.wrong), program("right", rule.right))


def listing() -> RenderableType:
    """Return the list of all rules."""
    from rich.console import Group
    from rich.text import Text

    lines: list[RenderableType] = []
    for prefix, title in GROUPS.items():
        lines += [Text(""), Text.assemble((prefix, "bold"), "  ", (title, "bold"))]
        for rule in RULES.values():
            if rule.code.startswith(prefix):
                head = Text.assemble((f"{rule.severity.word:<8}", STYLES[rule.severity]), rule.what)
                lines.append(Row(rule.code, head, width=5))
    return Group(*lines[1:])
