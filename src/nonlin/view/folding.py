"""How a trained network bends a plane until a straight line parts two classes: the nonlinear feature map, layer by layer.

After Olah, "Neural networks, manifolds, and topology" (2014). Between two nonlinear layers the plane is only turned, stretched and
sheared; the function bends it. With the identity nothing bends, whatever the number of layers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from nonlin.catalogue import Definition, resolve
from nonlin.errors import ParameterError
from nonlin.view.networks import Floats, Trained, chosen, forward, points, train, whole
from nonlin.view.paper import Paper, Picture, Sheet, legend, setting
from nonlin.view.usual import FOLDING

LANGUAGES: Mapping[str, Mapping[str, str]] = {
    "en": {
        "input": "input",
        "layer": "after layer {n}",
        "right": "{name}\n{share} % right",
        "linear": "{name} (bends nothing)",
        "class": "class {n}",
        "line": "decision boundary",
        "shadow": "; %: share of the variance in the plane drawn",
        "caption": "The best of {tried} small networks, trained for at most {steps} steps, seed {seed}",
    },
    "zh": {
        "input": "输入",
        "layer": "第 {n} 层之后",
        "right": "{name}\n分对 {share} %",
        "linear": "{name}(不弯曲)",
        "class": "类别 {n}",
        "line": "决策边界",
        "shadow": ";%:所画平面占方差的比例",
        "caption": "{tried} 个小网络中最好的一个,最多训练 {steps} 步,种子 {seed}",
    },
}
_LINES, _ALONG = 15, 121
"""Grid lines in each direction, and points along each."""
_ROOM = 0.12


def folding(
    given: Sequence[Definition | str] | Definition | str = FOLDING.functions,
    *,
    data: str = FOLDING.data,
    layers: int = FOLDING.layers,
    width: int = FOLDING.width,
    steps: int = FOLDING.steps,
    tried: int = FOLDING.tried,
    samples: int = FOLDING.samples,
    rate: float = FOLDING.rate,
    seed: int = 0,
    identity: bool = FOLDING.identity,
    paper: Paper | None = None,
) -> Picture:
    """Draw points and a grid of lines in the plane as each layer of a trained network sees them.

    Each row is a function. In the first panel the curve is where the network decides; in the last, where the output is one more
    affine map, it is a straight line. Layers wider than 2 are shown by their two main directions, which is an affine map too.

    Args:
        given: elementwise functions, at most 6.
        data: ``moons``, ``circles``, ``spirals`` or ``xor``.
        layers: hidden layers, 1 to 8.
        width: units in each, 2 to 64. Two are drawn as they are, and cannot part circles with a function that only bends.
        steps: of Adam over all points at most, 1 to 20000; training ends when the best network has learned them.
        tried: networks trained at once, of which the best is drawn, 1 to 64.
        samples: points, 20 to 2000.
        rate: Adam's learning rate at the start.
        seed: of points and starts.
        identity: add a row for the identity, to see that nothing bends without a nonlinear function.
        paper: look and file of the figure.

    Raises:
        ParameterError: an argument is out of range, or a function works on rows.
        UnknownNameError: no such data.
        StoreError: the file cannot be written.

    >>> made = folding("tanh", layers=1, steps=5, tried=2, samples=20)
    >>> sorted(made.numbers["functions"]), len(made.figure.axes)
    (['identity', 'tanh'], 4)
    """
    made = chosen(given, 6)
    for name, value, low, high in (("layers", layers, 1, 8), ("width", width, 2, 64), ("steps", steps, 1, 20000), ("tried", tried, 1, 64),
                                   ("samples", samples, 20, 2000), ("seed", seed, 0, 2**63)):  # fmt: skip
        whole(name, value, low, high)
    if not 0 < rate < 10:
        raise ParameterError(f"rate must be above 0 and below 10, not {rate!r}")
    plane, label = points(data, samples, seed)
    sheet = Sheet(paper or Paper(), LANGUAGES)
    if identity and all(d.name != "identity" for d in made):
        made = [*made, resolve("identity")]
    nets = [train(d, plane, label, width=width, hidden=layers, steps=steps, tried=tried, rate=rate, seed=seed) for d in made]
    with sheet.figure(2.35 * (layers + 1) + 0.4, 2.3 * len(made) + 0.8, least=4.5) as figure:
        grid = figure.subplots(len(made), layers + 1, squeeze=False)
        for row, definition, net in zip(grid, made, nets, strict=True):
            _row(row, definition, net, plane, label, sheet)
        handles: list[Any] = [Line2D([], [], linestyle="", marker="os"[n], color=sheet.colour(n), label=sheet.words["class"].format(n=n + 1))
                              for n in (0, 1)]  # fmt: skip
        handles.append(Line2D([], [], color=sheet.look.ink, linestyle=(0, (4, 2)), label=sheet.words["line"]))
        legend(figure, handles)
        caption = sheet.words["caption"].format(tried=tried, steps=steps, seed=seed) + (
            sheet.words["shadow"] if width > 2 else ""
        )
        figure.suptitle(caption, fontsize=setting("font.size"))
    told = {d.name: {"accuracy": n.accuracy, "median_accuracy": n.median, "steps": n.steps, "loss": n.loss if np.isfinite(n.loss) else None}
            for d, n in zip(made, nets, strict=True)}  # fmt: skip
    return sheet.done(figure, {"data": data, "layers": layers, "width": width, "steps": steps, "tried": tried, "samples": samples,
                               "seed": seed, "functions": told})  # fmt: skip


def grid_lines(plane: Floats) -> Floats:
    """Return lines over the points' range, shape (2 * lines, points along each, 2): upright ones, then level ones.

    >>> grid_lines(np.array([[0.0, 0.0], [1.0, 2.0]])).shape
    (30, 121, 2)
    """
    low, high = plane.min(0), plane.max(0)
    low, high = low - _ROOM * (high - low), high + _ROOM * (high - low)
    across, up = np.linspace(low[0], high[0], _LINES), np.linspace(low[1], high[1], _LINES)
    far_up, far_across = np.linspace(low[1], high[1], _ALONG), np.linspace(low[0], high[0], _ALONG)
    upright = np.stack([np.broadcast_to(across[:, None], (_LINES, _ALONG)), np.broadcast_to(far_up, (_LINES, _ALONG))], -1)
    level = np.stack([np.broadcast_to(far_across, (_LINES, _ALONG)), np.broadcast_to(up[:, None], (_LINES, _ALONG))], -1)
    return np.concatenate([upright, level])


def _row(row: Sequence[Axes], definition: Definition, net: Trained, plane: Floats, label: Any, sheet: Sheet) -> None:
    """One function: the input, and what each hidden layer makes of it."""
    root, lines = definition.closed(), grid_lines(plane)
    flat = lines.reshape(-1, 2)
    seen = [plane, *forward(root, net.layers, plane)[:-1]]
    bent = [flat, *forward(root, net.layers, flat)[:-1]]
    name = sheet.words["linear"].format(name=definition.name) if definition.name == "identity" else definition.name
    row[0].set_ylabel(
        sheet.words["right"].format(name=name if len(name) < 30 else name[:29] + "…", share=f"{100 * net.accuracy:.1f}")
    )
    for n, axes in enumerate(row):
        dots, mesh, share = _shadow(seen[n], bent[n])
        _lines(axes, mesh.reshape(*lines.shape), sheet)
        for k in (0, 1):
            part = dots[label == k]
            axes.plot(part[:, 0], part[:, 1], linestyle="", marker="os"[k], color=sheet.colour(k), zorder=4,
                      markersize=0.42 * setting("lines.markersize"))  # fmt: skip
        title = sheet.words["layer"].format(n=n) if n else sheet.words["input"]
        axes.set_title(title + (f" ({100 * share:.0f} %)" if share < 1 else ""),
                       fontsize=setting("font.size"))  # fmt: skip
        _ends(axes, dots, mesh)
    _decision(row[0], definition, net, flat, sheet)
    if seen[-1].shape[1] == 2:
        _straight(row[-1], net, sheet)


def _shadow(dots: Floats, mesh: Floats) -> tuple[Floats, Floats, float]:
    """Return points and grid in two dimensions: as they are, or by the two main directions of the points, and their share."""
    if dots.shape[1] == 2:
        return dots, mesh, 1.0
    middle = dots.mean(0)
    _, sizes, directions = np.linalg.svd(dots - middle, full_matrices=False)
    total = float((sizes**2).sum())
    two = directions[:2].T * np.where(directions[:2].sum(1) < 0, -1.0, 1.0)  # a direction has no sign of its own
    share = float((sizes[:2] ** 2).sum() / total) if total > 0 else 1.0
    return (dots - middle) @ two, (mesh - middle) @ two, min(share, 0.9999)


def _lines(axes: Axes, lines: Floats, sheet: Sheet) -> None:
    shades = (sheet.look.soft, sheet.colour(5))
    for n, line in enumerate(lines):
        axes.plot(
            line[:, 0],
            line[:, 1],
            color=shades[n >= _LINES],
            linewidth=0.35 * setting("lines.linewidth"),
            alpha=0.85,
            zorder=2,
        )


def _ends(axes: Axes, dots: Floats, mesh: Floats) -> None:
    """Show the points and most of the grid, without numbers: only the shape matters."""
    both = np.concatenate([dots, mesh[np.isfinite(mesh).all(1)]])
    low, high = both.min(0), both.max(0)
    room = 0.04 * np.maximum(high - low, 1e-9)
    axes.set_xlim(low[0] - room[0], high[0] + room[0])
    axes.set_ylim(low[1] - room[1], high[1] + room[1])
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[["left", "bottom", "top", "right"]].set_visible(True)


def _decision(axes: Axes, definition: Definition, net: Trained, flat: Floats, sheet: Sheet) -> None:
    """The curve in the input plane on which the output is 0."""
    low, high = flat.min(0), flat.max(0)
    across, up = np.linspace(low[0], high[0], 201), np.linspace(low[1], high[1], 201)
    first, second = np.meshgrid(across, up)
    score = forward(definition.closed(), net.layers, np.stack([first.ravel(), second.ravel()], -1))[-1].reshape(first.shape)
    if np.isfinite(score).all() and score.min() < 0 < score.max():
        axes.contour(across, up, score, levels=[0.0], colors=[sheet.look.ink], linestyles=[(0, (4, 2))], zorder=5,
                     linewidths=0.6 * setting("lines.linewidth"))  # fmt: skip


def _straight(axes: Axes, net: Trained, sheet: Sheet) -> None:
    """The line in the last layer's plane on which the output is 0."""
    last = net.layers[-1]
    normal, offset = last.weights[:, 0], float(np.ravel(last.bias)[0])
    size = float(normal @ normal)
    if size > 0:
        foot, along = -offset * normal / size, np.array([-normal[1], normal[0]]) / size**0.5
        (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
        reach = 2 * np.hypot(right - left, top - bottom) + float(
            np.hypot(*(foot - [(left + right) / 2, (bottom + top) / 2]))
        )
        ends = np.array([foot - reach * along, foot + reach * along])
        axes.plot(
            ends[:, 0],
            ends[:, 1],
            color=sheet.look.ink,
            linestyle=(0, (4, 2)),
            linewidth=0.6 * setting("lines.linewidth"),
            zorder=5,
        )
        axes.set_xlim(left, right)
        axes.set_ylim(bottom, top)
