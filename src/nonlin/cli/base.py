"""What the commands share: the application, its options, how JSON and errors are printed, how lists are read."""

from __future__ import annotations

import errno
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
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


def function_names(incomplete: str) -> list[str]:
    """Complete a function's id."""
    from nonlin.catalogue import definitions

    return [n for n in definitions() if n.startswith(incomplete)]


Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print no progress and no remarks.")]
Name = Annotated[str, typer.Argument(metavar="FUNCTION", help="A name, or a formula in x.", autocompletion=function_names)]


def console(stderr: bool = False) -> Console:
    """Return the terminal to print on."""
    from rich.console import Console

    return Console(stderr=stderr, highlight=False)


def print_json(value: Any) -> None:
    """Print a JSON document."""
    plain = "utf" not in (sys.stdout.encoding or "").lower()  # a terminal without Unicode gets \\u escapes
    sys.stdout.write(json.dumps(value, indent=2, allow_nan=False, ensure_ascii=plain) + "\n")
    sys.stdout.flush()


def fail(error: NonlinError, as_json: bool, code: int | None = None) -> NoReturn:
    """End the program: 2 for what the user typed, 1 for what went wrong, unless ``code`` says otherwise."""
    if code is None:
        code = USAGE if isinstance(error, UnknownNameError | FormulaError | ParameterError) else FAILURE
    if as_json:
        print_json({"error": str(error), "kind": type(error).__name__})
    else:
        from rich.text import Text

        console(stderr=True).print(Text.assemble(("error: ", "bold red"), str(error)), soft_wrap=True)
    raise typer.Exit(code)


@contextmanager
def sentences(as_json: bool = False, code: int | None = None) -> Iterator[None]:
    """Turn nonlin's errors into a sentence and an exit code, ``code`` if given; a closed pipe ends quietly."""
    try:
        yield
        sys.stdout.flush()
    except NonlinError as error:
        fail(error, as_json, code)
    except KeyboardInterrupt:  # while libraries or data load; a study in training ends by itself and says what it has
        typer.echo("Stopped. Nothing that was finished is lost; the same command goes on from there.", err=True)
        raise typer.Exit(FAILURE) from None
    except OSError as error:
        if (real := sys.__stdout__) is not None and real is sys.stdout:
            os.dup2(os.open(os.devnull, os.O_WRONLY), real.fileno())  # else what is buffered fails again as Python ends
        if error.errno == errno.EPIPE:  # the reader has seen enough: nonlin list | head -1; Rich and --help end with 1 too
            raise typer.Exit(FAILURE) from None
        fail(NonlinError(f"the system refused: {error}"), as_json=False)


class Bar:
    """A progress bar with the time left; each method is a callback of something that takes long."""

    def __init__(self, progress: Any, task: Any) -> None:
        self.progress, self.task = progress, task

    def step(self, what: str, done: int, total: int) -> None:
        """Say what is being done, and how much of it is."""
        self.progress.update(self.task, description=what, completed=done, total=total)

    def download(self, name: str, done: int, total: int) -> None:
        """Show how much of a file has come."""
        self.progress.update(self.task, description=f"downloading {name}", completed=done, total=total or None)

    def start(self, total: float, known: float) -> None:
        """Begin, with so much known already."""
        self.progress.update(self.task, description="training", total=total, completed=known)

    def advance(self, amount: float) -> None:
        """So much more is done."""
        self.progress.advance(self.task, amount)


@contextmanager
def bar(quiet: bool, title: str) -> Iterator[Bar]:
    """Show a progress bar on a terminal; nothing elsewhere, or if ``quiet``."""
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    terminal = console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn(), TextColumn("left"),
               TimeRemainingColumn())  # fmt: skip
    with Progress(*columns, console=terminal, transient=True, disable=quiet or not terminal.is_terminal) as progress:
        yield Bar(progress, progress.add_task(title, total=None))


def split_list(text: str) -> list[str]:
    """Split at commas outside parentheses: ``relu,leaky_relu(slope=0.1),max(x,0)`` has three entries."""
    parts, depth, start = [], 0, 0
    for i, letter in enumerate(text):
        depth += (letter == "(") - (letter == ")")
        if letter == "," and depth == 0:
            parts.append(text[start:i])
            start = i + 1
    return [p.strip() for p in (*parts, text[start:]) if p.strip()]


def listed(text: str | None, option: str) -> list[str]:
    """Split the value of an option; given but empty (an unset shell variable) is an error, not the default."""
    parts = split_list(text or "")
    if text is not None and not parts:
        raise ParameterError(f"{option} is empty; give names separated by commas, or leave it out")
    return parts


def whole_numbers(text: str | None, option: str) -> list[int]:
    """Read an option's comma-separated whole numbers."""
    try:
        return [int(p) for p in listed(text, option)]
    except ParameterError:
        raise
    except ValueError:
        raise ParameterError(f"{option} must be whole numbers separated by commas, not {text!r}") from None


def size_in_bytes(text: str) -> int:
    """Read a size such as ``500M`` or ``2G``."""
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

        with sentences():
            typer.echo(f"nonlin {__version__}")
        raise typer.Exit
