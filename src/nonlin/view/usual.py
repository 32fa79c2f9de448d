"""What pictures are drawn with unless told otherwise: one row for each, for the functions of Python and the commands alike."""

from __future__ import annotations

from typing import NamedTuple


class Landscape(NamedTuple):
    """See :func:`nonlin.view.landscape.landscape`."""

    functions: tuple[str, ...] = ("relu", "silu", "mish")
    layers: int = 6
    width: int = 64
    extent: float = 3.0
    resolution: int = 240
    init: str = "gain"


class Folding(NamedTuple):
    """See :func:`nonlin.view.folding.folding`."""

    functions: tuple[str, ...] = ("tanh",)
    data: str = "moons"
    layers: int = 3
    width: int = 2
    steps: int = 1500
    tried: int = 12
    samples: int = 240
    rate: float = 0.03
    identity: bool = True


class Collapse(NamedTuple):
    """See :func:`nonlin.view.collapse.collapse`."""

    functions: tuple[str, ...] = ("relu",)
    layers: int = 8
    width: int = 16


class Rates(NamedTuple):
    """See :func:`nonlin.watch.rates.random_network`."""

    functions: tuple[str, ...] = ("relu", "tanh")
    layers: int = 8
    width: int = 256
    samples: int = 1024
    init: str = "he"


class Curves(NamedTuple):
    """See :func:`nonlin.view.figures.plot`."""

    low: float = -4.0
    high: float = 4.0
    dpi: int = 150
    language: str = "en"


LANDSCAPE, FOLDING, COLLAPSE, RATES, CURVES = Landscape(), Folding(), Collapse(), Rates(), Curves()
