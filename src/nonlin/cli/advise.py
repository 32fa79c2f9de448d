"""``nonlin advise``: which functions to take, and what goes with them, from a description, a model, or step by step."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from nonlin.cli.base import Json, Quiet, app, bar, console, print_json, sentences
from nonlin.errors import ParameterError


def _words(table: str) -> Any:
    """Complete a word of one of the tables of questions."""

    def complete(incomplete: str) -> list[str]:
        from nonlin.advise import question

        return [w for w in getattr(question, table) if w.startswith(incomplete)]

    return complete


def _problems(incomplete: str) -> list[str]:
    from nonlin.advise.problems import PROBLEMS

    return [w for w in PROBLEMS if w.startswith(incomplete)]


def _rows(incomplete: str) -> list[str]:
    from nonlin.advise.rules import RULES
    from nonlin.advise.taught import TAUGHT

    return [w for w in (*RULES, *TAUGHT) if w.startswith(incomplete)]


@app.command("advise")
def advise_command(
    model: Annotated[
        str | None, typer.Argument(metavar="[MODULE:MODEL]", help="Read the network from this function or object.")
    ] = None,
    arch: Annotated[
        str | None,
        typer.Option(help="cnn, resnet, mlp, rnn, transformer, gan-generator ...", autocompletion=_words("ARCHS")),
    ] = None,
    task: Annotated[
        str | None,
        typer.Option(
            help="multiclass, binary, multilabel, regression, positive, count, bounded or generation.",
            autocompletion=_words("TASKS"),
        ),
    ] = None,
    depth: Annotated[int | None, typer.Option(help="Hidden layers.")] = None,
    norm: Annotated[
        str | None, typer.Option(help="batch, layer, rms, group or none.", autocompletion=_words("NORMS"))
    ] = None,
    device: Annotated[
        str | None, typer.Option(help="Where it will run: cpu or gpu.", autocompletion=_words("DEVICES"))
    ] = None,
    constraint: Annotated[
        list[str] | None,
        typer.Option(help="int8, latency or smooth; may be repeated.", autocompletion=_words("CONSTRAINTS")),
    ] = None,
    problem: Annotated[
        str | None,
        typer.Option(help="What to do about dying-relu, vanishing, exploding ..., or 'list'.", autocompletion=_problems),
    ] = None,
    rules: Annotated[bool, typer.Option("--rules", help="Show the whole table of rules and end.")] = False,
    explain: Annotated[
        str | None, typer.Option(metavar="RULE", help="Explain one rule or claim and end.", autocompletion=_rows)
    ] = None,
    store: Annotated[
        Path | None, typer.Option(help="Look for evidence in this study or folder. Default: nonlin-results.")
    ] = None,
    loss: Annotated[str | None, typer.Option(help="Of a model: cross_entropy, bce_logits, mse ...")] = None,
    batch: Annotated[str | None, typer.Option(help="Of a model: module:function that gives (inputs, targets).")] = None,
    measure: Annotated[bool, typer.Option("--measure", help="Time the functions on this machine, too.")] = False,
    only_code: Annotated[bool, typer.Option("--code", help="Print only the program.")] = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Recommend activation functions, with the loss, initialisation, order and dropout that go with them, and why.

    From a description (--arch, --task ...), from a model (module:make_model), or, without either in a terminal, step by step.
    """  # fmt: skip
    with sentences(as_json):
        asked = {"arch": arch, "task": task, "depth": depth, "norm": norm, "device": device}
        described = any(v is not None for v in asked.values()) or bool(constraint)
        modes = [("--rules", rules), ("--explain", explain is not None), ("--problem", problem is not None),
                 ("a model", model is not None)]  # fmt: skip
        given = [name for name, there in modes if there]
        if len(given) > 1 or (given and given != ["a model"] and described):
            both = (
                given
                if len(given) > 1
                else [*given, next(f"--{k}" for k, v in asked.items() if v) if any(asked.values()) else "--constraint"]
            )
            raise ParameterError(f"{both[0]} and {both[1]} ask different things; give one of them")
        for option, value in (("--loss", loss), ("--batch", batch)):
            if value is not None and model is None:
                raise ParameterError(f"{option} is for a model (module:make_model)")
        if rules or explain is not None:
            _table(explain, as_json)
            return
        if problem is not None:
            _problem(problem, as_json)
            return
        if model is None and arch is None:
            if as_json or not _asks():
                from nonlin.advise.question import ARCHS

                raise ParameterError(
                    "which network is it? Give --arch ("
                    + ", ".join(ARCHS)
                    + "), a model as module:make_model, --problem or --rules; "
                    "in a terminal, nonlin advise alone asks step by step"
                )
            asked, constraint = _interview(asked, constraint)
        advice = _advice(model, asked, constraint or [], store, loss, batch, measure, quiet or as_json)
        if as_json:
            print_json(advice.to_json())
        elif only_code:
            typer.echo(advice.snippet, nl=False)
        else:
            from nonlin.advise.text import report

            console().print(report(advice))


def _advice(model: str | None, asked: Mapping[str, Any], constraints: list[str], store: Path | None, loss: str | None,
            batch: str | None, measure: bool, quiet: bool) -> Any:  # fmt: skip
    with bar(quiet, "reading the model" if model else "looking up"):
        from nonlin.advise import advise

        if model is None:
            return advise(**asked, constraints=constraints, store=store, measure=measure)
        if ":" not in model:
            raise ParameterError(
                f"{model!r} names no model; write module:make_model. Questions in plain words are not read: give --arch and --task"
            )
        from nonlin.lint.model.factories import made

        given = made(batch, "--batch") if batch is not None else None
        network = made(model, "the model")
        return advise(
            network, **asked, constraints=constraints, store=store, loss=loss, batch=given, measure=measure, factory=model
        )


# -- step by step -----------------------------------------------------------------------------------------------------


def _asks() -> bool:
    """Whether someone sits there to be asked."""
    return sys.stdin.isatty() and sys.stdout.isatty() and not os.environ.get("CI")


def _interview(asked: dict[str, Any], constraints: list[str] | None) -> tuple[dict[str, Any], list[str]]:
    """Ask for what was not given, one question after the other; an empty answer takes the default."""
    from nonlin.advise.question import ARCHS, CONSTRAINTS, DEVICES, NORMS, TASKS

    arch = asked["arch"] or _choose("Which network is it?", {a.name: a.meaning for a in ARCHS.values()}, "mlp")
    row = ARCHS[arch]
    told = dict(asked) | {"arch": arch}
    if told["task"] is None:
        told["task"] = _choose("What does it answer?", {t: TASKS[t] for t in row.tasks}, row.tasks[0])
    if told["depth"] is None:
        told["depth"] = _number("How many hidden layers has it?", row.depth)
    if told["norm"] is None:
        told["norm"] = _choose("Which normalisation has it?", NORMS, row.norm)
    if told["device"] is None:
        told["device"] = _choose("Where will it run?", DEVICES, "gpu")
    if constraints is None:
        none = {"none": "nothing special", **CONSTRAINTS}
        word = _choose("What else must hold? Several are separated by commas.", none, "none", several=True)
        constraints = [w for w in word.split(",") if w != "none"]
    return told, constraints


def _choose(question: str, options: Mapping[str, str], default: str, several: bool = False) -> str:
    """Ask until a word, a number or a beginning of a word is one of the options."""
    names = list(options)
    typer.echo(f"\n{question}", err=True)
    for i, (name, meaning) in enumerate(options.items(), 1):
        typer.echo(f"  {i:>2}  {name:<19}{meaning}", err=True)
    if len(names) == 1:
        typer.echo(f"      {names[0]} it is", err=True)
        return names[0]
    while True:
        answer = typer.prompt("  number or name", default=default, err=True)
        parts = [p.strip().lower() for p in str(answer).split(",")] if several else [str(answer).strip().lower()]
        found = [_option(p, names) for p in parts]
        if all(found):
            return ",".join(f for f in found if f)
        wrong = next(p for p, f in zip(parts, found, strict=True) if not f)
        typer.echo(f"  {wrong!r} is none of them; give a number from 1 to {len(names)} or a name", err=True)


def _option(word: str, names: list[str]) -> str:
    """Return the option meant, or an empty text."""
    if word.isdigit():
        return names[int(word) - 1] if 1 <= int(word) <= len(names) else ""
    begins = [n for n in names if n.startswith(word)] if word else []
    return word if word in names else begins[0] if len(begins) == 1 else ""


def _number(question: str, default: int) -> int:
    from nonlin.advise.question import depth_of

    while True:
        answer = typer.prompt(f"\n{question}", default=str(default), err=True)
        try:
            return depth_of(int(str(answer)) if str(answer).strip().isdigit() else answer)
        except ParameterError as error:
            typer.echo(f"  {error}", err=True)


# -- tables -----------------------------------------------------------------------------------------------------------


def _table(explain: str | None, as_json: bool) -> None:
    """Show one row, or all."""
    from nonlin.advise.answer import told
    from nonlin.advise.problems import PROBLEMS, told_problem
    from nonlin.advise.rules import RULES
    from nonlin.advise.taught import TAUGHT, told_taught
    from nonlin.errors import unknown

    if explain is None:
        if as_json:
            print_json({"rules": [told(r) for r in RULES.values()], "problems": [told_problem(p) for p in PROBLEMS.values()],
                        "taught": [told_taught(t) for t in TAUGHT.values()]})  # fmt: skip
            return
        from nonlin.advise.text import listing

        console().print(listing())
        return
    from nonlin.advise import text

    if explain in RULES:
        print_json(told(RULES[explain])) if as_json else console().print(text.card(RULES[explain]))
    elif explain in TAUGHT:
        print_json(told_taught(TAUGHT[explain])) if as_json else console().print(text.claim_card(TAUGHT[explain]))
    elif explain in PROBLEMS:
        _problem(explain, as_json)
    else:
        raise unknown("rule", explain, [*RULES, *TAUGHT, *PROBLEMS], "nonlin advise --rules shows all.")


def _problem(word: str, as_json: bool) -> None:
    from nonlin.advise.problems import PROBLEMS, problem, told_problem

    if word == "list":
        if as_json:
            print_json([told_problem(p) for p in PROBLEMS.values()])
            return
        for p in PROBLEMS.values():
            typer.echo(f"{p.id:<20}{p.what}")
        return
    found = problem(word)
    if as_json:
        print_json(told_problem(found))
        return
    from nonlin.advise.text import problem_card

    console().print(problem_card(found))
