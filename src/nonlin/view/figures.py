"""Figures of functions and their derivatives, for slides and papers, labelled in English or Chinese."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from nonlin.catalogue import Definition, resolve
from nonlin.errors import ParameterError, near, unknown
from nonlin.view import marks as marking
from nonlin.view.fonts import chinese_font
from nonlin.view.groups import members, swept
from nonlin.view.paper import DASHES, FORMATS, Paper, Picture, Sheet, legend, log_ticks, setting, zero_lines
from nonlin.view.sampling import Floats, row_values, sample, subject, visible
from nonlin.view.usual import CURVES

__all__ = ["FORMATS", "LANGUAGES", "LAYOUTS", "Plot", "chinese_font", "members", "plot", "swept"]

Plot = Picture

LANGUAGES: Mapping[str, Mapping[str, str]] = {
    "en": {
        "x": "input x",
        "value": "output f(x)",
        "first": "gradient f′(x)",
        "second": "second derivative f″(x)",
        "log value": "size of the output |f(x)|",
        "log first": "size of the gradient |f′(x)|",
        "log second": "size of the second derivative |f″(x)|",
        "one value": "{name}",
        "one first": "{name}: gradient",
        "one second": "{name}: second derivative",
        "many value": "Activation functions",
        "many first": "Gradients",
        "many second": "Second derivatives",
        "zero": "on the lower edge: exactly 0",
        **marking.WORDS["en"],
    },
    "zh": {
        "x": "输入 x",
        "value": "输出 f(x)",
        "first": "梯度 f′(x)",
        "second": "二阶导数 f″(x)",
        "log value": "输出的绝对值 |f(x)|",
        "log first": "梯度的绝对值 |f′(x)|",
        "log second": "二阶导数的绝对值 |f″(x)|",
        "one value": "{name} 函数",
        "one first": "{name} 的梯度",
        "one second": "{name} 的二阶导数",
        "many value": "激活函数",
        "many first": "梯度",
        "many second": "二阶导数",
        "zero": "下边缘:恰好为 0",
        **marking.WORDS["zh"],
    },
}
_PANELS = ("value", "first", "second")

LAYOUTS = ("overlay", "grid")
"""All functions in one panel, or one small panel for each."""
_OVERLAID = 8
"""More functions than this get a panel each, unless told otherwise."""
_MARKED = 4
"""Kinks, jumps and asymptotes are marked for so many functions at most, unless told otherwise."""
MOST = 150
"""Functions in one figure."""
_FLOOR = 1e-12
"""Where logarithmic axes end below: smaller numbers are rounding for most inputs."""


@dataclass(frozen=True)
class _Plan:
    """What is drawn: functions, their labels and colours, the orders of the panels, and how."""

    made: Sequence[Definition]
    labels: Sequence[str]
    colours: Sequence[Any]
    orders: Sequence[int]
    ends: tuple[float, float]
    log: bool
    marks: bool
    row: int | None = None

    def sample(self, definition: Definition, order: int) -> tuple[Floats, Floats]:
        """Points of one function's graph; of one row's entries, where a row is drawn."""
        if self.row is None:
            return sample(definition, order, *self.ends)
        x = np.linspace(*self.ends, self.row)
        return x, row_values(definition, x)


def plot(
    given: Sequence[Definition | str] | Definition | str,
    *,
    derivative: int = 0,
    only: int | None = None,
    log: bool = False,
    layout: str | None = None,
    vary: Mapping[str, Sequence[float]] | None = None,
    marks: bool | None = None,
    row: int | None = None,
    low: float = CURVES.low,
    high: float = CURVES.high,
    language: str = CURVES.language,
    title: str | None = None,
    path: str | Path | None = None,
    dark: bool = False,
    width: str | float | None = None,
    dpi: int = CURVES.dpi,
    **params: float,
) -> Plot:
    """Draw functions into one figure, and their derivatives beside them.

    Jumps are left open, kinks are sharp, and what shoots up beside a pole is cut off. Where kinks and jumps are marked, a full dot
    is what the function (or training) uses there and a ring is a limit from one side; a kink of f is an impulse in f″, drawn as an
    arrow as high as the slope jumps; dotted lines are asymptotes. A function of a whole row (softmax) is drawn as its first output
    for the row (x, 0, 1), and its legend says so.

    Args:
        given: one function or several: definitions, names or formulas. :func:`members` gives those of a family.
        derivative: 0 draws the values; 1 the gradients beside them; 2 the second derivatives too.
        only: 0, 1 or 2: this panel alone, instead.
        log: draw absolute values on a logarithmic axis, for derivatives; exact zeros lie on the lower edge.
        layout: a word of :data:`LAYOUTS`; by default a grid for more than 8 functions.
        vary: one parameter and its values: draw the function once for each, in shades of one colour scale.
        marks: mark kinks, jumps and asymptotes; by default for up to 4 functions on linear axes.
        row: take the x axis as one row of so many entries, 2 to 100000, and draw what a function of rows makes of each.
        low: left end of the x axis.
        high: right end of the x axis.
        language: ``en`` or ``zh``; without a Chinese font labels are in English, and a note says so.
        title: above the figure.
        path: where to write it, as .png, .svg or .pdf; folders must exist.
        dark: light letters on a dark ground.
        width: in millimetres, or text such as ``"3.5in"``; everything is scaled together.
        dpi: of a .png.
        **params: parameter values, for every function that has a parameter of the name.

    Raises:
        ParameterError: an argument or the file's suffix is not one of those allowed.
        StoreError: the file cannot be written.

    >>> plot(["gelu", "relu"], derivative=1).notes
    ()
    >>> [t.get_text() for t in plot("leaky_relu", vary={"slope": (0.01, 0.3)}, marks=False).figure.legends[0].get_texts()]
    ['slope = 0.01', 'slope = 0.3']
    """
    made = _bound(given, params)
    labels = [_label(d) for d in made]
    shades: Sequence[Any] = ()
    if vary is not None:
        made, labels = swept(made, vary)
        first, last = (0.3, 1.0) if dark else (0.0, 0.75)
        shades = [tuple(c) for c in mpl.colormaps["cividis"](np.linspace(first, last, len(made)))]
    orders = _orders(derivative, only, log)
    _check(made, low, high, layout)
    if row is not None:
        if isinstance(row, bool) or not isinstance(row, int) or not 2 <= row <= 100_000:
            raise ParameterError(f"row must be a whole number from 2 to 100000, not {row!r}")
        if orders != (0,):
            raise ParameterError("of a whole row only the values can be drawn; its derivative is a matrix, see .grad(x)")
        labels, layout = [d.name for d in made], "overlay"
    sheet = Sheet(Paper(path, dark, language, width, dpi, title), LANGUAGES)
    colours = [shades[n] if len(shades) else sheet.colour(n) for n in range(len(made))]
    marked = (len(made) <= _MARKED and not log) if marks is None else marks and not log
    plan = _Plan(made, labels, colours, orders, (float(low), float(high)), log, marked and row is None, row)
    if (layout or ("grid" if len(made) > _OVERLAID and vary is None else "overlay")) == "grid":
        return sheet.done(_small_multiples(plan, sheet))
    return sheet.done(_overlay(plan, sheet))


def _bound(given: Sequence[Definition | str] | Definition | str, params: Mapping[str, float]) -> list[Definition]:
    listed = [given] if isinstance(given, Definition | str) else list(given)
    made = [resolve(d) for d in listed]
    known = {n for d in made for n in d.settable}
    for name in params:
        if name not in known:
            options = f"their parameters are: {', '.join(sorted(known))}" if known else "they have none"
            raise ParameterError(f"no function drawn here has a parameter {name!r}.{near(name, known)} {options}")
    return [d.bind(**{n: v for n, v in params.items() if n in d.settable}) for d in made]


def _orders(derivative: int, only: int | None, log: bool) -> tuple[int, ...]:
    for name, value in (("derivative", derivative), ("only", 0 if only is None else only)):
        if isinstance(value, bool) or value not in (0, 1, 2):
            raise ParameterError(f"{name} must be 0, 1 or 2, not {value!r}")
    return (only,) if only is not None else tuple(range(1 if log and derivative else 0, derivative + 1))


def _check(made: Sequence[Definition], low: float, high: float, layout: str | None) -> None:
    if not made:
        raise ParameterError("there is nothing to draw; name at least one function")
    if len(made) > MOST:
        raise ParameterError(f"a figure holds at most {MOST} functions, and these are {len(made)}; choose fewer")
    if layout is not None and layout not in LAYOUTS:
        raise unknown("layout", layout, LAYOUTS)
    if not (np.isfinite(low) and np.isfinite(high) and low < high):
        raise ParameterError(f"the x axis must go from a smaller to a larger finite number, not from {low!r} to {high!r}")
    if high - low <= 1e-9 * max(abs(low), abs(high)) or high - low > 1e30:
        raise ParameterError(f"an x axis from {low!r} to {high!r} cannot be drawn; choose ends further apart, below 1e30")


def _label(definition: Definition) -> str:
    what = subject(definition)
    return f"{definition.name} ({what})" if what else definition.name


# -- one panel for each derivative ----------------------------------------------------------------------------------


def _overlay(plan: _Plan, sheet: Sheet) -> Figure:
    panels = len(plan.orders)
    with sheet.figure(5.2 * panels + 0.4, 4.4, least=5.5) as figure:
        grid = figure.subplots(1, panels, squeeze=False)[0]
        many = "one" if len(plan.made) == 1 else "many"
        seen: set[str] = set()
        for order, axes in zip(plan.orders, grid, strict=True):
            axes.set_title(sheet.words[f"{many} {_PANELS[order]}"].format(name=_title(plan.made[0], sheet)))
            axes.set_xlabel(sheet.words["x"])
            axes.set_ylabel(sheet.words[f"log {_PANELS[order]}" if plan.log else _PANELS[order]])
            seen |= _panel(axes, plan, order, sheet)
        handles = list(grid[0].get_lines()[: len(plan.made)]) if _named(plan) else []
        handles += [h for name, h in marking.handles(sheet.look, sheet.words).items() if name in seen]
        if "zero" in seen:
            handles.append(_zero_handle(sheet))
        legend(figure, handles)
    return figure


def _named(plan: _Plan) -> bool:
    """Whether the lines need names: one function is named by the heading."""
    return len(plan.made) > 1 or plan.labels[0] != plan.made[0].name


def _title(definition: Definition, sheet: Sheet) -> str:
    """Return the name for a heading: ``Leaky ReLU``'s class name, or the id where it tells parameters, or the formula."""
    plain = definition.family != "formula" and "(" not in definition.name
    title = definition.title if plain else definition.name
    return title if sheet.can_write(title) else definition.name


def _panel(axes: Axes, plan: _Plan, order: int, sheet: Sheet) -> set[str]:
    """Draw one derivative of all functions; return which marks were needed."""
    drawn = [plan.sample(d, order) for d in plan.made]
    for n, (x, y) in enumerate(drawn):
        shown = _sizes(y) if plan.log else y
        axes.plot(x, shown, color=plan.colours[n], linestyle=DASHES[n % len(DASHES)], label=plan.labels[n], zorder=3)
    axes.set_xlim(*plan.ends)
    axes.grid(True)
    if plan.log:
        return _log_axis(axes, plan, drawn)
    axes.set_ylim(*visible(np.concatenate([y for _, y in drawn])))
    zero_lines(axes, sheet.look)
    if not plan.marks:
        return set()
    return marking.draw(axes, plan.made, plan.colours, order, drawn, sheet.look)


def _sizes(y: Floats) -> Floats:
    """Absolute values that a logarithmic axis can show."""
    with np.errstate(invalid="ignore"):
        return np.where(np.abs(y) > 0, np.abs(y), np.nan)


def _log_axis(axes: Axes, plan: _Plan, drawn: Sequence[tuple[Floats, Floats]]) -> set[str]:
    """Set the axis, and lay the parts that are exactly 0 along its lower edge."""
    sizes = np.concatenate([_sizes(y) for _, y in drawn])
    finite = sizes[np.isfinite(sizes)]
    low, high = (
        (max(float(finite.min()), _FLOOR), max(float(visible(finite, 0.0)[1]), 2 * _FLOOR)) if finite.size else (0.1, 1.0)
    )
    low = min(low, high / 10)
    room = (high / low) ** 0.04
    flat = [n for n, (_, y) in enumerate(drawn) if (y == 0).sum() > 1]
    edge = low / room ** (1.5 + 0.5 * len(flat))
    axes.set_yscale("log")
    axes.set_ylim(edge, high * room)
    log_ticks(axes)
    for k, n in enumerate(flat):
        _on_edge(axes, *drawn[n], edge * room ** (0.25 + 0.4 * k), plan.colours[n])  # one above the other
    return {"zero"} if flat else set()


def _on_edge(axes: Axes, x: Floats, y: Floats, level: float, colour: Any) -> bool:
    """Lay the parts of a curve that are exactly 0 along the lower edge; return whether there are any."""
    flat = y == 0
    if flat.sum() < 2:
        return False
    axes.plot(
        x,
        np.where(flat, level, np.nan),
        color=colour,
        linewidth=2 * setting("lines.linewidth"),
        solid_capstyle="butt",
        zorder=4,
    )
    return True


def _zero_handle(sheet: Sheet) -> Line2D:
    wide = 2 * setting("lines.linewidth")
    return Line2D([], [], color=sheet.look.ink, linewidth=wide, solid_capstyle="butt", label=sheet.words["zero"])


# -- a small panel for each function --------------------------------------------------------------------------------


def _small_multiples(plan: _Plan, sheet: Sheet) -> Figure:
    """One panel for each function with all its orders, on common axes; what leaves them is cut off."""
    n = len(plan.made)
    columns = min(n, max(3, int(np.ceil(np.sqrt(1.4 * n)))))
    rows = -(-n // columns)
    every = [[sample(d, order, *plan.ends, n=321, quick=not plan.log) for order in plan.orders] for d in plan.made]
    dashes = dict(zip(plan.orders, DASHES, strict=False))
    with sheet.figure(1.65 * columns + 0.4, 1.5 * rows + 0.8) as figure:
        grid = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True).ravel()
        small = 0.78 * setting("font.size")
        for axes, definition, curves in zip(grid, plan.made, every, strict=False):
            for order, (x, y) in zip(plan.orders, curves, strict=True):
                axes.plot(x, _sizes(y) if plan.log else y, color=sheet.colour(order), linestyle=dashes[order], zorder=3,
                          linewidth=0.75 * setting("lines.linewidth"))  # fmt: skip
            axes.set_title(_short(definition.name), fontsize=small)
            axes.tick_params(labelsize=0.9 * small)
            axes.grid(True)
        for axes in grid[n:]:
            axes.set_visible(False)
        for axes in grid[max(0, n - columns) : n]:
            axes.tick_params(labelbottom=True)
        grid[0].set_xlim(*plan.ends)
        _common_scale(grid[0], [y for curves in every for _, y in curves], plan.log)
        edge = grid[0].get_ylim()[0]
        zeros = []
        for axes, curves in zip(grid, every, strict=False):
            if plan.log:
                zeros += [_on_edge(axes, x, y, edge, sheet.colour(k)) for k, (x, y) in zip(plan.orders, curves, strict=True)]
            else:
                zero_lines(axes, sheet.look)
        kind = "log " if plan.log else ""
        handles = [
            Line2D([], [], color=sheet.colour(k), linestyle=dashes[k], label=sheet.words[kind + _PANELS[k]])
            for k in plan.orders
        ]
        legend(figure, [*handles, *([_zero_handle(sheet)] if any(zeros) else [])])
    return figure


def _common_scale(axes: Axes, curves: Sequence[Floats], log: bool) -> None:
    """Set limits that show most of most functions; a few that grow fast do not flatten all others."""
    ends = np.array([visible(_sizes(y) if log else y, 0.0) for y in curves])
    low, high = float(np.quantile(ends[:, 0], 0.1)), float(np.quantile(ends[:, 1], 0.9))
    if log:
        axes.set_yscale("log")
        axes.set_ylim(max(min(low, high / 1e3), _FLOOR), max(high, 1e3 * _FLOOR) * 1.5)
        log_ticks(axes)
    else:
        axes.set_ylim(*visible(np.array([low, high])))


def _short(name: str, most: int = 20) -> str:
    return name if len(name) <= most else name[: most - 1] + "…"
