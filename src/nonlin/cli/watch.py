"""``nonlin watch``: look at what a watched training recorded, also while it runs."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated, Any

import typer

from nonlin.cli.base import Json, app, console, print_json, sentences
from nonlin.errors import ParameterError

watch_app = typer.Typer(help="Show, report or serve what nonlin.watch recorded of a training.", no_args_is_help=True)
app.add_typer(watch_app, name="watch")


def _records(incomplete: str) -> list[str]:
    """Complete the path of a record: SQLite files and folders."""
    folder = Path(incomplete).parent if not incomplete.endswith("/") else Path(incomplete)
    try:
        found = sorted(p for p in folder.iterdir() if p.suffix in (".sqlite", ".db") or p.is_dir())
    except OSError:
        return []
    return [f"{p}/" if p.is_dir() else str(p) for p in found if str(p).startswith(incomplete) and not p.name.startswith(".")]


Path_ = Annotated[Path, typer.Argument(metavar="RECORD", help="The record's SQLite file.", autocompletion=_records)]
Number = Annotated[int | None, typer.Option("--run", min=1, help="Number of the run in the record. Default: the last.")]


@watch_app.command("show")
def show_command(record: Path_, run: Number = None, as_json: Json = False) -> None:
    """Print a run's layers, those with alerts first, and its top five alerts."""
    with sentences(as_json):
        from nonlin.watch.record import open_record

        found = open_record(record, run, most=1000)
        if as_json:
            print_json(_document(found))
            return
        from nonlin.watch.table import run_table

        console().print(run_table(found))


def _document(run: Any) -> dict[str, Any]:
    """Return a run as JSON: facts, alerts in order of weight, and the last values of the model and of each layer."""
    from dataclasses import asdict

    from nonlin.watch.history import ranked_alerts

    last = run.last()
    return {
        "record": run.source,
        "run": run.number,
        "runs": run.runs,
        "state": run.state,
        "started": run.started,
        "ended": run.ended or None,
        "about": _finite(dict(run.about)),
        "samples": len(run.samples),
        "last_step": run.last_step,
        "model": _finite(dict(run.samples[-1].model)) if run.samples else {},
        "first_loss": _finite(run.curve("loss")[0][1]) if run.curve("loss") else None,
        "alerts": [_finite({**asdict(a), "severity": a.severity.word, "rule": a.rule.code, "name": a.rule.name,
                            "fix": a.rule.fix}) for a in ranked_alerts(run.alerts)],
        "layers": [{**asdict(la), "last": _finite(last.get(la.name, {}))} for la in run.layers],
    }  # fmt: skip


def _finite(value: Any) -> Any:
    """Return a value with NaN and infinities as the words ``nan``, ``inf`` and ``-inf``, which JSON can hold."""
    if isinstance(value, dict):
        return {k: _finite(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(v) for v in value]
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


@watch_app.command("report")
def report_command(
    record: Path_,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="The HTML file. Default: beside the record.")] = None,
    run: Number = None,
) -> None:
    """Write a run's report as one HTML file that needs nothing else."""
    with sentences():
        from nonlin.watch.page import report
        from nonlin.watch.record import open_record

        target = output or record.with_suffix(".html")
        if target.expanduser().resolve() == record.expanduser().resolve():
            raise ParameterError(f"the record and its report cannot both be {record}; give -o another name")
        typer.echo(str(report(open_record(record, run, most=2000), target)))


@watch_app.command("serve")
def serve_command(
    record: Path_,
    port: Annotated[int, typer.Option(min=0, max=65535, help="On 127.0.0.1. Default: a free one.")] = 0,
    run: Number = None,
) -> None:
    """Show a run in the browser while it goes on, on this machine only; Ctrl-C ends it."""
    with sentences():
        from nonlin.watch.server import serve

        serve(record, port, run, on_start=_tell)


def _tell(url: str) -> None:
    typer.echo(f"{url}\nOpen it in a browser of this machine; Ctrl-C ends the page, and never the training.")
