"""What the commands on initialisation and signal propagation print."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from rich.console import ConsoleOptions, RenderableType

from nonlin.catalogue import Definition
from nonlin.facts.moments import KINDS, Moments
from nonlin.facts.propagation import FixedPoint
from nonlin.facts.shaping import Shape
from nonlin.facts.travel import Track, Travel
from nonlin.view.columns import Col, Fitted, Late
from nonlin.view.terminal import Lines, _facts, _text, _wrapped
from nonlin.view.words import count

VERDICTS: Mapping[str, str] = {
    "vanishes": "vanishes",
    "explodes": "explodes",
    "shrinks": "shrinks",
    "grows": "grows",
    "kept": "is kept",
    "unknown": "is lost",
}
_STYLES = {"vanishes": "red", "explodes": "red", "shrinks": "yellow", "grows": "yellow", "kept": "green", "unknown": "dim"}
_FAR, _NEAR = 1e3, 3.0
"""Factors over all layers from which a signal vanishes or explodes, and below which it is kept."""


def number(value: float) -> str:
    """Return a number for a table: four digits, powers of ten where it is very large or small, words where it is none.

    >>> number(0.25), number(3.2e-17), number(float("inf"))
    ('0.25', '3.2e-17', 'infinite')
    """
    if math.isnan(value):
        return "–"
    if abs(value) < 1e-290:
        return "0"
    return "infinite" if math.isinf(value) else f"{value:.4g}"


def verdict(ratio: float) -> str:
    """Return the key of :data:`VERDICTS` for the factor by which a mean square changed over all layers."""
    if math.isnan(ratio):
        return "unknown"
    if ratio < 1 / _FAR or ratio > _FAR:
        return "vanishes" if ratio < 1 else "explodes"
    if 1 / _NEAR <= ratio <= _NEAR:
        return "kept"
    return "shrinks" if ratio < 1 else "grows"


def measured(travel: Travel, track: Track, index: int) -> float:
    """Return the simulated median at a layer, or theory where nothing was simulated."""
    return track.median[index] if travel.networks else track.theory[index]


def outcome(travel: Travel) -> dict[str, str]:
    """Return, for ``forward`` and ``backward``, the verdict on the simulated network (on theory where none was)."""
    forward = measured(travel, travel.variance, travel.layers) / measured(travel, travel.variance, 0)
    return {"forward": verdict(forward), "backward": verdict(measured(travel, travel.gradient, 0))}


def wandering(travel: Travel) -> str:
    """Return what to know where theory keeps a variance that a network of finite width cannot; empty elsewhere."""
    kept = verdict(travel.variance.theory[-1] / travel.variance.theory[0]) == "kept"
    if not (kept and travel.chi_parallel > 1 + 1e-6):
        return ""
    return (
        f"{travel.definition.name}: the variance that theory keeps is one that repels (chi parallel = {travel.chi_parallel:.4g}), so the "
        "chance deviations of a network of finite width grow with depth and it leaves theory's path."
    )


def _told(state: str) -> tuple[str, str]:
    return VERDICTS[state], _STYLES[state]


def depth_table(travels: Sequence[Travel], about: str) -> RenderableType:
    """Return the table of signals after all layers, theory beside simulation, and a second one layer by layer."""

    def lines(options: ConsoleOptions) -> Lines:
        first = travels[0]
        wide = (
            f", simulated with {count(first.networks, 'network')} of width {first.width}, seed {first.seed}"
            if first.networks
            else ""
        )
        yield _text(f"Signals through {count(first.layers, 'layer')}{wide}", options, "bold")
        yield from _wrapped(about, options, style="dim")
        yield ""
        yield Fitted(_summary(travels))
        yield ""
        for travel in travels:
            yield _text(f"{travel.definition.name}: layer by layer, theory | simulated", options, "bold")
            yield Fitted(_by_layer(travel))
            yield ""
        for travel in travels:
            if remark := wandering(travel):
                yield from _wrapped(remark, options, style="yellow")
        yield from _facts(
            [
                ("variance", "mean square of the pre-activations; it is 1 in the first layer"),
                ("gradient", "mean square of the gradient there, of a random one of mean square 1 at the end"),
                (
                    "correlation",
                    "cosine of the pre-activations of two inputs that begin as given; at 1 they are the same to the network",
                ),
                (
                    "verdict",
                    f"kept: within a factor of {_NEAR:g} over all layers; vanishes or explodes: beyond {_FAR:g}; lost: not a number",
                ),
            ],
            options,
        )

    return Late(lines)


def _summary(travels: Sequence[Travel]) -> list[Col]:
    ends = [(t.variance, t.layers, t) for t in travels]
    states = [outcome(t) for t in travels]
    return [
        Col("function", [(t.definition.name, "bold") for t in travels], wrap=14),
        Col("sigma_w", [f"{t.sigma_w:.5g}" for t in travels], right=True),
        Col("sigma_b", [f"{t.sigma_b:.4g}" for t in travels], right=True, drop=3),
        Col("variance at the end", [number(v.theory[n]) for v, n, _ in ends], right=True, short="variance"),
        Col("simulated", [number(v.median[n]) for v, n, _ in ends], right=True, drop=1, style="dim"),
        Col("forward", [_told(s["forward"]) for s in states]),
        Col("gradient at the start", [number(t.gradient.theory[0]) for t in travels], right=True, short="gradient"),
        Col("simulated", [number(t.gradient.median[0]) for t in travels], right=True, drop=1, style="dim"),
        Col("backward", [_told(s["backward"]) for s in states]),
        Col("correlation", [number(t.correlation.theory[-1]) for t in travels], right=True, drop=2),
    ]


def _by_layer(travel: Travel) -> list[Col]:
    last = travel.layers
    places = sorted({0, 1, *(round(last * k / 5) for k in range(1, 6))} & set(range(last + 1)))

    def cells(track: Track) -> list[str]:
        return [f"{number(track.theory[n])} | {number(track.median[n])}" for n in places]

    return [
        Col("layer", [str(n + 1) for n in places], right=True),
        Col("variance", cells(travel.variance), right=True),
        Col("gradient", cells(travel.gradient), right=True),
        Col("correlation", cells(travel.correlation), right=True, drop=1),
    ]


def gain_table(definition: Definition, moments: Moments, gains: Mapping[str, float], torch: str) -> RenderableType:
    """Return the gains of a function with their formulas, the moments they come from, and what PyTorch's table says."""

    def lines(options: ConsoleOptions) -> Lines:
        yield _text(f"Gains of {definition.name}: weights of standard deviation gain/sqrt(fan)", options, "bold")
        yield ""
        yield Fitted(
            [
                Col("kind", [(k, "bold") for k in gains]),
                Col("gain", [f"{g:.10g}" for g in gains.values()], right=True),
                Col("formula", [KINDS[k][1] for k in gains]),
                Col("keeps", [KINDS[k][2] for k in gains], wrap=24, drop=1),
            ]
        )
        yield ""
        named = {"E f": moments.mean, "E f^2": moments.square, "E f'^2": moments.slope_square, "E z f f'": moments.cross}
        yield from _facts([(n, f"{v:.12g}") for n, v in named.items()], options)
        yield from _wrapped(f"For Gaussian pre-activations of variance {moments.q:g}. {torch}", options, style="dim")

    return Late(lines)


def edge_table(definition: Definition, rows: Sequence[tuple[float, Sequence[FixedPoint], str]], half: Sequence[FixedPoint],
               notes: Sequence[str]) -> RenderableType:  # fmt: skip
    """Return the points of the edge of chaos for several scales of biases, and the reason where there is none."""

    def lines(options: ConsoleOptions) -> Lines:
        yield _text(f"Edge of chaos of {definition.name}: chi_1 = 1 at a fixed point of the variance", options, "bold")
        yield ""
        points = [p for _, found, _ in rows for p in found] + list(half)
        if points:
            yield Fitted(
                [
                    Col("sigma_b", [number(p.sigma_b) for p in points], right=True),
                    Col("sigma_w", [(f"{p.sigma_w:.6g}", "bold") for p in points], right=True),
                    Col("variance q", ["any" if math.isnan(p.q) else number(p.q) for p in points], right=True),
                    Col("chi parallel", [f"{p.chi_parallel:.5f}" for p in points], right=True, short="chi par."),
                    Col("fixed point", [(p.stability, "green" if p.stability == "stable" else "yellow") for p in points]),
                    Col("variance settles in", [_layers(p) for p in points], right=True, drop=1, short="settles"),
                ]
            )
            yield ""
        for reason in dict.fromkeys(why for _, _, why in rows if why):
            yield from _wrapped(reason, options, style="yellow")
        for note in notes:
            yield from _wrapped(note, options, style="dim")

    return Late(lines)


def point_table(definition: Definition, points: Sequence[FixedPoint], sigma_w: float, sigma_b: float) -> RenderableType:
    """Return the fixed points of the variance map at given scales, with the phase and the depths that follow."""

    def lines(options: ConsoleOptions) -> Lines:
        scales = f"sigma_w = {sigma_w:g}, sigma_b = {sigma_b:g}"
        yield _text(f"Fixed points of {definition.name} at {scales}", options, "bold")
        yield ""
        if not points:
            yield from _wrapped(
                "None between variances 1e-6 and 1e6: signals shrink or grow without end.", options, style="yellow"
            )
            return
        yield Fitted(
            [
                Col("variance q", ["any" if math.isnan(p.q) else number(p.q) for p in points], right=True),
                Col("fixed point", [(p.stability, "green" if p.stability == "stable" else "yellow") for p in points]),
                Col("phase", [p.phase for p in points]),
                Col("chi_1", [f"{p.chi_perpendicular:.5f}" for p in points], right=True),
                Col("chi parallel", [f"{p.chi_parallel:.5f}" for p in points], right=True, short="chi par."),
                Col("correlation c*", [number(p.c) for p in points], right=True, drop=1, short="c*"),
                Col("xi", [number(p.correlation_depth) for p in points], right=True),
                Col("gradient depth", [number(p.gradient_depth) for p in points], right=True, drop=2, short="gradient"),
                Col("variance depth", [number(p.variance_depth) for p in points], right=True, drop=3, short="variance"),
            ]
        )
        yield ""
        yield from _facts(
            [
                (
                    "xi",
                    "layers in which the correlation of two inputs comes e-fold nearer to c*; deeper than about 6 xi nothing trains",
                ),
                ("gradient", "layers in which squared gradients change e-fold"),
                ("variance", "layers in which a deviation from q shrinks e-fold"),
            ],
            options,
        )

    return Late(lines)


def _layers(point: FixedPoint) -> str:
    if point.stability == "neutral":
        return "not at all"
    if point.stability == "unstable":
        return "leaves it"
    return "like 1/layer" if math.isinf(point.variance_depth) else f"{point.variance_depth:.3g} layers"


def shape_table(found: Shape, conditions: Mapping[str, float], before: Mapping[str, float], name: str) -> RenderableType:
    """Return the numbers of a shaped function, the formula to type, and what they change."""

    def lines(options: ConsoleOptions) -> Lines:
        yield _text(f"{name} shaped by {found.method.upper()} for {found.depth} layers", options, "bold")
        yield ""
        yield from _facts(
            [
                ("formula", found.definition.formula),
                ("alpha", f"{found.alpha:.10g}"),
                ("beta", f"{found.beta:.10g}"),
                ("gamma", f"{found.gamma:.10g}"),
                ("delta", f"{found.delta:.10g}"),
                *([("slope below 0", f"{found.leak:.10g}")] if found.leak is not None else []),
            ],
            options,
        )
        yield ""
        yield Fitted(
            [
                Col("condition", list(conditions)),
                Col(name, [_rounded(before[k], 4) for k in conditions], right=True),
                Col("shaped", [(_rounded(v, 8), "bold") for v in conditions.values()], right=True),
                Col("meaning", [_MEANING[k] for k in conditions], wrap=20, drop=1),
            ]
        )
        yield ""
        yield from _wrapped(
            "gamma*(f(alpha*x + beta) + delta), for weights of variance 1/fan_in (orthogonal ones work best) and biases of 0. The formula is "
            "taken wherever a name is.",
            options,
            style="dim",
        )

    return Late(lines)


def _rounded(value: float, digits: int) -> str:
    """Return a number of order 1; what is left of 0 after rounding is 0."""
    return number(value) if not math.isfinite(value) else "0" if abs(value) < 1e-15 else f"{value:.{digits}g}"


_MEANING = {
    "Q(1)": "the variance of the next layer",
    "Q'(1)": "what a deviation of the variance is multiplied by",
    "C(0)": "the correlation that unlike inputs get",
    "C'(1)": "what a small angle, and a gradient, is multiplied by",
    "C''(1)": "how far the layer is from linear",
}
