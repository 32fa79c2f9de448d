"""A small curve as inline SVG, for notebooks and pages: no matplotlib, no script, readable on light and dark ground.

Text and axes take the colour of the text around them (``currentColor``); the lines have middle tones of Okabe and Ito's hues,
which stand out from white and from black by a contrast of more than 3 to 1, and differ by their dashes too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape

import numpy as np

from nonlin.catalogue import Definition
from nonlin.errors import ParameterError
from nonlin.expr import Expr
from nonlin.facts.extent import limit_at
from nonlin.facts.kinks import kinks
from nonlin.view.charts import ticks
from nonlin.view.sampling import Floats, sample, subject, values, visible
from nonlin.view.usual import CURVES

INKS = ("#2480c4", "#cf5f12", "#158a66")
"""The value, the first and the second derivative."""
STROKES = ("", ' stroke-dasharray="6 3"', ' stroke-dasharray="2 3"')

_NAMES = ("f(x)", "f′(x)", "f″(x)")
_LEFT, _RIGHT, _TOP, _BOTTOM = 34, 10, 8, 20
_POINTS = 241

Place = Callable[[float], float]


def curve_svg(
    definition: Definition,
    *,
    orders: Sequence[int] = (0, 1),
    low: float = CURVES.low,
    high: float = CURVES.high,
    width: int = 300,
    height: int = 190,
    marks: bool = True,
) -> str:
    """Return an ``<svg>`` of a function and its derivatives, of about 6 kB.

    Jumps are left open. With ``marks``, kinks of an elementwise function get a dot and its finite limits a dotted line: what
    can be found in a few milliseconds, for notebooks print it on every look (:func:`nonlin.view.figures.plot` marks more).

    Args:
        definition: of any kind; of one that is not elementwise, what :func:`nonlin.view.sampling.subject` says is drawn.
        orders: which derivatives to draw, of 0 (the value), 1 and 2.
        low: left end of the x axis.
        high: right end of the x axis.
        width: of the picture in CSS pixels.
        height: of the picture in CSS pixels.
        marks: whether to mark kinks and limits.

    Raises:
        ParameterError: an order that is not 0, 1 or 2, or none; or an x axis that does not go from a smaller to a larger number.

    >>> from nonlin.catalogue import resolve
    >>> curve_svg(resolve("relu")).startswith('<svg viewBox="0 0 300 190"')
    True
    """
    if not orders or not set(orders) <= {0, 1, 2}:
        raise ParameterError(f"orders must be some of 0, 1 and 2, not {tuple(orders)!r}")
    if not (np.isfinite(low) and np.isfinite(high) and low < high):
        raise ParameterError(f"the x axis must go from a smaller to a larger finite number, not from {low!r} to {high!r}")
    lines = [(order, *sample(definition, order, low, high, _POINTS, quick=True)) for order in orders]
    bottom, top = _limits([y for _, _, y in lines])
    left = max(_LEFT, 12 + 6 * max(len(_plain(v)) for v in ticks(bottom, top, 4)))
    wide, tall = width - left - _RIGHT, height - _TOP - _BOTTOM

    def px(x: float) -> float:
        return round((x - low) / (high - low) * wide, 1)

    def py(y: float) -> float:
        return round((top - y) / (top - bottom) * tall, 1)

    inside = _axes((low, high), (bottom, top), wide, tall, px, py)
    marked = marks and definition.kind == "elementwise" and 0 in orders
    if marked:
        inside += _asymptotes(definition.closed(), low, high, px, py)
    inside += [_line(order, x, y, px, py, tall) for order, x, y in lines]
    if marked:
        inside += _kinks(definition, definition.closed(), low, high, px, py)
    label = escape(_label(definition, orders), quote=True)
    numbers = _numbers((low, high), (bottom, top), left, tall, px, py)
    return (
        f'<svg viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" aria-label="{label}" '
        f'style="max-width:100%;height:auto;font:11px system-ui,sans-serif">{"".join(numbers)}'
        # an inner svg cuts off what leaves it, without an id that another picture on the page might have too
        f'<svg x="{left}" y="{_TOP}" width="{wide}" height="{tall}">{"".join(inside)}</svg></svg>'
    )


def _limits(lines: Sequence[Floats]) -> tuple[float, float]:
    """The ends of the y axis: those of the first line, further out for the others by once its height at most."""
    bottom, top = visible(lines[0])
    span = top - bottom
    ends = [visible(y) for y in lines[1:]]
    return (
        max(min([bottom, *(b for b, _ in ends)]), bottom - span),
        min(max([top, *(t for _, t in ends)]), top + span),
    )


def legend(orders: Sequence[int] = (0, 1)) -> str:
    """Return what the lines are, as HTML: a short piece of each and its name."""
    made = []
    for order in orders:
        stroke = f'stroke="{INKS[order]}" stroke-width="2"{STROKES[order]}'
        piece = f'<svg width="26" height="8" aria-hidden="true"><path d="M0 4H26" {stroke}/></svg>'
        made.append(f'<span style="white-space:nowrap;margin-right:.9em">{piece} {_NAMES[order]}</span>')
    return "".join(made)


def _label(definition: Definition, orders: Sequence[int]) -> str:
    what = subject(definition)
    return f"Graph of {' and '.join(_NAMES[n] for n in orders)} for {definition.name}{f', {what}' if what else ''}"


def _axes(across: tuple[float, float], up: tuple[float, float], wide: int, tall: int, px: Place, py: Place) -> list[str]:
    """The grid, and both axes where 0 is in sight."""
    grid = "".join(f"M{px(v)} 0V{tall}" for v in ticks(*across, 4)) + "".join(f"M0 {py(v)}H{wide}" for v in ticks(*up, 4))
    made = [f'<path d="{grid}" stroke="currentColor" stroke-opacity=".15" fill="none"/>']
    zero = (f"M{px(0)} 0V{tall}" if across[0] < 0 < across[1] else "") + (f"M0 {py(0)}H{wide}" if up[0] < 0 < up[1] else "")
    return [*made, f'<path d="{zero}" stroke="currentColor" stroke-opacity=".55" fill="none"/>'] if zero else made


def _numbers(across: tuple[float, float], up: tuple[float, float], left: int, tall: int, px: Place, py: Place) -> list[str]:
    below = [(left + px(v), _TOP + tall + 13, v, "middle") for v in ticks(*across, 4)]
    beside = [(left - 5, _TOP + py(v) + 4, v, "end") for v in ticks(*up, 4)]
    return [
        f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}" fill="currentColor" fill-opacity=".75">{_plain(v)}</text>'
        for x, y, v, anchor in (*below, *beside)
    ]


def _plain(value: float) -> str:
    return f"{value:g}".replace("-", "−") if value else "0"


def _line(order: int, x: Floats, y: Floats, px: Place, py: Place, tall: int) -> str:
    """One curve; a NaN lifts the pen, and what is far outside is brought near, so that coordinates stay short."""
    drawn, pen = [], "M"
    for a, b in zip(x.tolist(), y.tolist(), strict=True):
        if b != b:
            pen = "M"
            continue
        drawn.append(f"{pen}{px(a):g} {min(max(py(b), -tall), 2 * tall):g}")
        pen = "L"
    stroke = f'stroke="{INKS[order]}" stroke-width="2" stroke-linejoin="round"{STROKES[order]}'
    return f'<path d="{"".join(drawn)}" fill="none" {stroke}/>'


def _asymptotes(root: Expr, low: float, high: float, px: Place, py: Place) -> list[str]:
    """Dotted lines at finite limits, each on the side where it is approached."""
    middle = min(max(0.0, low), high)
    drawn = ""
    for side, (start, end) in {-1: (low, middle), 1: (middle, high)}.items():
        level = limit_at(root, side)
        if np.isfinite(level):
            drawn += f"M{px(start):g} {py(level):g}H{px(end):g}"
    return (
        [f'<path d="{drawn}" stroke="currentColor" stroke-opacity=".6" stroke-dasharray="1 3" fill="none"/>']
        if drawn
        else []
    )


def _kinks(definition: Definition, root: Expr, low: float, high: float, px: Place, py: Place) -> list[str]:
    places = [k.x for k in kinks(root) if low <= k.x <= high]
    heights = values(definition, np.array(places, dtype=float), quick=True)
    return [
        f'<circle cx="{px(x):g}" cy="{py(float(y)):g}" r="3.2" fill="{INKS[0]}"><title>kink at {_plain(x)}</title></circle>'
        for x, y in zip(places, heights, strict=True)
        if np.isfinite(y)
    ]
