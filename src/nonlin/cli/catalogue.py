"""``nonlin list`` and ``show``: what the catalogue holds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import typer

from nonlin.cli.base import Json, Name, app, console, print_json, sentences


def _families(incomplete: str) -> list[str]:
    from nonlin.catalogue import definitions

    return sorted({d.family for d in definitions().values() if d.family.startswith(incomplete)})


def _tags(incomplete: str) -> list[str]:
    from nonlin.catalogue import definitions

    return sorted({t for d in definitions().values() for t in d.labels if t.startswith(incomplete)})


def _evidence(incomplete: str) -> list[str]:
    from nonlin.catalogue import EVIDENCE

    return [e for e in EVIDENCE if e.startswith(incomplete)]


@app.command("list")
def list_command(
    pattern: Annotated[
        str | None, typer.Argument(metavar="PATTERN", help="Only names that match, such as '*relu*'.")
    ] = None,
    family: Annotated[str | None, typer.Option(help="Only this family.", autocompletion=_families)] = None,
    tag: Annotated[
        list[str] | None,
        typer.Option(
            help="Only with this tag, such as gated, learnable or periodic; may be repeated.", autocompletion=_tags
        ),
    ] = None,
    evidence: Annotated[
        str | None, typer.Option(help="Only so well founded: paper, peers or single source.", autocompletion=_evidence)
    ] = None,
    as_json: Json = False,
) -> None:
    """List the functions of the catalogue."""
    with sentences(as_json):
        from nonlin.catalogue import EVIDENCE, definitions, matching
        from nonlin.errors import unknown

        every = list(definitions().values())
        columns: tuple[tuple[str, list[str], Callable[[Any], set[str]], set[str]], ...] = (
            ("family", [family] if family else [], lambda d: {d.family}, {d.family for d in every}),
            ("tag", tag or [], lambda d: {*d.labels}, {t for d in every for t in d.labels}),
            ("evidence", [evidence] if evidence else [], lambda d: {d.evidence}, set(EVIDENCE)),
        )
        found = matching(pattern) if pattern else every
        for what, wanted, has, known in columns:
            for word in wanted:
                if word not in known:
                    raise unknown(what, word, known, f"Known are: {', '.join(sorted(known))}.")
                found = [d for d in found if word in has(d)]
        if as_json:
            print_json([_described(d) for d in found])
        else:
            from nonlin.view.terminal import function_list

            console().print(function_list(found))


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
        "tags": list(definition.labels),
        "formula": definition.formula,
        "derivative": slope,
        "parameters": params,
        "noise": definition.random,
        "aliases": list(definition.aliases),
        "shared_names": list(definition.shared),
        "summary": definition.summary,
        "reference": REFERENCES.get(definition.cite, definition.cite) or None,
        "evidence": definition.evidence or None,
    }


def _code_targets(incomplete: str) -> list[str]:
    from nonlin.view.code import TARGETS

    return [t for t in TARGETS if t.startswith(incomplete)]


@app.command("show")
def show_command(
    name: Name,
    target: Annotated[
        str | None,
        typer.Option("--as", help="Print it as code: latex, numpy, torch, jax, c, javascript, onnx or sympy.",
                     autocompletion=_code_targets),
    ] = None,
    order: Annotated[int, typer.Option(min=0, help="With --as: derivatives up to this order.")] = 1,
    about: Annotated[bool, typer.Option("--facts", help="Show what is true of it, and how that is known.")] = False,
    measure: Annotated[bool, typer.Option("--measure", help="With --facts: time it here too.")] = False,
    as_json: Json = False,
) -> None:  # fmt: skip
    """Show one function: formula, derivative, parameters, reference, twins, and a small curve; or its facts, or its code."""
    with sentences(as_json):
        from nonlin.catalogue import resolve
        from nonlin.facts import twins

        definition = resolve(name)
        if target is not None:
            from nonlin.view.code import code

            text = code(definition, target, order)
            if as_json:
                print_json({"name": definition.name, "target": target, "order": order, "code": text})
            else:
                typer.echo(text.rstrip("\n"))
            return
        if about or measure:
            _show_facts(definition, measure, as_json)
            return
        same = [twin.name for twin in twins(definition)]
        if as_json:
            from nonlin.expr.bridge import to_latex

            print_json({**_described(definition), "same_at_defaults": same, "latex": to_latex(definition.textbook)})
        else:
            from nonlin.view.terminal import function_card

            console().print(function_card(definition, same))


def _show_facts(definition: Any, measure: bool, as_json: bool) -> None:
    from nonlin.facts.table import facts

    found = facts(definition)
    timed = [found["nanoseconds"]] if measure else []
    if as_json:
        told = found.to_json([f.name for f in (*found, *timed)])
        print_json({"name": definition.name, "formula": definition.formula, "facts": told})
    else:
        from nonlin.view.facts import facts_card

        console().print(facts_card(definition, timed))
