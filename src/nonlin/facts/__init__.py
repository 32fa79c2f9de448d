"""What is true of a function: exact where the formula says it, computed where it must be integrated."""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nonlin.facts.floors import Floor, bce_logits_floor, cross_entropy_floor, known_floors, nll_floor, squared_floor
    from nonlin.facts.kinks import Kink, kinks, switches
    from nonlin.facts.many import all_facts
    from nonlin.facts.maps import chi_parallel, chi_perpendicular, correlation_map, jumps, variance_map
    from nonlin.facts.moments import Moments, gain, moments
    from nonlin.facts.normalising import SelfNormalising, self_normalising
    from nonlin.facts.propagation import FixedPoint, correlation_depth, edge, edge_curve, fixed_points, half_stable
    from nonlin.facts.reach import Reach, reach
    from nonlin.facts.shaping import Shape, conditions_met, solve_shape
    from nonlin.facts.table import FACTS, Fact, Facts, fact, facts
    from nonlin.facts.travel import Travel, travel
    from nonlin.facts.twins import twins

__all__ = [
    "FACTS",
    "Fact",
    "Facts",
    "FixedPoint",
    "Floor",
    "Kink",
    "Moments",
    "Reach",
    "SelfNormalising",
    "Shape",
    "Travel",
    "all_facts",
    "bce_logits_floor",
    "chi_parallel",
    "chi_perpendicular",
    "conditions_met",
    "correlation_depth",
    "correlation_map",
    "cross_entropy_floor",
    "edge",
    "edge_curve",
    "fact",
    "facts",
    "fixed_points",
    "gain",
    "half_stable",
    "jumps",
    "kinks",
    "known_floors",
    "moments",
    "nll_floor",
    "reach",
    "self_normalising",
    "solve_shape",
    "squared_floor",
    "switches",
    "travel",
    "twins",
    "variance_map",
]

_MODULES = {
    "floors": "Floor bce_logits_floor cross_entropy_floor known_floors nll_floor squared_floor",
    "kinks": "Kink kinks switches",
    "many": "all_facts",
    "maps": "chi_parallel chi_perpendicular correlation_map jumps variance_map",
    "moments": "Moments gain moments",
    "normalising": "SelfNormalising self_normalising",
    "propagation": "FixedPoint correlation_depth edge edge_curve fixed_points half_stable",
    "reach": "Reach reach",
    "shaping": "Shape conditions_met solve_shape",
    "table": "FACTS Fact Facts fact facts",
    "travel": "Travel travel",
    "twins": "twins",
}
"""What each module gives the package; it is loaded when one of its names is first asked for, for most need arrays."""
_WHERE = {name: module for module, names in _MODULES.items() for name in names.split()}


class _Facts(ModuleType):
    """The package. ``nonlin.facts.reach`` is the function also after the module ``nonlin.facts.reach`` was imported."""

    def __setattr__(self, name: str, value: Any) -> None:
        shadows = name in _WHERE and isinstance(value, ModuleType)
        if not shadows:  # an import sets each module as an attribute of its package
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Facts


def __getattr__(name: str) -> Any:
    """Load public names on first use."""
    if name not in _WHERE:
        raise AttributeError(f"module 'nonlin.facts' has no attribute {name!r}")
    found = getattr(import_module(f"nonlin.facts.{_WHERE[name]}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *_WHERE})
