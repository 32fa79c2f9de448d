"""What the command line prints: the ranked table, a function's card, and lists.

Each function returns something ``rich.console.Console.print`` takes; it is laid out when the terminal's width and encoding
are known. Colour only repeats what words say.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from rich.cells import cell_len
from rich.console import ConsoleOptions, RenderableType
from rich.text import Text

from nonlin.catalogue import EVIDENCE, KINDS, LAW_WORDS, REFERENCES, Definition
from nonlin.expr import derivative, to_text
from nonlin.view import words
from nonlin.view.columns import Col, Fitted, Late, spelled
from nonlin.view.curve import graph
from nonlin.view.sampling import subject, values

VERDICT_STYLES: Mapping[str, str] = {
    "better": "green", "worse": "red", "the same": "cyan", "baseline": "bold", "diverges": "red", "undecided": "dim",
    "too few seeds": "dim",
}  # fmt: skip
STATE_STYLES: Mapping[str, str] = {"ok": "green", "note": "yellow", "fault": "bold red"}

Lines = Iterator[RenderableType]


def comparison_table(result: Mapping[str, Any]) -> RenderableType:
    """Return the ranked table of a study, one per depth, with what its numbers mean and where the study is kept.

    Args:
        result: what ``Result.to_json()`` returns; ``report``, the path of its report, is mentioned if present.
    """

    def lines(options: ConsoleOptions) -> Lines:
        study, depths = result["study"], words.by_depth(result["rows"])
        yield _text(f"{study['task']}: test accuracy after training", options, "bold")
        single = "" if len(depths) > 1 else f"{words.network(study, next(iter(depths), 0))}; "
        yield from _wrapped(f"{single}{words.training(study)}", options, style="dim")
        if missing := words.unfinished(result):
            yield from _wrapped(missing, options, style="yellow")
        absent: list[str] = []
        for depth, rows in depths.items():
            if len(depths) > 1:
                yield ""
                yield _text(words.section(study, depth), options, "bold")
            yield ""
            table = Fitted(_comparison_columns(rows))
            absent += [head for head in table.left_out(options) if head not in absent]
            yield table
        yield ""
        if not depths:
            yield _text("No seed is complete yet, so there is nothing to rank.", options)
            return
        yield from _facts([f for f in words.how_to_read(result) if f[0] not in absent], options)
        if absent:
            yield from _wrapped(f"No room here for: {', '.join(absent)}. A wider terminal, the report, and --json have all.",
                                options, style="dim")  # fmt: skip
        for remark in words.remarks(result["rows"]):
            yield from _wrapped(remark, options)
        if study.get("note"):
            yield from _wrapped(f"Note: {study['note']}", options)
        yield ""
        yield _text(f"Study:  {result['store']}", options)
        if result.get("report"):
            yield _text(f"Report: {result['report']}", options)

    return Late(lines)


def _comparison_columns(rows: words.Rows) -> list[Col]:
    d, baseline = words.decimals_for(rows), rows[0]["baseline"]
    level = f"{100 * (1 - rows[0]['alpha']):g} % interval"
    own = [words.interval(r["low"], r["high"], d) for r in rows]
    paired = [words.interval(r["diff_low"], r["diff_high"], d, sign=True) for r in rows]
    made = [
        Col("rank", [words.rank(r) for r in rows]),
        Col("function", [(r["name"], "bold" if r["verdict"] == "baseline" else "") for r in rows], wrap=14),
        Col("accuracy", [words.points(r["mean"], d) for r in rows], right=True, short="acc."),
        Col(level, own, drop=5, style="dim", short="of acc."),
        Col(f"vs {baseline}", [words.points(r["difference"], d, sign=True) for r in rows], right=True),
        Col(f"its {level}", paired, drop=1, style="dim", short="interval"),
        Col("verdict", [(r["verdict"], VERDICT_STYLES.get(r["verdict"], "")) for r in rows]),
        Col("dead", [words.dead(r) for r in rows], right=True, drop=3),
        Col("ms/epoch", [words.milliseconds(r["seconds_per_epoch"]) for r in rows], right=True, drop=4, short="ms"),
        Col("diverged", [(f"{r['diverged']} of {r['n']}", "red") if r["diverged"] else "0" for r in rows], right=True),
    ]
    return made if any(r["diverged"] for r in rows) else made[:-1]


def function_card(definition: Definition, same: Sequence[str] = ()) -> RenderableType:
    """Return everything about one function: formula, parameters, reference, values, graphs; ``same`` names its twins."""

    def lines(options: ConsoleOptions) -> Lines:
        plain = options.ascii_only
        title = definition.name if definition.family == "formula" else definition.title
        about = ", ".join(dict.fromkeys((definition.kind, definition.family.replace("formula", definition.kind))))
        yield Text.assemble((spelled(title, options), "bold"), "  ", (about, "dim"))
        if definition.summary:
            yield from _wrapped(definition.summary, options)
        yield ""
        yield from _facts(list(_about(definition, plain, same)), options, style="cyan")
        yield ""
        what = subject(definition)
        if what:
            yield _text(f"Drawn and tabulated: {what}.", options, "dim")
        yield _values(definition)
        yield ""
        yield from _graphs(definition, options)

    return Late(lines)


def _about(definition: Definition, plain: bool, same: Sequence[str]) -> Iterator[tuple[str, str]]:
    shown = str if plain else words.pretty
    yield "f(x)", shown(definition.formula)
    if definition.kind == "elementwise":
        yield ("f'(x)" if plain else "f′(x)"), shown(to_text(derivative(definition.at_rest())))
    else:
        yield "kind", KINDS[definition.kind]
        yield "derivative", "not one formula: nonlin.get(name).grad(x) gives it"
    if not plain and shown(definition.formula) != definition.formula:
        yield "to type", definition.formula
    for name, p in definition.settable.items():
        per = ", one per channel" if p.per == "channel" else ""
        learned = f"; learned in training{per}" if p.learnable else ""
        yield name, f"{float(p.default):.6g}; allowed: {p.range_text()}{learned}"
    for name, law in definition.random.items():
        yield name, f"noise: {LAW_WORDS[law]}, drawn for every element while training"
    if definition.family != "formula":
        yield "names", ", ".join(dict.fromkeys((definition.name, definition.title, *definition.aliases)))
    if definition.context:
        yield "parameters", f"from {definition.context}"
    if definition.shared:
        yield "ambiguous", f"{', '.join(definition.shared)}: the name of other functions too, so say {definition.name}"
    if same:
        yield "the same as", f"{', '.join(same)}, at the default parameters"
    if definition.cite:
        yield "from", REFERENCES.get(definition.cite, definition.cite)
    if definition.evidence:
        yield "evidence", f"{definition.evidence}: {EVIDENCE[definition.evidence]}"


def _values(definition: Definition) -> Fitted:
    x = np.array([-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0])
    rows = [Col("x", ["f(x)", "f′(x)"])]
    heights, slopes = (values(definition, x, order) for order in (0, 1))
    for n, at in enumerate(x):
        # the outermost columns are the first to go
        rows.append(Col(f"{at:g}", [f"{heights[n]:.4g}", f"{slopes[n]:.4g}"], right=True, drop=int(abs(at))))
    return Fitted(rows)


def _graphs(definition: Definition, options: ConsoleOptions) -> Lines:
    """Yield the value's and the derivative's graph, side by side where there is room."""
    side_by_side = options.max_width >= 72
    width = min(48, (options.max_width - 4) // 2) if side_by_side else min(48, options.max_width)
    titles = ["f(x)", spelled("f′(x)", options)]
    drawn = [graph(definition, order, width=width, unicode=not options.ascii_only) for order in (0, 1)]
    blocks = [[f"{t:^{width}}", *lines] for t, lines in zip(titles, drawn, strict=True)]
    rows = [f"{a}    {b}" for a, b in zip(*blocks, strict=True)] if side_by_side else [*blocks[0], "", *blocks[1]]
    for row in rows:
        yield Text(row.rstrip(), no_wrap=True, overflow="crop")


def function_list(definitions: Sequence[Definition]) -> RenderableType:
    """Return the table of functions: name, formula, parameters, aliases, family, kind."""

    def lines(options: ConsoleOptions) -> Lines:
        ordered = sorted(definitions, key=lambda d: (d.family, d.name))
        ends = [n for n, d in enumerate(ordered[:-1]) if d.family != ordered[n + 1].family]
        params = [", ".join(f"{n}={float(p.default):.4g}" for n, p in d.settable.items()) for d in ordered]
        yield Fitted(
            [
                Col("name", [(d.name, "bold") for d in ordered]),
                Col("formula", [d.formula if options.ascii_only else words.pretty(d.formula) for d in ordered], wrap=22),
                Col("parameters", params, wrap=14, drop=1),
                Col("also called", [", ".join(d.aliases) for d in ordered], wrap=16, drop=3),
                Col("family", [d.family for d in ordered], drop=2),
                Col("kind", [d.kind for d in ordered], drop=4),
                Col("evidence", [d.evidence for d in ordered], drop=5),
            ],
            sections=ends,
        )
        yield ""
        yield from _wrapped(f"{words.count(len(ordered), 'function')}. `nonlin show NAME` tells more about one; wherever a "
                            "name is taken, a formula in x is too: 'x*tanh(exp(x))'.", options, style="dim")  # fmt: skip

    return Late(lines)


def data_table(rows: Sequence[Any]) -> RenderableType:
    """Return the table of data sets, and below it why each can or cannot be used now.

    Args:
        rows: objects with ``name, title, available, why, where, licence, size_bytes, shape, n_train, n_test, home``.
    """

    def lines(options: ConsoleOptions) -> Lines:
        yield Fitted(
            [
                Col("name", [(r.name, "bold") for r in rows]),
                Col("usable now", [("yes", "green") if r.available else ("no", "yellow") for r in rows]),
                Col("train", [f"{r.n_train:,}" for r in rows], right=True),
                Col("test", [f"{r.n_test:,}" for r in rows], right=True),
                Col("shape", ["×".join(map(str, r.shape)) for r in rows]),
                Col("size", [_size(r.size_bytes) for r in rows], right=True, drop=2),
                Col("licence", [r.licence for r in rows], wrap=14, drop=1),
                Col("title", [r.title for r in rows], wrap=24, drop=3),
            ]
        )
        yield ""
        facts = [(r.name, f"{r.why}; from {r.where}" if r.where else f"{r.why}") for r in rows]
        yield from _facts(facts, options, style="bold")
        yield from _wrapped("Your own data: --task file.npz, or --task module:function.", options, style="dim")

    return Late(lines)


def doctor_table(checks: Sequence[Any]) -> RenderableType:
    """Return the table of an installation's checks: objects with ``name``, ``state`` (ok, note, fault) and ``text``."""

    def lines(options: ConsoleOptions) -> Lines:
        yield Fitted(
            [
                Col("check", [c.name for c in checks]),
                Col("state", [(c.state, STATE_STYLES.get(c.state, "")) for c in checks]),
                Col("finding", [c.text for c in checks], wrap=20),
            ]
        )
        faults = sum(c.state == "fault" for c in checks)
        yield ""
        if faults:
            yield _text(f"{words.count(faults, 'fault')} found.", options, "bold red")
        else:
            yield _text("No faults.", options, "green")

    return Late(lines)


def timing_table(timings: Sequence[Any]) -> RenderableType:
    """Return the table of ``nonlin bench``: objects with ``what, size, dtype, threads, us`` and ``ratios``."""

    def lines(options: ConsoleOptions) -> Lines:
        first = timings[0]
        sides = list(dict.fromkeys(side for t in timings for side in t.us))
        yield _text(f"{first.dtype}, {words.count(first.threads, 'thread')}; microseconds, median of turns", options, "bold")
        columns = [Col("what", [t.what for t in timings]), Col("elements", [f"{t.size:,}" for t in timings], right=True)]
        for side in sides:
            columns.append(Col(side, [_us(t.us.get(side)) for t in timings], right=True))
        others = [side for side in sides if side != "nonlin"]
        for side in others:
            cells = [f"{t.ratios[side]:.2f}" if side in t.us else "" for t in timings]
            columns.append(Col(f"{side}/nonlin", cells, right=True, style="bold", short=f"/{side}"))
        yield Fitted(columns)
        yield ""
        yield from _wrapped("A ratio above 1 says how many times faster nonlin is; for the copy of the same bytes, which is the "
                            "limit set by memory, how near it comes to 1.", options, style="dim")  # fmt: skip

    return Late(lines)


def _us(time: float | None) -> str:
    return "" if time is None else f"{time:,.1f}" if time < 1000 else f"{time:,.0f}"


def _size(size_bytes: int) -> str:
    return "–" if not size_bytes else f"{size_bytes / 1e6:.1f} MB" if size_bytes >= 1e5 else f"{size_bytes / 1e3:.0f} kB"


def _text(text: str, options: ConsoleOptions, style: str = "") -> Text:
    return Text(spelled(text, options), style=style, overflow="fold")


def _wrapped(text: str, options: ConsoleOptions, style: str = "") -> Lines:
    for line in textwrap.wrap(spelled(text, options), min(100, options.max_width)):
        yield Text(line, style=style, overflow="fold")


def _facts(facts: Sequence[tuple[str, str]], options: ConsoleOptions, style: str = "dim") -> Lines:
    """Yield a list of terms and their texts, the texts in one column."""
    terms = [spelled(t, options) for t, _ in facts]
    margin = min(16, max(map(cell_len, terms), default=0)) + 2
    for term, (_, text) in zip(terms, facts, strict=True):
        rest = textwrap.wrap(spelled(text, options), max(24, min(100, options.max_width) - margin)) or [""]
        gap = max(2, margin - cell_len(term))
        yield Text.assemble((term, style), " " * gap, rest[0], overflow="fold")
        for line in rest[1:]:
            yield Text(" " * margin + line, overflow="fold")
