"""What the command line prints of other libraries: the table of ports, and how exact implementations are."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from rich.console import ConsoleOptions, RenderableType

from nonlin.view import words
from nonlin.view.columns import Col, Fitted, Late
from nonlin.view.terminal import Lines, _text, _wrapped

VERDICTS = {"ours": ("nonlin", "green"), "theirs": ("theirs", "yellow"), "same": ("–", "dim")}
ORDERS = ("f", "f′", "f″")


def port_table(rows: Sequence[Any], source: str, target: str) -> RenderableType:
    """Return the table of ports, and below it what goes wrong where only the name is ported.

    Args:
        rows: objects with ``source, target, ours, instead, arguments, warnings, notes``.
        source: title of the library ported from.
        target: title of the library ported to.
    """

    def lines(options: ConsoleOptions) -> Lines:
        yield _text(f"{source} → {target}: the same function, argument by argument", options, "bold")
        yield ""
        targets = [row.target or (f"none: {row.instead}" if row.instead else "none") for row in rows]
        yield Fitted(
            [
                Col(source, [(row.source, "bold") for row in rows], wrap=24),
                Col(target, [(t, "" if row.target else "yellow") for row, t in zip(rows, targets, strict=True)], wrap=24),
                Col("the function", [row.ours for row in rows], drop=1, style="dim", wrap=14),
                Col("!", [("!", "yellow") if row.warnings else "" for row in rows]),
            ]
        )
        told = [(row.source, "; ".join(row.warnings)) for row in rows if row.warnings]
        if told:
            yield ""
            yield _text("Where the name alone would mislead (!):", options, "bold")
            for name, text in told:
                yield from _wrapped(f"{name}: {text}", options)
        notes = [(row.source, "; ".join(row.notes)) for row in rows if row.notes]
        if notes and len(rows) <= 12:
            yield ""
            for name, text in notes:
                yield from _wrapped(f"{name}: {text}", options, style="dim")
        missing = sum(not row.target for row in rows)
        yield ""
        yield from _wrapped(
            f"{words.count(len(rows), 'function')}, {missing} without a counterpart: there nonlin's module stands in. "
            "Arguments not shown are at their defaults.", options, style="dim")  # fmt: skip

    return Late(lines)


def verify_table(checks: Sequence[Any]) -> RenderableType:
    """Return how exact each implementation is beside ours, what it gives at the ends, and how the numbers are meant.

    Args:
        checks: objects with ``function, name, source, dtype, points, theirs, ours, limits, corners, faults``.
    """

    def lines(options: ConsoleOptions) -> Lines:
        for source in dict.fromkeys(check.source for check in checks):
            chosen = [check for check in checks if check.source == source]
            yield _text(f"{source}: worst error in ulps, theirs and nonlin's", options, "bold")
            yield ""
            yield Fitted(_columns(chosen), sections=_ends(chosen))
            told: dict[str, dict[str, None]] = {}
            for check in chosen:
                told.setdefault(check.name, {}).update(dict.fromkeys(_remarks(check)))
            if any(told.values()):
                yield ""
                for name, remarks in told.items():
                    if remarks:
                        yield from _wrapped(f"{name}: {'; '.join(remarks)}", options)
            yield ""
            yield from _wrapped(_summary(chosen), options)
            yield ""
        yield from _wrapped(
            "An ulp is the distance between two neighbouring numbers of the type at the exact result, which mpmath "
            "computes from the textbook formula; what the rounding of the input explains (2 ulps for each unit of the "
            "condition number) "
            f"is taken off. Compared at {_points(checks)} inputs: tails, kinks and their neighbours, the smallest and "
            "largest numbers, and random ones. 'lost' counts results that are NaN or infinite and should not be. "
            "Derivatives of theirs are by their own autograd.", options, style="dim")  # fmt: skip

    return Late(lines)


def _columns(checks: Sequence[Any]) -> list[Col]:
    from nonlin.peers.checks import better

    verdicts = [better(check) for check in checks]
    cols = [
        Col("function", [(check.function, "bold") for check in checks], wrap=12),
        Col("theirs", [check.name for check in checks], wrap=14, drop=2, style="dim"),
        Col("type", [check.dtype for check in checks], drop=1),
    ]
    for order, head in enumerate(ORDERS):
        theirs = [_cell(check.theirs, order) for check in checks]
        ours = [_cell(check.ours, order) for check in checks]
        marks = [VERDICTS[v[order]][1] if order < len(v) else "" for v in verdicts]
        cols.append(Col(head, theirs, right=True))
        cols.append(Col("ours", [(text, mark) for text, mark in zip(ours, marks, strict=True)], right=True))
    cols.append(Col("lost", [_lost(check) for check in checks], right=True))
    cols.append(Col("at ±inf", [_limits(check) for check in checks], short="±inf"))
    return cols


def _ends(checks: Sequence[Any]) -> list[int]:
    """Rows after which another function begins, where each has several."""
    if len({check.dtype for check in checks}) < 2:
        return []
    return [n for n, check in enumerate(checks[:-1]) if check.name != checks[n + 1].name]


def _cell(sides: Sequence[Any], order: int) -> str:
    if order >= len(sides):
        return ""
    side = sides[order]
    return "none" if side.missing else ulps(side.ulps)


def ulps(value: float) -> str:
    """Return an error in ulps as text: two digits, and powers of ten from 1,000 on.

    >>> ulps(0.512), ulps(37.2), ulps(1.55e7)
    ('0.51', '37', '1.6e7')
    """
    if value < 10:
        return f"{value:.2f}" if value < 0.995 else f"{value:.1f}"
    if value < 1000:
        return f"{value:.0f}"
    exponent = math.floor(math.log10(value))
    return f"{value / 10**exponent:.1f}e{exponent}"


def _lost(check: Any) -> str | tuple[str, str]:
    theirs, ours = (sum(side.lost for side in sides) for sides in (check.theirs, check.ours))
    text = f"{theirs}" + (f" / {ours}" if ours else "")
    return (text, "red") if theirs or ours else ""


def _limits(check: Any) -> str | tuple[str, str]:
    wrong = [n for n in check.limits if n.theirs_wrong]
    return (f"{len(wrong)} of {len(check.limits)} wrong", "red") if wrong else ("ok" if check.limits else "")


def _remarks(check: Any) -> list[str]:
    """Sentences on one check: missing derivatives, the worst limits, rival conventions at kinks."""
    told = [f"{ORDERS[n]}: {side.missing}" for n, side in enumerate(check.theirs) if side.missing][:1]
    value = [n for n in check.limits if n.theirs_wrong and n.order == 0]
    told += [f"f({_end(n.at)}) is {n.theirs:g}, the limit {n.exact:g}" for n in value]
    told += [f"{ORDERS[c.order]}({c.at:g}) is {c.theirs:g}, nonlin's {c.ours:g}" for c in check.corners if c.order == 1]
    return told


def _end(at: float) -> str:
    return "inf" if at > 0 else "-inf"


def _summary(checks: Sequence[Any]) -> str:
    """Return in a sentence how often each is more exact."""
    from nonlin.peers.checks import better

    verdicts = [v for check in checks for v in better(check)]
    parts = [f"nonlin in {verdicts.count('ours')}", f"theirs in {verdicts.count('theirs')}"]
    return f"More exact of {words.count(len(verdicts), 'comparison')}: {', '.join(parts)}; the rest are alike."


def _points(checks: Sequence[Any]) -> str:
    counts = sorted({check.points for check in checks})
    return f"{counts[0]}" if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"
