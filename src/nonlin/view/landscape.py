"""The output of random deep networks over a square of inputs: smooth functions give smooth landscapes, kinks give creases.

The picture by which the papers of Swish (Ramachandran et al. 2017) and Mish (Misra 2020) compare functions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from nonlin.catalogue import Definition
from nonlin.errors import ParameterError
from nonlin.view.networks import chosen, forward, random_layers, whole
from nonlin.view.paper import Look, Paper, Picture, Sheet, setting
from nonlin.view.usual import LANDSCAPE

LANGUAGES: Mapping[str, Mapping[str, str]] = {
    "en": {
        "output": "output, less its mean, in standard deviations",
        "first": "first input",
        "second": "second input",
        "broken": "not finite",
        "constant": "constant",
        "caption": "Random networks of {layers} hidden layers of {width} units (initialisation {init}, seed {seed})",
    },
    "zh": {
        "output": "输出(减均值,以标准差为单位)",
        "first": "输入 1",
        "second": "输入 2",
        "broken": "不是有限数",
        "constant": "常数",
        "caption": "随机网络:{layers} 个隐藏层,每层 {width} 个单元(初始化 {init},种子 {seed})",
    },
}
_SHOWN = 2.5
"""Standard deviations at which the colours end."""
_CHUNK = 2**22
"""Numbers in one layer at a time."""


def outputs(made: Definition, *, layers: int = LANDSCAPE.layers, width: int = LANDSCAPE.width, extent: float = LANDSCAPE.extent,
            resolution: int = LANDSCAPE.resolution, init: str = LANDSCAPE.init,
            seed: int = 0) -> Any:  # fmt: skip
    """Return a random network's output over a square, shape (resolution, resolution), in float32.

    The network maps two inputs through ``layers`` hidden layers to one output; rows are the second input, upwards.

    >>> from nonlin.catalogue import resolve
    >>> seen = outputs(resolve("tanh"), layers=2, width=8, resolution=16)
    >>> seen.shape, bool(abs(seen - outputs(resolve("tanh"), layers=2, width=8, resolution=16)).max() == 0)
    ((16, 16), True)
    """
    net = random_layers(made, [2, *[width] * layers, 1], init, seed, "float32")
    side = np.linspace(-extent, extent, resolution, dtype=np.float32)
    first, second = np.meshgrid(side, side)
    inputs = np.stack([first.ravel(), second.ravel()], axis=1)
    root, step = made.closed(), max(1, _CHUNK // width)
    parts = [forward(root, net, inputs[k : k + step])[-1] for k in range(0, len(inputs), step)]
    return np.concatenate(parts).reshape(resolution, resolution)


def landscape(
    given: Sequence[Definition | str] | Definition | str = LANDSCAPE.functions,
    *,
    layers: int = LANDSCAPE.layers,
    width: int = LANDSCAPE.width,
    extent: float = LANDSCAPE.extent,
    resolution: int = LANDSCAPE.resolution,
    init: str = LANDSCAPE.init,
    seed: int = 0,
    paper: Paper | None = None,
) -> Picture:
    """Draw the output of one random network for each function, side by side; weights come from the same random numbers.

    Each output is shown less its mean and divided by its standard deviation, which stand in ``.numbers``.

    Args:
        given: elementwise functions, at most 12.
        layers: hidden layers, 1 to 100.
        width: units in each, 1 to 2048.
        extent: the square goes from ``-extent`` to ``extent`` in both inputs.
        resolution: points along each side, 8 to 1000.
        init: how weights are scaled: a key of :data:`nonlin.facts.travel.INITS`; ``gain`` keeps the signal's size for any function.
        seed: of the weights.
        paper: look and file of the figure.

    Raises:
        ParameterError: an argument is out of range, or a function works on rows.
        StoreError: the file cannot be written.

    >>> made = landscape(["relu", "gelu"], layers=2, width=8, resolution=16)
    >>> list(made.numbers["functions"]), len(made.figure.axes)
    (['relu', 'gelu'], 3)
    """
    made = chosen(given)
    for name, value, low, high in (("layers", layers, 1, 100), ("width", width, 1, 2048), ("resolution", resolution, 8, 1000),
                                   ("seed", seed, 0, 2**63)):  # fmt: skip
        whole(name, value, low, high)
    if not 0 < extent < float("inf"):
        raise ParameterError(f"extent must be a finite number above 0, not {extent!r}")
    sheet = Sheet(paper or Paper(), LANGUAGES)
    seen = {
        d.name: outputs(d, layers=layers, width=width, extent=extent, resolution=resolution, init=init, seed=seed)
        for d in made
    }
    rows = -(-len(seen) // 4)
    columns = -(-len(seen) // rows)
    with sheet.figure(3.1 * columns + 0.9, 3.2 * rows + 0.75, least=4.5) as figure:
        grid = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True).ravel()
        drawn = [_panel(a, name, z, extent, sheet) for a, (name, z) in zip(grid, seen.items(), strict=False)]
        for axes in grid[len(seen) :]:
            axes.set_visible(False)
        for axes in grid[len(seen) - columns : len(seen)]:
            axes.tick_params(labelbottom=True)
        figure.supxlabel(sheet.words["caption"].format(layers=layers, width=width, init=init, seed=seed),
                         fontsize=0.9 * setting("font.size"))  # fmt: skip
        bar = figure.colorbar(
            next((d for d in drawn if d is not None), None) or _empty(grid[0]), ax=list(grid), shrink=0.9, pad=0.01
        )
        bar.set_label(sheet.words["output"])
        bar.outline.set_visible(False)
    return sheet.done(figure, {"layers": layers, "width": width, "init": init, "seed": seed, "extent": extent,
                               "functions": {name: _told(z) for name, z in seen.items()}})  # fmt: skip


def _empty(axes: Axes) -> Any:
    return axes.imshow(np.zeros((1, 1)), cmap="cividis", vmin=-_SHOWN, vmax=_SHOWN, alpha=0)


def _told(z: Any) -> dict[str, float | None]:
    wide = z.astype(np.float64)
    found = {"mean": wide.mean(), "std": wide.std(), "min": wide.min(), "max": wide.max()}
    return {k: float(v) if np.isfinite(v) else None for k, v in found.items()}


def _panel(axes: Axes, name: str, z: Any, extent: float, sheet: Sheet) -> Any:
    axes.set_title(name if len(name) <= 28 else name[:27] + "…")
    axes.set_xlabel(sheet.words["first"])
    axes.set_ylabel(sheet.words["second"])
    axes.label_outer()
    axes.set_xlim(-extent, extent)
    axes.set_ylim(-extent, extent)
    axes.set_aspect("equal")
    wide = z.astype(np.float64)
    with np.errstate(all="ignore"):
        spread = float(wide.std())
    if not np.isfinite(wide).all() or not np.isfinite(spread):
        return _word(axes, sheet.words["broken"], sheet.look)
    if spread <= 1e-6 * max(1.0, float(np.abs(wide).max())):
        return _word(axes, sheet.words["constant"], sheet.look)
    shown = (wide - wide.mean()) / spread
    box = (-extent, extent, -extent, extent)
    image = axes.imshow(
        shown, cmap="cividis", origin="lower", extent=box, vmin=-_SHOWN, vmax=_SHOWN, interpolation="bilinear"
    )
    axes.contour(shown, levels=np.arange(-2.5, 2.6, 0.5), colors="white", alpha=0.35, origin="lower", extent=box,
                 linewidths=0.35 * setting("lines.linewidth"), linestyles="solid")  # fmt: skip
    return image


def _word(axes: Axes, text: str, look: Look) -> None:
    axes.text(0.5, 0.5, text, transform=axes.transAxes, ha="center", va="center", color=look.ink)
