"""``nonlin explore``: the catalogue as one HTML file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from nonlin.cli.base import Json, Quiet, app, bar, function_names, print_json, sentences


@app.command("explore")
def explore_command(
    functions: Annotated[
        list[str] | None,
        typer.Argument(metavar="[FUNCTION]...", help="What is drawn at first: names, or formulas in x; at most seven.",
                       autocompletion=function_names),
    ] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="The HTML file to write.")] = None,
    facts: Annotated[
        bool, typer.Option("--facts/--no-facts", help="Whether to say what is true of each function; takes a minute the first time.")
    ] = True,
    show: Annotated[bool | None, typer.Option("--open/--no-open", help="Open it in the browser; done unless -o is given.")] = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:  # fmt: skip
    """See every function: curves, derivatives, sliders, facts, your own formulas, depth, a playground, in one HTML file.

    The file needs no network and opens by a double click: nonlin explore -o explorer.html gelu silu
    """
    with sentences(as_json):
        from nonlin.explore import explorer, open_in_browser

        with bar(quiet or as_json, "making ready") as progress:
            written = explorer(output, show=functions or (), facts=facts, progress=progress.step)
        opened = open_in_browser(written) if (output is None if show is None else show) else None
        if as_json:
            print_json({"path": str(written), "bytes": written.stat().st_size, "opened": opened})
            return
        if not quiet or output is None:
            size = f"{written.stat().st_size / 1e6:.2f} MB"
            typer.echo(f"Wrote {written} ({size}).")
        if opened is False:
            typer.echo(f"No browser could be opened here. Open the file yourself: {written.resolve().as_uri()}", err=True)
