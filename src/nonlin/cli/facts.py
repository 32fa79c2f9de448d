"""``nonlin table``: functions compared by what is true of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from nonlin.cli.base import Json, Quiet, app, bar, console, function_names, listed, print_json, sentences

if TYPE_CHECKING:
    from nonlin.catalogue import Definition


def _columns(incomplete: str) -> list[str]:
    from nonlin.facts.presets import columns

    done, _, last = incomplete.rpartition(",")
    return [f"{done},{n}".removeprefix(",") for n in columns() if n.startswith(last)]


def _presets(incomplete: str) -> list[str]:
    from nonlin.facts.presets import PRESETS

    return [n for n in PRESETS if n.startswith(incomplete)]


def _formats(incomplete: str) -> list[str]:
    return [n for n in ("text", "md", "csv") if n.startswith(incomplete)]


def _prepared(found: Sequence[Definition], names: Sequence[str], quiet: bool) -> None:
    """Have the facts of many functions at hand: from the cache of an earlier time, else computed on every processor."""
    from nonlin.facts.many import WORTH, all_facts
    from nonlin.facts.table import FACTS

    if len(found) < WORTH or not any(n in FACTS and not FACTS[n].on_request for n in names):
        return
    with bar(quiet, f"facts of {len(found)} functions") as shown:
        all_facts(found, progress=lambda done, total, name: shown.step(f"facts: {name}", done, total))


@app.command("table")
def table_command(
    functions: Annotated[
        list[str] | None,
        typer.Argument(metavar="[FUNCTION]...", help="Names, formulas in x, or patterns such as '*relu'.",
                       autocompletion=function_names),
    ] = None,
    columns: Annotated[
        str | None, typer.Option(help="Facts to show, separated by commas: range,lipschitz,...", autocompletion=_columns)
    ] = None,
    preset: Annotated[
        str | None,
        typer.Option(help="A ready-made table: classic, gradients, measures, rectifiers or shapes.", autocompletion=_presets),
    ] = None,
    form: Annotated[str, typer.Option("--format", help="text, md (Markdown) or csv.", autocompletion=_formats)] = "text",
    list_columns: Annotated[bool, typer.Option("--list-columns", help="Say what each column tells, and how it is defined.")] = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:  # fmt: skip
    """Compare functions by what is true of them: range, symmetry, kinks, Lipschitz constant, saturation, ...

    For example: nonlin table --columns range,zero_centred,lipschitz sigmoid tanh relu
    """
    with sentences(as_json):
        from nonlin.errors import unknown
        from nonlin.facts.presets import DEFAULT, PRESETS, cell, checked, chosen
        from nonlin.facts.table import FACTS, plain

        if list_columns:
            rows = [{"name": r.name, "title": r.title, "unit": r.unit, "meaning": r.meaning, "definition": r.definition}
                    for r in FACTS.values()]  # fmt: skip
            if as_json:
                print_json(rows)
            else:
                from nonlin.view.facts import column_list

                console().print(column_list())
            return
        if form not in ("text", "md", "csv"):
            raise unknown("format", form, ("text", "md", "csv"))
        if preset is not None and preset not in PRESETS:
            raise unknown("preset", preset, PRESETS)
        ready = PRESETS[preset] if preset else None
        names = checked(listed(columns, "--columns") or (ready.columns if ready else DEFAULT))
        found = chosen(functions or (ready.functions if ready else ()))
        _prepared(found, names, quiet or as_json)
        if as_json:
            made = []
            for d in found:
                cells = {n: cell(d, n) for n in names}
                told = {n: {"value": plain(f.value), "text": f.text, "how": f.how, "note": f.note} for n, f in cells.items()}
                made.append({"name": d.name, "formula": d.formula, "facts": told})
            print_json(made)
            return
        from nonlin.view.facts import facts_csv, facts_markdown, facts_table

        if form == "text":
            console().print(facts_table(found, names))
        else:
            typer.echo((facts_markdown if form == "md" else facts_csv)(found, names), nl=False)
