"""Fonts for labels in Chinese: which installed font has the letters, and what to say where none has."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from matplotlib import font_manager
from matplotlib.font_manager import FontEntry, FontProperties

BASE = "DejaVu Sans"
"""Matplotlib's own font: always there, with Latin and Greek letters and the signs of mathematics."""

CHINESE = (
    "Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "Source Han Sans CN", "Noto Sans CJK JP", "Noto Sans CJK TC",
    "Microsoft YaHei", "PingFang SC", "PingFang HK", "Hiragino Sans GB", "Heiti SC", "Heiti TC", "STHeiti", "SimHei",
    "WenQuanYi Micro Hei", "WenQuanYi Zen Hei", "Noto Serif CJK SC", "Noto Serif CJK JP", "Songti SC", "STSong", "SimSun",
    "Droid Sans Fallback", "Arial Unicode MS",
)  # fmt: skip
"""Families that hold simplified and traditional Chinese, sans serif first."""

_FILES = ("noto", "sourcehan", "wqy", "simhei", "simsun", "msyh", "pingfang", "heiti", "hiragino", "songti", "droidsans")
_SAMPLE = "激活函数梯度"

HOW_TO_INSTALL = (
    "Install one, for example with `apt-get install fonts-noto-cjk` or `fonts-wqy-microhei` (Debian, Ubuntu), "
    "`dnf install google-noto-sans-cjk-fonts` (Fedora), or `brew install --cask font-noto-sans-cjk-sc` (macOS)"
)


def entries() -> list[FontEntry]:
    """Return every font matplotlib knows of."""
    return list(font_manager.fontManager.ttflist)


def new_files() -> list[str]:
    """Return font files of Chinese families that were installed after matplotlib made its list."""
    known = {entry.fname for entry in entries()}
    found = font_manager.findSystemFonts()
    return sorted(f for f in found if f not in known and any(part in Path(f).name.lower() for part in _FILES))


def chinese_font() -> str | None:
    """Return the family of an installed font that can write Chinese, or None."""
    found = _best(entries())
    if found is None:
        for file in new_files():
            try:
                font_manager.fontManager.addfont(file)
            except (OSError, RuntimeError, ValueError):
                continue  # a damaged font file is as good as none
        found = _best(entries())
    return found


def _best(fonts: Sequence[FontEntry]) -> str | None:
    """Return the first family of ``CHINESE`` among ``fonts`` that really holds the letters."""
    files = {entry.name: entry.fname for entry in reversed(fonts)}
    return next((name for name in CHINESE if name in files and not missing(_SAMPLE, [files[name]])), None)


def missing(text: str, files: Sequence[str]) -> str:
    """Return the letters of ``text`` that none of the font ``files`` holds, each once."""
    held: set[int] = set().union(*map(_letters, files))
    return "".join(dict.fromkeys(c for c in text if not c.isspace() and ord(c) not in held))


@lru_cache(maxsize=64)
def _letters(file: str) -> frozenset[int]:
    try:
        return frozenset(font_manager.get_font(file).get_charmap())
    except (OSError, RuntimeError, ValueError):
        return frozenset()


def files_of(families: Sequence[str]) -> list[str]:
    """Return the file matplotlib uses for each of ``families``."""
    return [str(font_manager.findfont(FontProperties(family=name), fallback_to_default=False)) for name in families]
