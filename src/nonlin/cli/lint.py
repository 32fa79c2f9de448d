"""``nonlin lint``: mistakes that need no training, in programs as text or in a live model."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nonlin.cli.base import FAILURE, USAGE, Json, Quiet, app, bar, console, listed, print_json, sentences
from nonlin.errors import DataError, NonlinError, ParameterError, unknown

if TYPE_CHECKING:
    from nonlin.findings import Finding, Severity
    from nonlin.lint.gather import Checked

FORMATS = ("text", "json", "sarif", "github")
LEVELS = ("error", "warning", "info")


def _codes(incomplete: str) -> list[str]:
    """Complete a rule's code, the last of several separated by commas."""
    from nonlin.lint.rules import GROUPS, RULES

    before, comma, last = incomplete.rpartition(",")
    return [f"{before}{comma}{code}" for code in (*GROUPS, *RULES) if code.startswith(last.upper())]


def _rules(incomplete: str) -> list[str]:
    from nonlin.lint.rules import RULES

    words = [*RULES, *(r.name for r in RULES.values())]
    return [w for w in words if w.lower().startswith(incomplete.lower())]


def _levels(incomplete: str) -> list[str]:
    return [w for w in (*LEVELS, "never") if w.startswith(incomplete)]


def _formats(incomplete: str) -> list[str]:
    return [w for w in FORMATS if w.startswith(incomplete)]


@app.command("lint")
def lint_command(
    targets: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="PATH|MODULE:MODEL", help="Files, folders, notebooks, - for standard input; or one live model."
        ),
    ] = None,
    loss: Annotated[
        str | None, typer.Option(help="Of a live model: cross_entropy, bce_logits, mse ..., or module:function.")
    ] = None,
    batch: Annotated[str | None, typer.Option(help="Of a live model: module:function that gives (inputs, targets).")] = None,
    select: Annotated[str | None, typer.Option(help="Only these rules, such as NL1,NL205.", autocompletion=_codes)] = None,
    ignore: Annotated[str | None, typer.Option(help="All but these rules.", autocompletion=_codes)] = None,
    show: Annotated[
        str | None,
        typer.Option(
            help="error, warning or info: the mildest to show. Default: warning; JSON and SARIF hold all.",
            autocompletion=_levels,
        ),
    ] = None,
    most: Annotated[int, typer.Option(min=0, help="Findings to show of each file or model; 0 for all.")] = 5,
    fail_on: Annotated[
        str, typer.Option(help="error, warning, info or never: exit with 1 from here on.", autocompletion=_levels)
    ] = "error",
    style: Annotated[str, typer.Option("--format", help="text, json, sarif or github.", autocompletion=_formats)] = "text",
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write there instead of printing.")] = None,
    baseline: Annotated[Path | None, typer.Option(help="Say nothing of findings that this file holds.")] = None,
    write_baseline: Annotated[
        Path | None, typer.Option(help="Write the findings of now into this file, and exit with 0.")
    ] = None,
    fix: Annotated[bool, typer.Option("--fix", help="Make the edits that provably change nothing but the mistake.")] = False,
    diff: Annotated[bool, typer.Option("--diff", help="Show those edits, and make none.")] = False,
    explain: Annotated[
        str | None, typer.Option(metavar="RULE", help="Explain one rule and end.", autocompletion=_rules)
    ] = None,
    list_rules: Annotated[bool, typer.Option("--list", help="List all rules and end.")] = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Find mistakes that need no training: what fits no loss, undoes itself, or cannot learn.

    Files are read as text: nothing is imported or run. A live model is made by module:make_model, traced, and judged with
    its weights and one batch. Exit codes: 0 nothing at or above --fail-on, 1 findings, 2 a mistake in the command.
    """  # fmt: skip
    style = "json" if as_json else style
    with sentences(style == "json", code=USAGE):  # 1 says that there are findings
        if explain is not None or list_rules:
            _told(explain, style == "json")
            return
        _chosen_word("--format", style, FORMATS)
        floor = _level("--fail-on", fail_on, never=True)
        least = _level("--show", show or ("info" if style in ("json", "sarif") or write_baseline else "warning"))
        checked = _checked(targets or [], loss, batch, quiet)
        if fix or diff:
            checked = _fixed(checked, write=fix and not diff, diff=diff)
            if diff:
                return
        findings = _filtered(checked, select, ignore)
        known = 0
        if write_baseline:
            from nonlin.lint.baseline import write_baseline as written

            written(write_baseline, findings, checked.texts)
            if not quiet:
                typer.echo(
                    f"Wrote {len(findings)} finding{'s' if len(findings) != 1 else ''} into {write_baseline}.", err=True
                )
            return
        if baseline:
            from nonlin.lint.baseline import read_baseline, without_known

            new = without_known(findings, read_baseline(baseline), checked.texts)
            known, findings = len(findings) - len(new), new
        shown = [f for f in findings if f.severity >= least] if least else findings
        _show(shown, checked, style, output, most, quiet, hidden=len(findings) - len(shown), known=known)
        if floor is not None and any(f.severity >= floor for f in findings):
            raise typer.Exit(FAILURE)


# -- what is checked ------------------------------------------------------------------------------------------------


def _checked(targets: list[str], loss: str | None, batch: str | None, quiet: bool) -> Checked:
    """Check programs, or one live model."""
    if not targets:
        raise ParameterError("nothing to check: give files or folders, - for standard input, or module:make_model")
    models = [t for t in targets if ":" in t and not os.path.exists(t)]
    if models:
        if len(targets) > 1:
            raise ParameterError(f"a live model is checked by itself: give {models[0]!r} alone, or only files and folders")
        return _model(models[0], loss, batch, quiet)
    for option, value in (("--loss", loss), ("--batch", batch)):
        if value is not None:
            raise ParameterError(f"{option} is for a live model (module:make_model); programs as text tell their own")
    return _programs(targets, quiet)


def _programs(targets: list[str], quiet: bool) -> Checked:
    from nonlin.lint.gather import check_files, check_text
    from nonlin.lint.source import files

    if "-" in targets:
        if len(targets) > 1:
            raise ParameterError("- is standard input; give it alone")
        return check_text(sys.stdin.read(), "<stdin>")
    for target in targets:
        if not os.path.exists(target):
            raise ParameterError(f"there is no file or folder {target!r}; a live model is written module:make_model")
    paths = files(targets)
    if not paths:
        raise ParameterError(f"no Python file or notebook below {', '.join(map(repr, targets))}")
    with bar(quiet or len(paths) < 8, "reading") as shown:
        return check_files(paths, shown.step)


def _model(spec: str, loss: str | None, batch: str | None, quiet: bool) -> Checked:
    """Check a live model with its loss and one batch."""
    with bar(quiet, "reading the model"):
        from nonlin.lint import lint
        from nonlin.lint.gather import Checked
        from nonlin.lint.model.factories import made

        given = made(batch, "--batch") if batch is not None else None
        criterion: Any = made_loss(loss) if loss is not None and ":" in loss else loss
        return Checked(tuple(lint(made(spec, "the model"), criterion, given)))


def made_loss(spec: str) -> Any:
    """Return the loss that ``module:name`` names: a function of output and targets, or an object that is one."""
    from nonlin.lab.factories import load_object

    return load_object(spec, "--loss")


def _filtered(checked: Checked, select: str | None, ignore: str | None) -> list[Finding]:
    from nonlin.lint import chosen

    return chosen(checked.findings, listed(select, "--select"), listed(ignore, "--ignore"))


def _fixed(checked: Checked, write: bool, diff: bool) -> Checked:
    """Make or show the safe edits; return what is found after them."""
    import difflib

    from nonlin.lint.gather import check_files
    from nonlin.lint.source import fix
    from nonlin.lint.spots import relative

    changed = 0
    for path, text in checked.texts.items():
        if path.startswith("<") or path.endswith(".ipynb"):
            continue  # a notebook's text is only its code
        new = fix(text, [f for f in checked.findings if f.place.file == path])
        if new == text:
            continue
        changed += 1
        if diff:
            lines = difflib.unified_diff(
                text.splitlines(True), new.splitlines(True), f"a/{relative(path)}", f"b/{relative(path)}"
            )
            typer.echo("".join(lines), nl=False)
        elif write:
            _written(Path(path), new)
            typer.echo(f"Changed {relative(path)}", err=True)
    if not changed:
        typer.echo("No edit is provably safe here; --explain tells how to correct a finding by hand.", err=True)
    return check_files([r.path for r in checked.readings]) if write and changed else checked


def _written(path: Path, text: str) -> None:
    """Write a file in the encoding and with the line ends it had."""
    import tokenize

    try:
        with path.open("rb") as stream:
            encoding, _ = tokenize.detect_encoding(stream.readline)
            stream.seek(0)
            ends = b"\r\n" in stream.read()
        with path.open("w", encoding=encoding, newline="\r\n" if ends and "\r\n" not in text else "") as out:
            out.write(text)
    except (OSError, SyntaxError, UnicodeError) as error:
        raise DataError(f"{path} cannot be written: {error}") from error


# -- what is printed ------------------------------------------------------------------------------------------------


def _show(findings: list[Finding], checked: Checked, style: str, output: Path | None, most: int, quiet: bool,
          **counts: int) -> None:  # fmt: skip
    """Print or write the findings in one of the formats."""
    if style == "text":
        _show_text(findings, checked, output, most, quiet, **counts)
        return
    from nonlin import __version__
    from nonlin.lint import output as formats

    if style == "github":
        document: Any = "".join(line + "\n" for line in formats.as_github(findings, checked.texts))
    elif style == "sarif":
        document = formats.as_sarif(findings, checked.texts, __version__)
    else:
        document = formats.as_json(findings, checked.texts, files=checked.files, ignored=checked.ignored, **counts)
    if output is None:
        print_json(document) if style != "github" else typer.echo(document, nl=False)
        return
    import json

    _saved(
        output, document if style == "github" else json.dumps(document, indent=2, allow_nan=False, ensure_ascii=False) + "\n"
    )


def _show_text(findings: list[Finding], checked: Checked, output: Path | None, most: int, quiet: bool, hidden: int,
               known: int) -> None:  # fmt: skip
    from rich.console import Console

    from nonlin.lint.report import report, summary, unread

    parts = [*report(findings, checked.texts, most)]
    if not quiet:
        parts += unread(checked.findings) if hidden else []
        where = f"{checked.files} file{'s' if checked.files != 1 else ''}" if checked.files else "the model"
        parts.append(summary(findings, where, hidden, known, checked.ignored))
    if output is None:
        out = console()
        for part in parts:
            out.print(part, soft_wrap=True)  # the report wraps by itself, all but paths
        return
    import io

    page = Console(file=io.StringIO(), width=120, no_color=True, highlight=False)
    for part in parts:
        page.print(part, soft_wrap=True)
    _saved(output, page.file.getvalue())  # type: ignore[attr-defined]


def _saved(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise DataError(f"--output {str(path)!r} cannot be written: {error.strerror or error}") from error


def _told(explain: str | None, as_json: bool) -> None:
    """Explain one rule, or list all."""
    from dataclasses import asdict

    from nonlin.lint.rules import RULES, docs_link, rule

    rows = list(RULES.values()) if explain is None else [rule(explain)]
    if as_json:
        told = [{**asdict(r), "severity": r.severity.word, "docs": docs_link(r)} for r in rows]
        print_json(told if explain is None else told[0])
        return
    from nonlin.lint.report import card, listing

    console().print(listing() if explain is None else card(rows[0]))


def _level(option: str, word: str, never: bool = False) -> Severity | None:
    from nonlin.findings import Severity

    _chosen_word(option, word, (*LEVELS, "never") if never else LEVELS)
    return None if word == "never" else Severity[word.upper()]


def _chosen_word(option: str, word: str, words: tuple[str, ...]) -> None:
    if word not in words:
        error: NonlinError = unknown(f"value of {option}:", word, words)
        raise error
