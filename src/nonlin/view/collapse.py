"""Why a network needs a nonlinear function: many linear layers are one matrix, and the numbers that show it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from nonlin.catalogue import Definition, resolve
from nonlin.view.networks import Floats, Layer, chosen, forward, random_layers, whole
from nonlin.view.paper import DASHES, Paper, Picture, Sheet, legend, log_ticks, setting
from nonlin.view.usual import COLLAPSE

LANGUAGES: Mapping[str, Mapping[str, str]] = {
    "en": {
        "network": "the network",
        "one": "one affine map",
        "exact": "{name}: one matrix does; difference {size}",
        "rest": "{name}: no matrix does; {share} % is left over",
        "across": "layers",
        "up": "share that one affine map leaves over",
        "depth": "What no single layer can do",
        "caption": "{layers} affine layers of {width} units; with a function between them, and without (seed {seed})",
    },
    "zh": {
        "network": "网络",
        "one": "单个仿射映射",
        "exact": "{name}:等于单个矩阵,差值 {size}",
        "rest": "{name}:单个矩阵做不到,剩余 {share} %",
        "across": "层数",
        "up": "单个仿射映射无法解释的比例",
        "depth": "单层做不到的部分",
        "caption": "{layers} 个仿射层,每层 {width} 个单元;层间有无激活函数的对比(种子 {seed})",
    },
}
_LINES, _ALONG, _SAMPLES = 11, 81, 2000
_REACH = 2.0
_FLOOR = 1e-33


@dataclass(frozen=True)
class Collapse:
    """What one affine map makes of a network.

    Attributes:
        name: of the function between the layers.
        matrix: of the affine map, (2, 2): of the identity the product of the layers' matrices, else the best fit.
        bias: of the affine map, (2,).
        singular_values: of the matrix.
        difference: the largest distance between the network's outputs and the map's, over normal inputs.
        relative: that in units of the largest output.
        unexplained: after 1, 2, ... layers, the share of the variance of what they give that the best affine map of the input leaves
            over.
    """

    name: str
    matrix: Floats
    bias: Floats
    singular_values: tuple[float, ...]
    difference: float
    relative: float
    unexplained: tuple[float, ...]

    def to_json(self) -> dict[str, Any]:
        """Return it as plain data; numbers that are not finite are null."""
        told = {"matrix": self.matrix.tolist(), "bias": self.bias.tolist(), "singular_values": list(self.singular_values),
                "difference": self.difference, "relative": self.relative, "unexplained": list(self.unexplained)}  # fmt: skip
        plain: dict[str, Any] = _plain(told)
        return plain


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_plain(v) for v in value]
    return value if np.isfinite(value) else None


def affine_of(layers: Sequence[Layer]) -> Layer:
    """Return the one affine map that affine layers in a row are: W1 W2 ... Wn, and the biases carried through.

    >>> one = affine_of([Layer(np.eye(2) * 3, np.ones(2)), Layer(np.eye(2) * 2, np.ones(2))])
    >>> one.weights.tolist(), one.bias.tolist()
    ([[6.0, 0.0], [0.0, 6.0]], [3.0, 3.0])
    """
    return reduce(lambda a, b: Layer(a.weights @ b.weights, a.bias @ b.weights + b.bias), layers)


def collapse_of(
    definition: Definition, layers: int = COLLAPSE.layers, width: int = COLLAPSE.width, seed: int = 0
) -> Collapse:
    """Compare a random network from the plane to the plane with one affine map, in float64.

    >>> from nonlin.catalogue import resolve
    >>> linear, bent = collapse_of(resolve("identity")), collapse_of(resolve("tanh"))
    >>> linear.relative < 1e-14, bent.unexplained[-1] > 0.01
    (True, True)
    """
    net = _network(definition, layers, width, seed)
    x = np.random.default_rng((seed, 99)).standard_normal((_SAMPLES, 2))
    seen = forward(definition.closed(), net, x)
    fitted = _best(x, seen[-1])
    one = affine_of(net) if definition.name == "identity" else fitted
    with np.errstate(all="ignore"):
        apart = np.abs(x @ one.weights + one.bias - seen[-1])
        size = float(np.abs(seen[-1]).max())
        difference = float(apart.max())
    return Collapse(definition.name, one.weights, one.bias, tuple(float(s) for s in _singular(one.weights)), difference,
                    difference / size if size > 0 else 0.0, tuple(_left_over(x, h) for h in seen))  # fmt: skip


def _network(definition: Definition, layers: int, width: int, seed: int) -> list[Layer]:
    """Gaussian layers that keep the signal's size, with biases."""
    net = random_layers(definition, [2, *[width] * (layers - 1), 2], "gain", seed)
    rng = np.random.default_rng((seed, 98))
    return [Layer(layer.weights, 0.3 * rng.standard_normal(layer.bias.shape)) for layer in net]


def _singular(weights: Floats) -> Any:
    return np.linalg.svd(weights, compute_uv=False) if np.isfinite(weights).all() else np.full(min(weights.shape), np.nan)


def _best(x: Floats, y: Floats) -> Layer:
    """The affine map with the least squared error; of outputs that are not finite, none."""
    if not np.isfinite(y).all():
        return Layer(np.full((x.shape[1], y.shape[1]), np.nan), np.full(y.shape[1], np.nan))
    found = np.linalg.lstsq(np.concatenate([x, np.ones((len(x), 1))], axis=1), y, rcond=None)[0]
    return Layer(found[:-1], found[-1])


def _left_over(x: Floats, y: Floats) -> float:
    """The share of the variance of ``y`` that the best affine map of ``x`` leaves over."""
    if not np.isfinite(y).all():
        return float("nan")
    fit = _best(x, y)
    total = float(((y - y.mean(0)) ** 2).sum())
    return float(((y - x @ fit.weights - fit.bias) ** 2).sum()) / total if total > 0 else 0.0


def collapse(
    given: Sequence[Definition | str] | Definition | str = COLLAPSE.functions,
    *,
    layers: int = COLLAPSE.layers,
    width: int = COLLAPSE.width,
    seed: int = 0,
    paper: Paper | None = None,
) -> Picture:
    """Draw that a network without a nonlinear function is one matrix, and that with one it is not.

    A grid in the plane goes through the network (lines) and through one affine map (rings): the product of the matrices for the
    identity, the best fit for others. The last panel follows the share no affine map explains through depth. ``.numbers`` holds a
    :class:`Collapse` for each function, as plain data.

    Args:
        given: elementwise functions to set beside the identity, at most 5.
        layers: affine layers, 2 to 200; the function stands between them.
        width: units in the layers between, 2 to 1024.
        seed: of the weights.
        paper: look and file of the figure.

    Raises:
        ParameterError: an argument is out of range, or a function works on rows.
        StoreError: the file cannot be written.

    >>> made = collapse("gelu", layers=3)
    >>> made.numbers["functions"]["identity"]["relative"] < 1e-14
    True
    """
    made = [resolve("identity"), *(d for d in chosen(given, 5) if d.name != "identity")]
    for name, value, low, high in (("layers", layers, 2, 200), ("width", width, 2, 1024), ("seed", seed, 0, 2**63)):
        whole(name, value, low, high)
    sheet = Sheet(paper or Paper(), LANGUAGES)
    found = [collapse_of(d, layers, width, seed) for d in made]
    with sheet.figure(3.4 * (len(made) + 1) + 0.4, 4.1) as figure:
        grid = figure.subplots(1, len(made) + 1, squeeze=False)[0]
        for n, (axes, definition, told) in enumerate(zip(grid, made, found, strict=False)):
            _bent(axes, definition, told, _network(definition, layers, width, seed), sheet, n)
        _depth(grid[-1], found, sheet)
        handles: list[Any] = [
            Line2D([], [], color=sheet.look.ink, linewidth=0.6 * setting("lines.linewidth"), label=sheet.words["network"]),
            Line2D([], [], color=sheet.look.ink, linestyle="", marker="o", markerfacecolor="none", label=sheet.words["one"],
                   markersize=0.7 * setting("lines.markersize")),
            *(Line2D([], [], color=sheet.colour(n), linestyle=DASHES[n % len(DASHES)], label=c.name) for n, c in enumerate(found)),
        ]  # fmt: skip
        legend(figure, handles)
        figure.suptitle(sheet.words["caption"].format(layers=layers, width=width, seed=seed), fontsize=setting("font.size"))
    return sheet.done(figure, {"layers": layers, "width": width, "seed": seed,
                               "functions": {c.name: c.to_json() for c in found}})  # fmt: skip


def _bent(axes: Axes, definition: Definition, told: Collapse, net: Sequence[Layer], sheet: Sheet, n: int) -> None:
    """The grid through the network, and through the one affine map."""
    side, along = np.linspace(-_REACH, _REACH, _LINES), np.linspace(-_REACH, _REACH, _ALONG)
    root = definition.closed()
    for turned in (False, True):
        for v in side:
            line = np.stack([np.full(_ALONG, v), along][:: -1 if turned else 1], axis=1)
            y = forward(root, net, line)[-1]
            axes.plot(y[:, 0], y[:, 1], color=sheet.colour(n), linewidth=0.5 * setting("lines.linewidth"), zorder=2)
    first, second = np.meshgrid(side[::2], side[::2])
    dots = np.stack([first.ravel(), second.ravel()], axis=1) @ told.matrix + told.bias
    axes.plot(dots[:, 0], dots[:, 1], color=sheet.look.ink, linestyle="", marker="o", markerfacecolor="none", zorder=3,
              markersize=0.7 * setting("lines.markersize"))  # fmt: skip
    linear = definition.name == "identity"
    text = sheet.words["exact" if linear else "rest"]
    share = 100 * told.unexplained[-1]
    axes.set_title(
        text.format(name=told.name, size=f"{told.difference:.1e}", share=f"{share:.3g}"), fontsize=setting("font.size")
    )
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[["left", "bottom", "top", "right"]].set_visible(True)


def _depth(axes: Axes, found: Sequence[Collapse], sheet: Sheet) -> None:
    """What is left over, layer by layer."""
    for n, told in enumerate(found):
        y = np.maximum(np.asarray(told.unexplained), _FLOOR)
        axes.plot(range(1, len(y) + 1), y, color=sheet.colour(n), linestyle=DASHES[n % len(DASHES)], marker="o",
                  markersize=0.6 * setting("lines.markersize"))  # fmt: skip
    axes.set_yscale("log")
    axes.set_ylim(_FLOOR / 3, 5)
    log_ticks(axes)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_title(sheet.words["depth"], fontsize=setting("font.size"))
    axes.set_xlabel(sheet.words["across"])
    axes.set_ylabel(sheet.words["up"])
    axes.grid(True)
