"""``nonlin compare``: train functions against each other."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from nonlin.cli.base import (
    FAILURE,
    Json,
    Quiet,
    app,
    bar,
    console,
    fail,
    function_names,
    listed,
    print_json,
    sentences,
    size_in_bytes,
    whole_numbers,
)
from nonlin.errors import NonlinError, ParameterError


def _task_names(incomplete: str) -> list[str]:
    from nonlin.lab.tasks import TASKS

    return [n for n in TASKS if n.startswith(incomplete)]


def _preset_names(incomplete: str) -> list[str]:
    from nonlin.lab.tasks import PRESETS

    return [n for n in PRESETS if n.startswith(incomplete)]


@app.command("compare")
def compare_command(
    functions: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="FUNCTION",
            help="Names, formulas in x, or label=function. Default: nine common ones.",
            autocompletion=function_names,
        ),
    ] = None,
    activations: Annotated[
        str | None, typer.Option("--activations", "-a", help="The same as one list separated by commas.")
    ] = None,
    task: Annotated[
        str | None,
        typer.Option(help="digits, mnist1d, mnist, fashion_mnist, file.npz or module:function.", autocompletion=_task_names),
    ] = None,
    preset: Annotated[str | None, typer.Option(help="A whole study by name: classic.", autocompletion=_preset_names)] = None,
    layers: Annotated[
        str | None, typer.Option(help="Also compare a network with one function for each hidden layer: relu,relu,tanh.")
    ] = None,
    depth: Annotated[str | None, typer.Option(help="Numbers of hidden layers, each compared: 2,5,10,20.")] = None,
    seeds: Annotated[int | None, typer.Option(min=1, help="Repetitions of each function. Default: 10.")] = None,
    seed: Annotated[int, typer.Option(min=0, max=2**31, help="The first seed.")] = 0,
    baseline: Annotated[str | None, typer.Option(help="The function the others are compared with. Default: relu.")] = None,
    margin: Annotated[
        float | None,
        typer.Option(min=0, max=1, help="Difference in accuracy (0 to 1) that counts as the same. Default: the task's."),
    ] = None,
    net: Annotated[str | None, typer.Option(help="mlp or cnn. Default: mlp.")] = None,
    hidden: Annotated[str | None, typer.Option(help="Widths of the hidden layers: 128,64.")] = None,
    epochs: Annotated[int | None, typer.Option(min=1, help="Passes over the training data.")] = None,
    batch_size: Annotated[int | None, typer.Option(min=1, help="Samples a step.")] = None,
    optimizer: Annotated[str | None, typer.Option(help="adam, adamw, sgd or momentum.")] = None,
    learning_rate: Annotated[float | None, typer.Option("--learning-rate", "--lr", help="Step size.")] = None,
    validation: Annotated[float | None, typer.Option(help="Share of the training data held out.")] = None,
    init: Annotated[str | None, typer.Option(help="Initial weights: gain, glorot, he or torch.")] = None,
    model: Annotated[str, typer.Option(help="Your own network: module:make_model, with activations to swap.")] = "",
    folder: Annotated[str | None, typer.Option("--data", help="Folder that holds data files.")] = None,
    store: Annotated[Path | None, typer.Option(help="The study's file. Default: in nonlin-results/.")] = None,
    report: Annotated[Path | None, typer.Option(help="Where to write the report. Default: beside the study's file.")] = None,
    no_report: Annotated[bool, typer.Option("--no-report", help="Write no report.")] = False,
    memory: Annotated[str, typer.Option(help="Memory for the networks in training.")] = "2G",
    workers: Annotated[int | None, typer.Option(min=1, help="Processes. Default: one a core.")] = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Train functions against each other and rank them, with intervals and tests.

    Without arguments: nine functions, ten seeds, on real handwritten digits, in under a minute.
    Stop it at any time; the same command goes on where it stopped.
    """
    with sentences(as_json):
        from nonlin.lab.compare import default_path, plan, summarise
        from nonlin.lab.study import run
        from nonlin.view.report import html_report, write_text
        from nonlin.view.terminal import comparison_table

        budget = size_in_bytes(memory)
        names = [*(functions or []), *listed(activations, "--activations")]
        with bar(quiet, "loading data") as shown:
            study = plan(
                names or None,
                task=task,
                preset=preset,
                layers=listed(layers, "--layers") or None,
                depths=whole_numbers(depth, "--depth"),
                seeds=seeds,
                seed=seed,
                baseline=baseline,
                margin=margin,
                net=net,
                hidden=whole_numbers(hidden, "--hidden") or None,
                epochs=epochs,
                batch_size=batch_size,
                optimizer=optimizer,
                learning_rate=learning_rate,
                validation=validation,
                init=init,
                factory=model,
                folder=folder,
                progress=shown.download,
            )
            path = store or default_path(study)
            written = report or Path(os.path.splitext(path)[0] + ".html")
            if not no_report and written.expanduser().resolve() == path.expanduser().resolve():
                raise ParameterError(f"the study and its report cannot both be {path}; give one of them another name")
            outcome = run(study, path, workers=workers, memory=budget, on_start=shown.start, on_progress=shown.advance)
        result = summarise(study, path, outcome)
        document = result.to_json()
        unwritten: NonlinError | None = None
        if result.rows and not no_report:
            try:
                document["report"] = str(write_text(written, html_report(document)))
            except NonlinError as error:  # the results come first
                unwritten = error
        if as_json:
            print_json(document)
        elif result.rows:
            console().print(comparison_table(document))
        if outcome.interrupted:
            left = outcome.total - outcome.known - outcome.trained
            typer.echo(
                f"Stopped: {outcome.total - left} of {outcome.total} trials are stored in {path}. "
                "The same command goes on from there.",
                err=True,
            )
        if unwritten:
            fail(unwritten, as_json=False)
        if outcome.interrupted:
            raise typer.Exit(FAILURE)
