"""``nonlin diagnose``: what is wrong with a network and its training."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from nonlin.cli.base import Json, Quiet, app, bar, console, fail, print_json, sentences
from nonlin.errors import DataError, ModelError, NonlinError, ParameterError

BESIDE = {"loss": ("LOSS", "loss_fn", "criterion"), "optimizer": ("make_optimizer",)}
"""What is looked for in the module of the model where no option names it."""


@app.command("diagnose")
def diagnose_command(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="Your network: module:make_model.")],
    data: Annotated[str, typer.Option("--data", "-d", help="Inputs and targets: module:make_data.")],
    loss: Annotated[
        str | None,
        typer.Option(
            help="A name such as cross_entropy, or module:function of output and targets. Default: LOSS of the "
            "model's module, or told from the targets."
        ),
    ] = None,
    minutes: Annotated[float, typer.Option(min=0, help="Time to train at most; 0 for lint alone.")] = 2.0,
    steps: Annotated[int, typer.Option(min=0, help="Steps to train at most.")] = 1000,
    optimizer: Annotated[
        str | None, typer.Option(help="module:function of the model. Default: make_optimizer of its module, or Adam.")
    ] = None,
    lr: Annotated[float | None, typer.Option("--lr", "--learning-rate", help="Learning rate.")] = None,
    batch_size: Annotated[int, typer.Option(min=1, help="Samples a step, of data that come without batches.")] = 64,
    seed: Annotated[int, typer.Option(min=0, max=2**31, help="Of initial weights, order of samples and dropout.")] = 0,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Also write the page as one HTML file.")] = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Lint a network, train it for a short while under watch, and say on one page what is wrong and what to do.

    Ctrl-C ends the training and prints what is known so far. Nothing of yours is written or changed.
    """  # fmt: skip
    with sentences(as_json):
        with bar(quiet, "reading the model") as shown:
            import torch

            from nonlin.diagnose import diagnose

            make_model, make_data = _function(model, "model"), _function(data, "--data")
            torch.manual_seed(seed)
            made, given = _made(make_model, model, ModelError), _made(make_data, data, DataError)
            found = diagnose(
                made,
                given,
                _loss(loss, model),
                minutes=minutes,
                steps=steps,
                optimizer=_beside("optimizer", optimizer, model),
                lr=lr,
                batch_size=batch_size,
                seed=seed,
                progress=lambda done, total: shown.step("training", done, total),
            )
        document = found.to_json()
        unwritten: NonlinError | None = None
        if output:
            from nonlin.diagnose.page import write_page

            try:
                document["page"] = str(write_page(found, output))
            except NonlinError as error:  # the diagnosis comes first
                unwritten = error
        if as_json:
            print_json(document)
        else:
            from nonlin.diagnose.text import diagnosis_text

            console().print(diagnosis_text(found))
            if "page" in document:
                typer.echo(f"Page: {document['page']}")
        if unwritten:
            fail(unwritten, as_json=False)


def _function(spec: str, purpose: str) -> Any:
    from nonlin.lab.factories import load_object

    return load_object(spec, purpose)


def _made(function: Any, spec: str, kind: type[NonlinError]) -> Any:
    """Call a factory; what it raises becomes a sentence."""
    try:
        return function()
    except Exception as error:
        raise kind(f"{spec} raised {type(error).__name__}: {error}") from error


def _loss(given: str | None, model: str) -> Any:
    """Return the loss of an option: a name, or ``module:function``."""
    if given is not None and ":" not in given:
        return given
    return _beside("loss", given, model)


def _beside(what: str, given: str | None, model: str) -> Any:
    """Return what an option names, else what the model's module has under a usual name, else None."""
    if given is not None:
        found = _function(given, f"--{what}")
        if not callable(found):
            raise ParameterError(f"--{what} {given!r} is {type(found).__name__}, not a function")
        return found
    import sys

    module = sys.modules.get(model.partition(":")[0].removesuffix(".py"))
    found = next((getattr(module, name) for name in BESIDE[what] if hasattr(module, name)), None)
    return found if isinstance(found, str) or callable(found) else None
