"""``nonlin gain``, ``depth``, ``edge`` and ``shape``: initialisation and signal propagation."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated, Any

import typer

from nonlin.cli.base import Json, Name, Quiet, app, bar, console, function_names, print_json, sentences

_BIASES = (0.0, 0.05, 0.1, 0.2, 0.5, 1.0)
"""The scales of biases for which ``nonlin edge`` looks for points unless told one."""


def _kinds(incomplete: str) -> list[str]:
    from nonlin.facts.moments import KINDS

    return [k for k in KINDS if k.startswith(incomplete)]


def _inits(incomplete: str) -> list[str]:
    from nonlin.facts.travel import INITS

    return [i for i in INITS if i.startswith(incomplete)]


def _plain(value: Any) -> Any:
    """Return numbers JSON has no word for as null, in lists too."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items()}
    return [_plain(v) for v in value] if isinstance(value, list | tuple) else value


@app.command("gain")
def gain_command(
    name: Name,
    kind: Annotated[
        str | None,
        typer.Option(help="Only this one, as a bare number: forward, variance or backward.", autocompletion=_kinds),
    ] = None,
    as_json: Json = False,
) -> None:
    """Compute the gains of a function: the factor on 1/sqrt(fan) that keeps signals, or gradients, in size."""
    with sentences(as_json):
        from nonlin.errors import ParameterError
        from nonlin.facts.moments import KINDS, elementwise, gain, moments

        definition = elementwise(name)
        if kind is not None:
            value = gain(definition, kind)  # type: ignore[arg-type]
            if as_json:
                print_json({"name": definition.name, "kind": kind, "gain": value, "formula": KINDS[kind][1]})
            else:
                typer.echo(repr(value))
            return
        found = moments(definition)
        gains, reasons = {}, {}
        for k in KINDS:
            try:
                gains[k] = gain(definition, k)  # type: ignore[arg-type]
            except ParameterError as error:  # a step has a forward gain and no backward one
                reasons[k] = str(error)
        if as_json:
            named = {"mean": found.mean, "square": found.square, "slope_square": found.slope_square, "cross": found.cross}
            print_json({"name": definition.name, "gains": gains, "undefined": reasons, "moments": named, "q": found.q})
            return
        from nonlin.view.theory import gain_table

        console().print(
            gain_table(
                definition, found, gains, " ".join([*(f"{r}." for r in reasons.values()), _torch_says(definition.name)])
            )
        )


def _torch_says(name: str) -> str:
    """Say what ``torch.nn.init.calculate_gain`` has for a function of this name; its table is a convention of six entries."""
    table = {
        "relu": "sqrt(2)",
        "tanh": "5/3",
        "sigmoid": "1",
        "selu": "3/4",
        "leaky_relu": "sqrt(2/(1 + slope^2))",
        "identity": "1",
    }
    base = name.partition("(")[0]
    said = f"is {table[base]}, a convention" if base in table else "has no entry for it"
    return f"torch.nn.init.calculate_gain {said}."


@app.command("depth")
def depth_command(
    functions: Annotated[
        list[str], typer.Argument(metavar="FUNCTION", help="Names or formulas.", autocompletion=function_names)
    ],
    layers: Annotated[int, typer.Option(min=1, help="Nonlinear layers.")] = 50,
    width: Annotated[int, typer.Option(min=2, help="Units in each simulated layer.")] = 512,
    init: Annotated[
        str, typer.Option(help="he, glorot, lecun, torch, gain, backward or edge (of chaos).", autocompletion=_inits)
    ] = "he",
    sigma_w: Annotated[float | None, typer.Option(help="Scale of the weights, instead: variance sigma_w^2/fan_in.")] = None,
    sigma_b: Annotated[float | None, typer.Option(help="Scale of the biases, instead.")] = None,
    correlation: Annotated[float, typer.Option(help="Of two inputs at the first layer, -1 to 1.")] = 0.5,
    networks: Annotated[int, typer.Option(min=0, help="Random networks to simulate; 0 for theory alone.")] = 3,
    seed: Annotated[int, typer.Option(min=0, help="Of the simulation.")] = 0,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Draw a .png, .svg or .pdf file.")] = None,
    dark: Annotated[bool, typer.Option("--dark", help="A dark figure.")] = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Follow variance, gradient and correlation through depth, theory beside simulated networks.

    Shows what vanishes (sigmoid), what explodes, and what He's initialisation keeps: nonlin depth relu sigmoid tanh
    """
    with sentences(as_json):
        from nonlin.facts.travel import INITS, travel

        found = []
        with bar(quiet, "simulating") as shown:
            for n, name in enumerate(functions):
                shown.step(name, n, len(functions))
                found.append(travel(name, layers, init=init, width=width, sigma_w=sigma_w, sigma_b=sigma_b, correlation=correlation,
                                    networks=networks, seed=seed))  # fmt: skip
        if output is not None:
            from nonlin.view.depths import depth_figure

            depth_figure(found, dark=dark, path=output)
        if as_json:
            print_json(_travels(found, init, output))
            return
        from nonlin.view.theory import depth_table

        told = f"{init}: {INITS[init].about}." if sigma_w is None else f"sigma_w = {sigma_w:g} as given."
        console().print(depth_table(found, told[:1].upper() + told[1:]))
        if output is not None and not quiet:
            typer.echo(f"Wrote {output}")


def _travels(found: list[Any], init: str, output: Path | None) -> dict[str, Any]:
    from nonlin import __version__
    from nonlin.view.theory import outcome

    rows = [
        {
            "name": t.definition.name,
            "sigma_w": t.sigma_w,
            "sigma_b": t.sigma_b,
            "forward": outcome(t)["forward"],
            "backward": outcome(t)["backward"],
            **{k: vars(getattr(t, k)) for k in ("variance", "gradient", "correlation")},
        }
        for t in found
    ]
    first = found[0]
    made = {"layers": first.layers, "width": first.width, "networks": first.networks, "seed": first.seed, "init": init}
    figure = {} if output is None else {"figure": str(output)}
    document: dict[str, Any] = _plain({"version": __version__, **made, "functions": rows, **figure})
    return document


@app.command("edge")
def edge_command(
    name: Name,
    sigma_w: Annotated[
        float | None, typer.Option(help="Scale of the weights: tell the fixed points there instead of the edge.")
    ] = None,
    sigma_b: Annotated[float | None, typer.Option(help="Scale of the biases. Default: 0 and a few others.")] = None,
    as_json: Json = False,
) -> None:
    """Find the edge of chaos: the scales of weights and biases at which gradients neither vanish nor explode."""
    with sentences(as_json):
        from nonlin.errors import ParameterError
        from nonlin.facts.moments import elementwise
        from nonlin.facts.propagation import edge, half_stable

        definition = elementwise(name)
        if sigma_w is not None:
            _fixed_points(definition, sigma_w, sigma_b or 0.0, as_json)
            return
        rows: list[tuple[float, Any, str]] = []
        for b in _BIASES if sigma_b is None else (sigma_b,):
            try:
                rows.append((b, edge(definition, b), ""))
            except ParameterError as error:
                rows.append((b, (), str(error)))
        if not any(points for _, points, _ in rows):
            raise ParameterError(rows[0][2])
        half = half_stable(definition) if sigma_b is None else ()
        if as_json:
            points = [_point(p) for _, found, _ in rows for p in found]
            reasons = [{"sigma_b": b, "reason": why} for b, _, why in rows if why]
            print_json(
                _plain(
                    {"name": definition.name, "points": points, "half_stable": [_point(p) for p in half], "none": reasons}
                )
            )
            return
        from nonlin.view.theory import edge_table

        console().print(edge_table(definition, rows, half, _edge_notes(rows, half)))


def _fixed_points(definition: Any, sigma_w: float, sigma_b: float, as_json: bool) -> None:
    from nonlin.facts.propagation import fixed_points

    points = fixed_points(definition, sigma_w, sigma_b)
    if as_json:
        told = {"name": definition.name, "sigma_w": sigma_w, "sigma_b": sigma_b, "points": [_point(p) for p in points]}
        print_json(_plain(told))
        return
    from nonlin.view.theory import point_table

    console().print(point_table(definition, points, sigma_w, sigma_b))


def _point(point: Any) -> dict[str, Any]:
    derived = {k: getattr(point, k) for k in ("phase", "variance_depth", "correlation_depth", "gradient_depth")}
    return {**vars(point), **derived, "any_variance": math.isnan(point.q)}


def _edge_notes(rows: list[tuple[float, Any, str]], half: Any) -> list[str]:
    kinds = {p.stability for _, points, _ in rows for p in points}
    notes = [
        "On the edge two inputs approach their final correlation, and gradients change, slower than exponentially: xi is infinite."
    ]
    if "unstable" in kinds:
        notes.append("Unstable: the variance leaves this q from layer to layer, and chi_1 = 1 is lost with it.")
    if half:
        notes.append("Half-stable: approached from one side and left slowly on the other; chi_1 = chi parallel = 1. Where no point without "
                     "biases is stable, initialise here.")  # fmt: skip
    if "neutral" in kinds:
        notes.append("Any: the function is straight on each side of 0, so every variance is kept.")
    return notes


@app.command("shape")
def shape_command(
    name: Name,
    depth: Annotated[int, typer.Option(min=1, help="Nonlinear layers of the network.")],
    method: Annotated[str, typer.Option(help="dks (deep kernel shaping) or tat (tailored activation).")] = "dks",
    slope: Annotated[float, typer.Option(help="For dks, zeta: slope at 1 of the whole network's correlation map.")] = 1.5,
    curvature: Annotated[float, typer.Option(help="For tat, tau: its second derivative at 1.")] = 0.3,
    similarity: Annotated[float, typer.Option(help="For tat of a rectifier, eta: correlation that 0 becomes.")] = 0.9,
    as_json: Json = False,
) -> None:
    """Shape a function so that deep networks train without shortcuts or normalisation: DKS and TAT."""
    with sentences(as_json):
        from nonlin.catalogue import resolve
        from nonlin.facts.shaping import conditions_met, solve_shape

        found = solve_shape(name, depth, method, slope=slope, curvature=curvature, similarity=similarity)  # type: ignore[arg-type]
        conditions = dict(conditions_met(found.definition))
        definition = resolve(name)
        if as_json:
            numbers = {k: getattr(found, k) for k in ("method", "depth", "alpha", "beta", "gamma", "delta", "leak")}
            print_json(
                _plain({"name": definition.name, "formula": found.definition.formula, **numbers, "conditions": conditions})
            )
            return
        from nonlin.view.theory import shape_table

        console().print(shape_table(found, conditions, dict(conditions_met(definition)), definition.name))
