"""The numbers behind the pictures, as tables for the terminal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from rich.console import ConsoleOptions, RenderableType

from nonlin.view.columns import Col, Fitted, Late
from nonlin.view.terminal import Lines, _text, _wrapped
from nonlin.view.theory import number
from nonlin.view.words import count, share

Numbers = Mapping[str, Any]


def _shown(value: float | None) -> str:
    return "–" if value is None else number(value)


def landscape_table(numbers: Numbers) -> RenderableType:
    """Return the outputs' size over the square."""
    told = numbers["functions"]

    def lines(options: ConsoleOptions) -> Lines:
        about = f"{count(numbers['layers'], 'hidden layer')} of {numbers['width']} units, "
        about += f"initialisation {numbers['init']}, seed {numbers['seed']}"
        yield _text("Output of random networks over a square", options, "bold")
        yield ""
        heads = {"mean": "mean", "std": "standard deviation", "min": "smallest", "max": "largest"}
        yield Fitted([Col("function", list(told), wrap=12), *(Col(h, [_shown(v[k]) for v in told.values()], right=True)
                                                             for k, h in heads.items())])  # fmt: skip
        yield ""
        yield from _wrapped(
            f"{about}. In the picture each output is shown less its mean, in standard deviations.", options, style="dim"
        )

    return Late(lines)


def folding_table(numbers: Numbers) -> RenderableType:
    """Return how well each trained network parts the classes."""
    told = numbers["functions"]

    def lines(options: ConsoleOptions) -> Lines:
        yield _text(
            f"Networks of {count(numbers['layers'], 'hidden layer')} of {numbers['width']} units on {numbers['data']}",
            options,
            "bold",
        )
        yield ""
        yield Fitted([
            Col("function", list(told), wrap=12),
            Col("right", [share(v["accuracy"]) for v in told.values()], right=True),
            Col("median start", [share(v["median_accuracy"]) for v in told.values()], right=True, drop=1, short="median"),
            Col("loss", [_shown(v["loss"]) for v in told.values()], right=True),
            Col("steps", [str(v["steps"]) for v in told.values()], right=True, drop=2),
        ])  # fmt: skip
        yield ""
        yield from _wrapped(
            f"{numbers['samples']} points, the best of {numbers['tried']} starts, seed {numbers['seed']}. Training ends when the best "
            "has learned its points; the share is of these points, nothing was held out. Without a nonlinear function the boundary "
            "is a straight line, whatever the number of layers.",
            options,
            style="dim",
        )

    return Late(lines)


def collapse_table(numbers: Numbers) -> RenderableType:
    """Return what one affine map makes of each network."""
    told = numbers["functions"]

    def lines(options: ConsoleOptions) -> Lines:
        layers = count(numbers["layers"], "affine layer")
        yield _text(f"{layers} against one affine map, in float64", options, "bold")
        yield ""
        yield Fitted([
            Col("between the layers", ["nothing (identity)" if n == "identity" else n for n in told], wrap=12, short="between"),
            Col("largest difference", [_shown(v["difference"]) for v in told.values()], right=True, short="difference"),
            Col("relative", [_shown(v["relative"]) for v in told.values()], right=True),
            Col("left over", [share(v["unexplained"][-1]) if (v["unexplained"][-1] or 0) > 1e-12 else _shown(v["unexplained"][-1])
                              for v in told.values()], right=True),
            Col("singular values", [", ".join(_shown(s) for s in v["singular_values"]) for v in told.values()], drop=1),
        ])  # fmt: skip
        yield ""
        linear = told.get("identity")
        if linear is not None:
            matrix = "; ".join("  ".join(f"{v:.6g}" for v in row) for row in linear["matrix"])
            bias = "  ".join(f"{v:.6g}" for v in linear["bias"])
            yield from _wrapped(f"The one matrix is [{matrix}], the one bias [{bias}]: y = x W + b.", options)
        yield from _wrapped(
            f"{numbers['width']} units in between, weights and biases normal, seed {numbers['seed']}. The difference is over 2000 "
            "normal inputs; for the identity to the product of the matrices, for others to the affine map that fits best, and what "
            "that leaves over is a share of the variance.",
            options,
            style="dim",
        )

    return Late(lines)


def rates_table(numbers: Numbers) -> RenderableType:
    """Return the activation rate, and the dead and saturated share, of each layer."""
    rows = [(name, n + 1, p) for name, places in numbers["networks"].items() for n, p in enumerate(places)]
    ends = [n for n, row in enumerate(rows[:-1]) if rows[n + 1][0] != row[0]]

    def lines(options: ConsoleOptions) -> Lines:
        yield _text("Activation rates", options, "bold")
        yield ""
        yield Fitted(
            [
                Col("network", [name for name, _, _ in rows], wrap=12),
                Col("layer", [str(n) for _, n, _ in rows], right=True),
                Col("function", [p["function"] for _, _, p in rows], wrap=10, drop=2),
                Col("units", [str(p["units"]) for _, _, p in rows], right=True, drop=1),
                Col("active", [share(p["rate"]) for _, _, p in rows], right=True),
                Col("dead units", [share(p["dead"]) for _, _, p in rows], right=True, short="dead"),
                Col("saturated", [share(p["saturated"]) for _, _, p in rows], right=True),
            ],
            sections=ends,
        )
        yield ""
        yield from _wrapped(
            "active: outputs above 0. dead: units never above 0 on any input (of functions that are exactly 0 on one side), else never "
            "above 1e-3 in size. saturated: inputs where the slope is under 5 % of its largest; only of functions that are flat on both "
            "sides.",
            options,
            style="dim",
        )

    return Late(lines)


TABLES: Mapping[str, Callable[[Numbers], RenderableType]] = {
    "landscape": landscape_table,
    "folding": folding_table,
    "collapse": collapse_table,
    "rates": rates_table,
}
"""The table of each picture."""
