"""Figures of functions and their derivatives, for slides and papers, labelled in English or Chinese."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties

from nonlin.catalogue import Definition, resolve
from nonlin.errors import ParameterError, StoreError, near, unknown
from nonlin.view.charts import PALETTE
from nonlin.view.fonts import BASE, HOW_TO_INSTALL, chinese_font, files_of, missing
from nonlin.view.sampling import sample, subject, visible

__all__ = ["FORMATS", "LANGUAGES", "Plot", "chinese_font", "plot"]

FORMATS = ("png", "svg", "pdf")

DASHES: tuple[Any, ...] = ("-", (0, (6, 2)), (0, (6, 2, 1.5, 2)), (0, (1.5, 1.5)))
"""As in the report: four line styles against seven colours."""

LANGUAGES: Mapping[str, Mapping[str, str]] = {
    "en": {
        "x": "input x",
        "value": "output f(x)",
        "first": "gradient f′(x)",
        "second": "second derivative f″(x)",
        "one value": "{name}",
        "one first": "{name}: gradient",
        "one second": "{name}: second derivative",
        "many value": "Activation functions",
        "many first": "Gradients",
        "many second": "Second derivatives",
    },
    "zh": {
        "x": "输入 x",
        "value": "输出 f(x)",
        "first": "梯度 f′(x)",
        "second": "二阶导数 f″(x)",
        "one value": "{name} 函数",
        "one first": "{name} 的梯度",
        "one second": "{name} 的二阶导数",
        "many value": "激活函数",
        "many first": "梯度",
        "many second": "二阶导数",
    },
}
_PANELS = ("value", "first", "second")


@dataclass(frozen=True)
class Plot:
    """A figure, the file it was written to (if any), the language of its labels, and what the reader should know."""

    figure: Figure
    path: Path | None
    language: str
    notes: tuple[str, ...]


def plot(
    definitions: Sequence[Definition | str] | Definition | str,
    *,
    derivative: int = 0,
    low: float = -4.0,
    high: float = 4.0,
    language: str = "en",
    title: str | None = None,
    path: str | Path | None = None,
    **params: float,
) -> Plot:
    """Draw functions into one figure, and their derivatives beside them.

    Jumps are left open, kinks are sharp, and what shoots up beside a pole is cut off. A function of a whole row (softmax)
    is drawn as its first output for the row (x, 0, 1), and its legend says so.

    Args:
        definitions: one function or several: definitions, names or formulas.
        derivative: 0 draws the values; 1 the gradients beside them; 2 the second derivatives too.
        low: left end of the x axis.
        high: right end of the x axis.
        language: ``en`` or ``zh``; without a Chinese font labels are in English, and a note says so.
        title: above the figure.
        path: where to write it, as .png, .svg or .pdf; folders must exist.
        **params: parameter values, for every function that has a parameter of the name.

    Raises:
        ParameterError: an argument or the file's suffix is not one of those allowed.
        StoreError: the file cannot be written.

    >>> plot(["gelu", "relu"], derivative=1).notes
    ()
    """
    made = _bound(definitions, params)
    _check(made, derivative, low, high)
    if language not in LANGUAGES:
        raise unknown("language", language, LANGUAGES)
    suffix = _suffix(path)
    language, families, notes = _fonts(language, title)
    if title and (absent := missing(title, files_of(families))):
        notes.append(f"the title is left out: no installed font has {absent!r}. {HOW_TO_INSTALL}")
        title = None
    figure = _figure(made, derivative, (low, high), LANGUAGES[language], families, title)
    if path is not None:
        _save(figure, Path(path), suffix)
    return Plot(figure, None if path is None else Path(path), language, tuple(notes))


def _bound(given: Sequence[Definition | str] | Definition | str, params: Mapping[str, float]) -> list[Definition]:
    listed = [given] if isinstance(given, Definition | str) else list(given)
    made = [resolve(d) for d in listed]
    known = {n for d in made for n in d.settable}
    for name in params:
        if name not in known:
            options = f"their parameters are: {', '.join(sorted(known))}" if known else "they have none"
            raise ParameterError(f"no function drawn here has a parameter {name!r}.{near(name, known)} {options}")
    return [d.bind(**{n: v for n, v in params.items() if n in d.settable}) for d in made]


def _check(made: Sequence[Definition], derivative: int, low: float, high: float) -> None:
    if not made:
        raise ParameterError("there is nothing to draw; name at least one function")
    if isinstance(derivative, bool) or derivative not in (0, 1, 2):
        raise ParameterError(f"derivative must be 0, 1 or 2, not {derivative!r}")
    if not (np.isfinite(low) and np.isfinite(high) and low < high):
        raise ParameterError(f"the x axis must go from a smaller to a larger finite number, not from {low!r} to {high!r}")
    if high - low <= 1e-9 * max(abs(low), abs(high)) or high - low > 1e30:
        raise ParameterError(f"an x axis from {low!r} to {high!r} cannot be drawn; choose ends further apart, below 1e30")


def _suffix(path: str | Path | None) -> str:
    """Return the format a path asks for."""
    if path is None:
        return ""
    suffix = Path(path).suffix.lower().lstrip(".")
    if suffix not in FORMATS:
        shown = f"not {Path(path).suffix!r}" if suffix else "and this one has none"
        raise ParameterError(f"{path}: a figure's file name must end in {', '.join('.' + f for f in FORMATS)}, {shown}")
    return suffix


def _fonts(language: str, title: str | None) -> tuple[str, list[str], list[str]]:
    """Return the language that can be written, the font families that write it, and notes."""
    wanted = "".join(LANGUAGES[language].values()) + (title or "")
    families = [BASE]
    if not missing(wanted, files_of(families)):
        return language, families, []
    font = chinese_font()
    if font is not None:
        families.append(font)
    labels = "".join(LANGUAGES[language].values())
    if missing(labels, files_of(families)):
        note = f"labels are in English: no installed font has Chinese letters. {HOW_TO_INSTALL}"
        return "en", families, [note]
    return language, families, []


def _figure(
    made: Sequence[Definition],
    derivative: int,
    ends: tuple[float, float],
    labels: Mapping[str, str],
    families: list[str],
    title: str | None,
) -> Figure:
    panels = derivative + 1
    figure = Figure(figsize=(5.2 * panels + 0.4, 4.4), layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    font = FontProperties(family=families)
    grid = figure.subplots(1, panels, squeeze=False)[0]
    many = "one" if len(made) == 1 else "many"
    for order, axes in enumerate(grid):
        heading = labels[f"{many} {_PANELS[order]}"].format(name=_title(made[0], families))
        axes.set_title(heading, fontproperties=font, fontsize=12, parse_math=False)
        axes.set_xlabel(labels["x"], fontproperties=font, parse_math=False)
        axes.set_ylabel(labels[_PANELS[order]], fontproperties=font, parse_math=False)
        _draw(axes, made, order, ends)
    if title:
        figure.suptitle(title, fontproperties=FontProperties(family=families, size=14), parse_math=False)
    if len(made) > 1 or subject(made[0]):
        legend = figure.legend(handles=grid[0].get_lines()[: len(made)], loc="outside lower center", frameon=False,
                               ncols=min(len(made), 3 * panels), prop=FontProperties(family=families, size=10))  # fmt: skip
        for text in legend.get_texts():
            text.set_parse_math(False)
    return figure


def _title(definition: Definition, families: list[str]) -> str:
    """Return the name for a heading: ``Leaky ReLU``'s class name, or the id where it tells parameters, or the formula."""
    plain = definition.family != "formula" and "(" not in definition.name
    title = definition.title if plain else definition.name
    return title if not missing(title, files_of(families)) else definition.name


def _draw(axes: Axes, made: Sequence[Definition], order: int, ends: tuple[float, float]) -> None:
    seen = []
    for n, definition in enumerate(made):
        x, y = sample(definition, order, *ends)
        seen.append(y)
        what = subject(definition)
        axes.plot(x, y, color=PALETTE[n % len(PALETTE)], linestyle=DASHES[n % len(DASHES)], linewidth=2,
                  label=f"{definition.name} ({what})" if what else definition.name, zorder=3)  # fmt: skip
    bottom, top = visible(np.concatenate(seen))
    axes.set_xlim(*ends)
    axes.set_ylim(bottom, top)
    axes.grid(color="#d9d9d9", linewidth=0.7)
    for draw, low, high in ((axes.axhline, bottom, top), (axes.axvline, *ends)):
        if low < 0 < high:
            draw(0, color="#8c8c8c", linewidth=0.9, zorder=1)
    axes.spines[["top", "right"]].set_visible(False)


def _save(figure: Figure, path: Path, suffix: str) -> None:
    """Write the figure; equal figures give equal bytes."""
    dates: dict[str, Any] = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(suffix, {})
    try:
        with mpl.rc_context({"svg.hashsalt": "nonlin"}):
            figure.savefig(path, format=suffix, dpi=150, metadata=dates)
    except OSError as error:
        raise StoreError(
            f"{path} cannot be written: {error.strerror or error}. Choose a folder that exists and may be written, "
            "with room on its disk."
        ) from error
