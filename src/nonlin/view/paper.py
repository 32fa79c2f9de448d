"""What every figure shares: light or dark ground, size, language and fonts, and how it is written to a file.

A figure has one layout, made for its natural width; another width scales everything together, letters and lines too, so that
nothing runs into anything. Settings of the caller's matplotlib (a style, a matplotlibrc) do not reach it.
"""

from __future__ import annotations

import math
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from nonlin.errors import ParameterError, StoreError, unknown
from nonlin.view.charts import NIGHT, PALETTE
from nonlin.view.fonts import BASE, HOW_TO_INSTALL, chinese_font, files_of, missing
from nonlin.view.usual import CURVES

FORMATS = ("png", "svg", "pdf")
LANGUAGES = ("en", "zh")

MILLIMETRES = 25.4
WIDTHS = (30.0, 1500.0)
"""Narrowest and widest figure, in millimetres."""
_DPIS = (30, 1200)
_LEGIBLE = 5.0
"""Below so many points letters are hard to read on paper, and a note says so."""

DASHES: tuple[Any, ...] = ("-", (0, (6, 2)), (0, (6, 2, 1.5, 2)), (0, (1.5, 1.5)))
"""As in the report: four line styles against seven colours, so that neighbours differ in both."""


@dataclass(frozen=True)
class Look:
    """The colours of a figure: ground, letters, axes, grid, and one for each function."""

    paper: str
    ink: str
    soft: str
    grid: str
    colours: tuple[str, ...]


LIGHT = Look("white", "#222222", "#8c8c8c", "#d9d9d9", PALETTE)
DARK = Look("#16181d", "#e8e8e8", "#9a9a9a", "#363a42", NIGHT)
"""Okabe and Ito's colours on white, and the same hues for a dark ground."""


@dataclass(frozen=True)
class Paper:
    """How a figure is to look.

    Attributes:
        path: where to write it, as .png, .svg or .pdf; folders must exist. None: it is only returned.
        dark: light letters on a dark ground.
        language: of the labels: ``en`` or ``zh``; without a Chinese font they are in English, and a note says so.
        width: in millimetres, or text with a unit: ``"88mm"``, ``"3.5in"``. None: each figure's natural width.
        dpi: dots in an inch, for .png.
        title: above the figure.
    """

    path: str | Path | None = None
    dark: bool = False
    language: str = CURVES.language
    width: str | float | None = None
    dpi: int = CURVES.dpi
    title: str | None = None

    @property
    def look(self) -> Look:
        """The colours."""
        return DARK if self.dark else LIGHT


@dataclass(frozen=True)
class Picture:
    """A figure, the file it was written to (if any), the language of its labels, what the reader should know, and its numbers."""

    figure: Figure
    path: Path | None
    language: str
    notes: tuple[str, ...]
    numbers: Mapping[str, Any] = field(default_factory=dict)


def inches(width: str | float) -> float:
    """Return a width in inches.

    >>> inches("88mm"), inches("3.5in"), inches(254.0)
    (3.4645669291338583, 3.5, 10.0)
    """
    found = re.fullmatch(r"\s*([0-9.]+)\s*(mm|cm|in|pt|)\s*", str(width))
    try:
        size = float(found[1]) if found else None
    except ValueError:
        size = None
    if found is None or size is None:
        raise ParameterError(
            f"a width is a number of millimetres or has a unit, such as 88mm, 8.8cm, 3.5in or 250pt, not {width!r}"
        )
    made = size / {"mm": 25.4, "": 25.4, "cm": 2.54, "in": 1.0, "pt": 72.0}[found[2]]
    low, high = WIDTHS
    if not low <= round(made * MILLIMETRES, 6) <= high:
        raise ParameterError(f"a figure is {low:g} to {high:g} mm wide, not {made * MILLIMETRES:g} mm")
    return made


def suffix_of(path: str | Path | None) -> str:
    """Return the format a path asks for."""
    if path is None:
        return ""
    suffix = Path(path).suffix.lower().lstrip(".")
    if suffix not in FORMATS:
        shown = f"not {Path(path).suffix!r}" if suffix else "and this one has none"
        raise ParameterError(f"{path}: a figure's file name must end in {', '.join('.' + f for f in FORMATS)}, {shown}")
    return suffix


class Sheet:
    """A figure being made: its look, the language and fonts that can be written, and the notes gathered on the way.

    Args:
        paper: how the figure is to look.
        labels: language -> name -> text, of the figure's own words.
        written: further text that stands in the figure, whose letters the fonts must have.
    """

    def __init__(self, paper: Paper, labels: Mapping[str, Mapping[str, str]], written: str = "") -> None:
        if paper.language not in LANGUAGES:
            raise unknown("language", paper.language, LANGUAGES)
        if isinstance(paper.dpi, bool) or not isinstance(paper.dpi, int) or not _DPIS[0] <= paper.dpi <= _DPIS[1]:
            raise ParameterError(f"dpi must be a whole number from {_DPIS[0]} to {_DPIS[1]}, not {paper.dpi!r}")
        self.paper, self.look = paper, paper.look
        self.suffix = suffix_of(paper.path)
        self.width = None if paper.width is None else inches(paper.width)
        words = "".join(labels[paper.language].values()) + written
        self.language, self.families, self.notes = fonts(paper.language, words, paper.title)
        self.words = labels[self.language]
        self.title = paper.title
        if paper.title and (absent := missing(paper.title, files_of(self.families))):
            self.notes.append(f"the title is left out: no installed font has {absent!r}. {HOW_TO_INSTALL}")
            self.title = None

    def can_write(self, text: str) -> bool:
        """Return whether the fonts have all its letters."""
        return not missing(text, files_of(self.families))

    @contextmanager
    def figure(self, width: float, height: float, least: float = 0.0) -> Iterator[Figure]:
        """Yield a figure of a natural size in inches, scaled to the width asked for; write it when it is done.

        Letters get no smaller than ``least`` points: only layouts with room to spare bear that.
        """
        scale = 1.0 if self.width is None else self.width / width
        letters = max(scale, least / 10)
        if 10 * letters < _LEGIBLE:
            self.notes.append(
                f"letters are {10 * letters:.1f} points high at this width; the figure is made for {width * MILLIMETRES:.0f} mm"
            )
        with mpl.rc_context(_settings(self.look, self.families, scale, letters)):
            tall = height * scale * (letters / scale) ** 0.5  # room for letters that are larger than the rest
            figure = Figure(figsize=(width * scale, tall), layout="constrained", facecolor=self.look.paper)
            FigureCanvasAgg(figure)
            yield figure
            if self.title:
                below = figure.get_suptitle()  # what the picture says of itself
                figure.suptitle(f"{self.title}\n{below}" if below else self.title, parse_math=False)
            if self.paper.path is not None:
                save(figure, Path(self.paper.path), self.suffix, self.paper.dpi)

    def done(self, figure: Figure, numbers: Mapping[str, Any] | None = None) -> Picture:
        """Return the finished picture."""
        path = None if self.paper.path is None else Path(self.paper.path)
        return Picture(figure, path, self.language, tuple(self.notes), numbers or {})

    def colour(self, n: int) -> str:
        """The colour of the n-th function."""
        return self.look.colours[n % len(self.look.colours)]


def fonts(language: str, words: str, title: str | None = None) -> tuple[str, list[str], list[str]]:
    """Return the language that can be written, the font families that write it, and notes."""
    families = [BASE]
    if not missing(words + (title or ""), files_of(families)):
        return language, families, []
    font = chinese_font()
    if font is not None:
        families.append(font)
    if language != "en" and missing(words, files_of(families)):
        return "en", families, [f"labels are in English: no installed font has Chinese letters. {HOW_TO_INSTALL}"]
    return language, families, []


def _settings(look: Look, families: Sequence[str], scale: float, letters: float) -> Any:
    """Return matplotlib's own defaults, with this look, every length times ``scale``, letters times ``letters``."""
    own: Any = mpl.rcParamsDefault
    plain = {k: v for k, v in own.items() if k not in _KEPT}
    lengths = {k: plain[k] * scale for k in _LENGTHS}
    return {
        **plain,
        **lengths,
        "font.size": 10 * letters,
        "font.family": list(families),
        "axes.titlesize": 12 * letters,
        "figure.titlesize": 14 * letters,
        "legend.fontsize": 10 * letters,
        "xtick.labelsize": 9 * letters,
        "ytick.labelsize": 9 * letters,
        "axes.titlepad": 6 * scale,
        "axes.labelpad": 4 * scale,
        "lines.linewidth": 2 * scale,
        "grid.linewidth": 0.7 * scale,
        "axes.edgecolor": look.soft,
        "axes.facecolor": look.paper,
        "axes.labelcolor": look.ink,
        "axes.titlecolor": look.ink,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.unicode_minus": True,
        "text.color": look.ink,
        "text.parse_math": False,
        "xtick.color": look.soft,
        "ytick.color": look.soft,
        "xtick.labelcolor": look.ink,
        "ytick.labelcolor": look.ink,
        "grid.color": look.grid,
        "legend.frameon": False,
        "figure.constrained_layout.h_pad": 0.04 * scale,
        "figure.constrained_layout.w_pad": 0.04 * scale,
    }


_KEPT = frozenset(("backend", "backend_fallback", "interactive", "toolbar", "webagg.port", "webagg.address"))
"""What belongs to the caller's session, not to a figure."""
_LENGTHS = ("axes.linewidth", "hatch.linewidth", "lines.markeredgewidth", "lines.markersize", "patch.linewidth",
            "xtick.major.size", "ytick.major.size", "xtick.minor.size", "ytick.minor.size",
            "xtick.major.width", "ytick.major.width", "xtick.minor.width", "ytick.minor.width",
            "xtick.major.pad", "ytick.major.pad")  # fmt: skip


def setting(name: str) -> float:
    """Return a length of the figure being made, such as ``lines.linewidth``, in points."""
    current: Any = mpl.rcParams
    return float(current[name])


_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def log_ticks(axes: Axes, most: int = 7) -> None:
    """Label a logarithmic y axis with powers of ten, written without mathtext."""
    axes.yaxis.set_major_locator(LogLocator(numticks=most))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda v, _: "10" + f"{round(math.log10(v))}".translate(_RAISED)))
    axes.yaxis.set_minor_locator(NullLocator())


def legend(figure: Figure, handles: Sequence[Artist]) -> None:
    """Put a legend below the figure, in as many columns as its width holds; none without handles."""
    widths = [_letters(str(h.get_label())) + 8.5 for h in handles]  # the piece of line, and the room between columns
    letters = figure.get_figwidth() * 72 / (0.62 * setting("legend.fontsize"))

    def fits(columns: int) -> bool:
        each, more = divmod(len(widths), columns)  # matplotlib fills column after column, the first ones with one more
        starts = [k * each + min(k, more) for k in range(columns + 1)]
        return sum(max(widths[a:b]) for a, b in pairwise(starts)) <= letters

    if handles:
        columns = next((n for n in range(len(handles), 1, -1) if fits(n)), 1)
        figure.legend(handles=list(handles), loc="outside lower center", ncols=columns)


def _letters(text: str) -> float:
    """The width of a text in letters; a Chinese one is wider."""
    return sum(1.0 if ord(c) < 0x2E80 else 1.65 for c in text)


def zero_lines(axes: Axes, look: Look) -> None:
    """Draw the axes of coordinates where 0 is inside."""
    for draw, (low, high) in ((axes.axhline, axes.get_ylim()), (axes.axvline, axes.get_xlim())):
        if low < 0 < high:
            draw(0, color=look.soft, linewidth=setting("axes.linewidth"), zorder=1)


def save(figure: Figure, path: Path, suffix: str, dpi: int = CURVES.dpi) -> None:
    """Write a figure; equal figures give equal bytes.

    Raises:
        StoreError: the file cannot be written.
        ParameterError: the figure is too small for its letters.
    """
    dates: dict[str, Any] = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(suffix, {})
    try:
        with mpl.rc_context({"svg.hashsalt": "nonlin"}), warnings.catch_warnings():
            warnings.filterwarnings("error", message="constrained_layout not applied")
            figure.savefig(path, format=suffix, dpi=dpi, metadata=dates)
    except UserWarning:
        wide = figure.get_figwidth() * MILLIMETRES
        raise ParameterError(
            f"{path}: at {wide:.0f} mm the figure has no room for its letters; choose a larger width"
        ) from None
    except OSError as error:
        raise StoreError(
            f"{path} cannot be written: {error.strerror or error}. Choose a folder that exists and may be written, "
            "with room on its disk."
        ) from error
