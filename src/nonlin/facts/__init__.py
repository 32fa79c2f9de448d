"""What is true of a function: exact where the formula says it, computed where it must be integrated."""

from nonlin.facts.kinks import Kink, kinks, switches
from nonlin.facts.moments import Moments, gain, moments
from nonlin.facts.twins import twins

__all__ = ["Kink", "Moments", "gain", "kinks", "moments", "switches", "twins"]
