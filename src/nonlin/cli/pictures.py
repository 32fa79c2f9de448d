"""``nonlin plot`` and ``nonlin picture``: figures for slides and papers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from nonlin.cli.base import Json, Quiet, app, bar, console, function_names, print_json, sentences
from nonlin.errors import ModelError, NonlinError, ParameterError
from nonlin.view.usual import COLLAPSE, CURVES, FOLDING, LANDSCAPE, RATES

picture_app = typer.Typer(
    help="Draw what functions do in networks: landscape, folding, collapse, rates.", no_args_is_help=True
)
app.add_typer(picture_app, name="picture")


def _either(kind: str) -> Callable[[str], list[str]]:
    def complete(incomplete: str) -> list[str]:
        from nonlin.facts.travel import INITS
        from nonlin.view.figures import LAYOUTS
        from nonlin.view.networks import POINTS

        words = {"init": list(INITS), "data": list(POINTS), "layout": list(LAYOUTS), "panel": list(PANELS)}[kind]
        return [w for w in words if w.startswith(incomplete)]

    return complete


def _groups(incomplete: str) -> list[str]:
    from nonlin.catalogue import definitions

    every = definitions().values()
    return sorted({w for d in every for w in (d.family, *d.labels) if w.startswith(incomplete)})


PANELS = {"value": 0, "gradient": 1, "second": 2}

Functions = Annotated[
    list[str] | None, typer.Argument(metavar="FUNCTION", help="Names or formulas.", autocompletion=function_names)
]

Output = Annotated[Path | None, typer.Option("--output", "-o", help="A .png, .svg or .pdf file.")]
Dark = Annotated[bool, typer.Option("--dark", help="Light letters on a dark ground.")]
Width = Annotated[str | None, typer.Option(help="Width of the figure, such as 88mm or 3.5in; all is scaled together.")]
Dpi = Annotated[int, typer.Option(help="Dots in an inch, of a .png.")]
Language = Annotated[str, typer.Option(help="Language of titles and axes: en or zh.")]
Title = Annotated[str | None, typer.Option(help="Title of the figure.")]
Seed = Annotated[int, typer.Option(min=0, help="Of everything random; the same seed gives the same picture.")]
Init = Annotated[str, typer.Option(help="How weights are scaled: he, glorot, lecun, torch, gain, backward or edge.",
                                   autocompletion=_either("init"))]  # fmt: skip


def _unnamed(functions: tuple[str, ...]) -> str:
    return f"Without names: {', '.join(functions)}."


@app.command("plot")
def plot_command(
    functions: Functions = None,
    family: Annotated[
        list[str] | None,
        typer.Option(help="Draw all of a family or tag, or names like '*elu*'; may be repeated.", autocompletion=_groups),
    ] = None,
    output: Annotated[Path, typer.Option("--output", "-o", help="A .png, .svg or .pdf file.")] = Path("nonlin-plot.png"),
    derivative: Annotated[bool, typer.Option("--derivative", "-d", help="Draw the gradient beside the value.")] = False,
    second: Annotated[bool, typer.Option("--second", help="Draw the second derivative too.")] = False,
    only: Annotated[
        str | None, typer.Option(help="Draw this alone: value, gradient or second.", autocompletion=_either("panel"))
    ] = None,
    log: Annotated[bool, typer.Option("--log", help="Draw sizes of gradients on a logarithmic axis.")] = False,
    vary: Annotated[str | None, typer.Option(help="Draw once for each value of a parameter: slope=0.01,0.1,0.3.")] = None,
    layout: Annotated[
        str | None, typer.Option(help="overlay, or grid with a panel for each. Default: a grid from 9 functions on.",
                                 autocompletion=_either("layout"))
    ] = None,
    marks: Annotated[
        bool | None, typer.Option("--marks/--no-marks", help="Mark kinks, jumps and asymptotes. Default: for up to 4 functions.")
    ] = None,
    row: Annotated[
        int | None, typer.Option(help="Take the x axis as one row of so many entries: what softmax makes of each.")
    ] = None,
    low: Annotated[float, typer.Option(help="Left end of the x axis.")] = CURVES.low,
    high: Annotated[float, typer.Option(help="Right end of the x axis.")] = CURVES.high,
    dark: Dark = False,
    width: Width = None,
    dpi: Dpi = CURVES.dpi,
    language: Language = CURVES.language,
    title: Title = None,
    quiet: Quiet = False,
) -> None:  # fmt: skip
    """Draw functions, and their gradients, into a file."""
    with sentences():
        from nonlin.catalogue import resolve
        from nonlin.errors import unknown
        from nonlin.view.figures import members, plot

        drawn = [resolve(f) for f in functions or []]
        drawn += [d for text in family or [] for d in members(text) if d.name not in {x.name for x in drawn}]
        if not drawn:
            raise ParameterError("there is nothing to draw; name at least one FUNCTION, or a --family")
        if only is not None and only not in PANELS:
            raise unknown("panel", only, PANELS)
        order = 2 if second else 1 if derivative or log else 0
        made = plot(drawn, derivative=order, only=None if only is None else PANELS[only], log=log, layout=layout,
                    vary=None if vary is None else _swept(vary), marks=marks, row=row, low=low, high=high, language=language, title=title,
                    path=output, dark=dark, width=width, dpi=dpi)  # fmt: skip
        _wrote(made, quiet)


def _swept(text: str) -> dict[str, list[float]]:
    """Read ``slope=0.01,0.1,0.3``."""
    name, sign, values = text.partition("=")
    try:
        steps = [float(v) for v in values.split(",") if v.strip()]
    except ValueError:
        steps = []
    if not sign or not name.strip() or not steps:
        raise ParameterError(f"--vary names a parameter and its values, such as slope=0.01,0.1,0.3, and is not {text!r}")
    return {name.strip(): steps}


def _wrote(made: Any, quiet: bool) -> None:
    """Say what the reader should know, and where the figure is."""
    if quiet:
        return
    for note in made.notes:
        typer.echo(f"note: {note}", err=True)
    if made.path is not None:
        typer.echo(f"Wrote {made.path}")


def _tell(kind: str, made: Any, as_json: bool, quiet: bool) -> None:
    """Print the numbers of a picture, as a table or as JSON, and where it is."""
    if as_json:
        print_json(
            {
                "picture": kind,
                "file": None if made.path is None else str(made.path),
                "notes": list(made.notes),
                **made.numbers,
            }
        )
        return
    from nonlin.view.picture_tables import TABLES

    console().print(TABLES[kind](made.numbers))
    _wrote(made, quiet)


def _paper(output: Path | None, kind: str, dark: bool, language: str, width: str | None, dpi: int, title: str | None) -> Any:
    from nonlin.view.paper import Paper

    return Paper(output or Path(f"nonlin-{kind}.png"), dark, language, width, dpi, title)


@picture_app.command("landscape", epilog=_unnamed(LANDSCAPE.functions))
def landscape_command(
    functions: Functions = None,
    output: Output = None,
    layers: Annotated[int, typer.Option(min=1, max=100, help="Hidden layers.")] = LANDSCAPE.layers,
    units: Annotated[int, typer.Option("--units", min=1, max=2048, help="Units in each.")] = LANDSCAPE.width,
    extent: Annotated[float, typer.Option(help="Both inputs go from minus this to this.")] = LANDSCAPE.extent,
    resolution: Annotated[int, typer.Option(min=8, max=1000, help="Points along each side.")] = LANDSCAPE.resolution,
    init: Init = LANDSCAPE.init,
    seed: Seed = 0,
    dark: Dark = False,
    width: Width = None,
    dpi: Dpi = CURVES.dpi,
    language: Language = CURVES.language,
    title: Title = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Draw the output of random deep networks over a square.

    Smooth functions make smooth landscapes, kinks make creases.
    """
    with sentences(as_json):
        from nonlin.view.landscape import landscape

        paper = _paper(output, "landscape", dark, language, width, dpi, title)
        made = landscape(functions or LANDSCAPE.functions, layers=layers, width=units, extent=extent, resolution=resolution,
                         init=init, seed=seed, paper=paper)  # fmt: skip
        _tell("landscape", made, as_json, quiet)


@picture_app.command("folding", epilog=_unnamed(FOLDING.functions))
def folding_command(
    functions: Functions = None,
    output: Output = None,
    data: Annotated[
        str, typer.Option(help="moons, circles, spirals or xor.", autocompletion=_either("data"))
    ] = FOLDING.data,
    layers: Annotated[int, typer.Option(min=1, max=8, help="Hidden layers.")] = FOLDING.layers,
    units: Annotated[
        int, typer.Option("--units", min=2, max=64, help="Units in each; 2 are drawn as they are.")
    ] = FOLDING.width,
    steps: Annotated[int, typer.Option(min=1, max=20000, help="Training steps at most.")] = FOLDING.steps,
    tried: Annotated[int, typer.Option(min=1, max=64, help="Starts, of which the best is drawn.")] = FOLDING.tried,
    samples: Annotated[int, typer.Option(min=20, max=2000, help="Points.")] = FOLDING.samples,
    rate: Annotated[float, typer.Option(help="Learning rate at the start.")] = FOLDING.rate,
    identity: Annotated[
        bool, typer.Option("--identity/--no-identity", help="Add the identity, which bends nothing.")
    ] = FOLDING.identity,
    seed: Seed = 0,
    dark: Dark = False,
    width: Width = None,
    dpi: Dpi = CURVES.dpi,
    language: Language = CURVES.language,
    title: Title = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Train small networks on points in a plane; draw how layers bend it.

    The identity is drawn too, which bends nothing.
    """
    with sentences(as_json):
        from nonlin.view.folding import folding

        paper = _paper(output, "folding", dark, language, width, dpi, title)
        made = folding(functions or FOLDING.functions, data=data, layers=layers, width=units, steps=steps, tried=tried, samples=samples,
                       rate=rate, seed=seed, identity=identity, paper=paper)  # fmt: skip
        _tell("folding", made, as_json, quiet)


@picture_app.command("collapse", epilog=_unnamed(COLLAPSE.functions))
def collapse_command(
    functions: Functions = None,
    output: Output = None,
    layers: Annotated[int, typer.Option(min=2, max=200, help="Affine layers.")] = COLLAPSE.layers,
    units: Annotated[int, typer.Option("--units", min=2, max=1024, help="Units between them.")] = COLLAPSE.width,
    seed: Seed = 0,
    dark: Dark = False,
    width: Width = None,
    dpi: Dpi = CURVES.dpi,
    language: Language = CURVES.language,
    title: Title = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Show that linear layers in a row are one matrix.

    And that a function between them changes that; the identity is drawn beside it.
    """
    with sentences(as_json):
        from nonlin.view.collapse import collapse

        paper = _paper(output, "collapse", dark, language, width, dpi, title)
        made = collapse(functions or COLLAPSE.functions, layers=layers, width=units, seed=seed, paper=paper)
        _tell("collapse", made, as_json, quiet)


@picture_app.command("rates", epilog=_unnamed(RATES.functions))
def rates_command(
    functions: Functions = None,
    output: Output = None,
    model: Annotated[str | None, typer.Option(help="Your network instead of random ones: module:make_model.")] = None,
    data: Annotated[str | None, typer.Option(help="With --model, its inputs: module:make_data.")] = None,
    layers: Annotated[int, typer.Option(min=1, max=200, help="Hidden layers of a random network.")] = RATES.layers,
    units: Annotated[int, typer.Option("--units", min=1, max=8192, help="Units in each.")] = RATES.width,
    samples: Annotated[int, typer.Option(min=1, max=100000, help="Inputs looked at, at most.")] = RATES.samples,
    init: Init = RATES.init,
    seed: Seed = 0,
    dark: Dark = False,
    width: Width = None,
    dpi: Dpi = CURVES.dpi,
    language: Language = CURVES.language,
    title: Title = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Draw how often units are active, layer by layer.

    With the dead and the saturated share. Of random networks with each function, fed with normal
    inputs; or of your own.
    """
    with sentences(as_json):
        if (model is None) != (data is None):
            raise ParameterError("--model and --data belong together: a network and its inputs")
        if model is not None and functions:
            raise ParameterError("give functions, for random networks, or --model, for your own; not both")
        from nonlin.view.paper import suffix_of
        from nonlin.view.rates import rates

        paper = _paper(output, "rates", dark, language, width, dpi, title)
        suffix_of(paper.path)  # before anything takes time
        with bar(quiet or as_json, "running the networks"):
            from nonlin.watch.rates import BAND

            seen = (
                _own(model, data, samples, seed)
                if model and data
                else _random(functions, layers, units, samples, init, seed)
            )
        _tell("rates", rates(seen, band=BAND, paper=paper), as_json, quiet)


def _random(functions: list[str] | None, layers: int, units: int, samples: int, init: str, seed: int) -> dict[str, Any]:
    from nonlin.catalogue import resolve
    from nonlin.watch.rates import normal_inputs, random_network, unit_rates

    inputs = normal_inputs(samples, units, seed)
    made = [resolve(f) for f in functions or RATES.functions]
    return {
        d.name: unit_rates(random_network(d, layers=layers, width=units, init=init, seed=seed), inputs, most=samples)
        for d in made
    }


def _own(model: str, data: str, samples: int, seed: int) -> dict[str, Any]:
    import torch

    from nonlin.lab.factories import load_object
    from nonlin.watch.rates import unit_rates

    torch.manual_seed(seed)
    made = [_made(load_object(spec, purpose), spec) for spec, purpose in ((model, "model"), (data, "--data"))]
    return {model.partition(":")[2]: unit_rates(*made, most=samples)}


def _made(function: Callable[[], Any], spec: str) -> Any:
    """Call a factory; what it raises becomes a sentence."""
    try:
        return function()
    except NonlinError:
        raise
    except Exception as error:
        raise ModelError(f"{spec} raised {type(error).__name__}: {error}") from error
