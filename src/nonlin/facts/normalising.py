"""Self-normalising fixed points: what to multiply and add so that a layer keeps mean and variance of its activations.

As in Klambauer et al. 2017 (arXiv:1706.02515): the weights of a unit sum to 0 and their squares to 1, so activations of mean mu
and variance nu give pre-activations N(0, nu), and the layer maps (mu, nu) to (E f(sqrt(nu) z), Var f(sqrt(nu) z)). The new values
depend on nu alone, so the fixed point attracts if and only if |d Var/d nu| < 1.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from nonlin.catalogue import Definition
from nonlin.errors import ParameterError
from nonlin.expr import Expr, const, stabilise, substitute, to_text, var
from nonlin.expr.nodes import add, call, mul
from nonlin.facts.moments import elementwise, finite, integrate, positive

By = Literal["affine", "halves"]


@dataclass(frozen=True)
class SelfNormalising:
    """A function made self-normalising, the numbers that do it, and whether its fixed point attracts.

    Attributes:
        definition: the new function.
        first: for ``affine`` the factor, for ``halves`` the factor of the half above 0 (SELU's lambda).
        second: for ``affine`` what is added before, for ``halves`` the factor of the half below 0 (lambda alpha).
        mean: the mean of activations it keeps.
        variance: their variance.
        rate: d Var/d nu at the fixed point: a deviation of the variance shrinks to this share of itself in a layer.
    """

    definition: Definition
    first: float
    second: float
    mean: float
    variance: float
    rate: float

    @property
    def stable(self) -> bool:
        """Whether the fixed point attracts."""
        return abs(self.rate) < 1 - 1e-9


def self_normalising(
    definition: Definition | str, mean: float = 0.0, variance: float = 1.0, *, by: By = "affine", unstable: bool = False
) -> SelfNormalising:
    """Return the function scaled so that activations keep this mean and variance through layers of zero-sum unit-norm weights.

    ``affine``: ``first*(f(x) + second)``, which exists for any function. ``halves``: ``first*f(max(x, 0)) + second*f(min(x, 0))`` for a
    function with f(0) = 0, which stays continuous; for ELU this is SELU.

    Args:
        definition: an elementwise function: a definition, a name, or a formula.
        mean: of the activations.
        variance: of the activations, and so of the pre-activations.
        by: ``affine`` or ``halves``.
        unstable: return a fixed point that repels, too, instead of raising an error.

    Raises:
        ParameterError: no such numbers exist, or the fixed point repels; with the reason.

    >>> made = self_normalising("elu", by="halves")
    >>> round(made.first, 12), round(made.second / made.first, 12), made.stable  # SELU's lambda and alpha
    (1.050700987355, 1.673263242354, True)
    >>> made = self_normalising("softsign", variance=2.0)
    >>> made.stable, round(made.first, 6), made.second
    (True, 2.835562, 0.0)
    """
    made = elementwise(definition)
    finite(mean, "mean is the mean of the activations and")
    positive(variance, "variance is the variance of the activations and")
    if by not in ("affine", "halves"):
        raise ParameterError(f"by must be 'affine' (scale and shift) or 'halves' (a factor on each side of 0), not {by!r}")
    root = made.closed()
    first, second = (_affine if by == "affine" else _halves)(made, root, float(mean), float(variance))
    x = var("x")
    exact = [const(Fraction(repr(v))) for v in (first, second)]
    body = _textbook(made)
    if by == "affine":
        formula = mul(exact[0], add(body, exact[1]))
    else:
        sides = [substitute(body, {"x": call(op, x, 0)}) for op in ("max", "min")]
        formula = add(mul(exact[0], sides[0]), mul(exact[1], sides[1]))
    new = Definition(to_text(formula), formula, title="Formula", summary=f"{made.name}, made self-normalising.")
    found = SelfNormalising(new, first, second, float(mean), float(variance), _rate(stabilise(formula), float(variance)))
    if not (found.stable or unstable):
        grows = f"repels: a deviation of the variance grows {abs(found.rate):.4g}-fold in every layer"
        fate = grows if abs(found.rate) > 1 + 1e-9 else "does not attract: a deviation of the variance stays as it is"
        raise ParameterError(
            f"{made.name} scaled by {first:.6g} {'and shifted by' if by == 'affine' else 'above 0 and below by'} {second:.6g} keeps "
            f"mean {mean:g} and variance {variance:g}, but the fixed point {fate}. Only a function whose slope falls off where inputs are "
            "large has one that attracts; unstable=True returns this one"
        )
    return found


def _textbook(made: Definition) -> Expr:
    return substitute(made.resting, {n: const(p.default) for n, p in made.settable.items()})


def _affine(made: Definition, root: Expr, mean: float, variance: float) -> tuple[float, float]:
    """Return factor and shift: Var (s (f + t)) = s^2 Var f, E = s (E f + t)."""
    middle, square, *_ = integrate(root, variance)
    spread = square - middle**2
    if not math.isfinite(spread):
        raise ParameterError(
            f"{made.name}: E f^2 is infinite or undefined for inputs of variance {variance:g}, so nothing scales it"
        )
    if spread <= 1e-14 * square:
        raise ParameterError(f"{made.name} is constant for inputs of variance {variance:g}; no factor gives it a variance")
    factor = math.sqrt(variance / spread)
    middle = middle if abs(middle) > 1e-15 * math.sqrt(square) else 0.0  # an odd function has none
    return factor, mean / factor - middle


def _halves(made: Definition, root: Expr, mean: float, variance: float) -> tuple[float, float]:
    """Return (u, v) with u P + v N = mean and u^2 P2 + v^2 N2 = variance + mean^2, u and v above 0."""
    x = var("x")
    sides = [stabilise(substitute(root, {"x": call(op, x, 0)})) for op in ("max", "min")]
    (p, pp, *_), (n, nn, *_) = (integrate(side, variance) for side in sides)
    at_zero = integrate(root, 1e-18)[1]
    if not at_zero < 1e-15:
        raise ParameterError(f"{made.name} is not 0 at 0, so a factor on each side would tear it apart; use by='affine'")
    if not all(map(math.isfinite, (p, pp, n, nn))):
        raise ParameterError(
            f"{made.name}: E f^2 is infinite or undefined for inputs of variance {variance:g}, so nothing scales it"
        )
    if nn < 1e-300 or n == 0:
        raise ParameterError(
            f"{made.name} is 0 below 0, so only the factor above 0 is left for two conditions; use by='affine'"
        )
    # v = (mean - u p)/n in the second condition gives a quadratic in u
    a, b, c = pp + nn * (p / n) ** 2, -2 * nn * mean * p / n**2, nn * (mean / n) ** 2 - variance - mean**2
    room = b * b - 4 * a * c
    pairs = [] if room < 0 else [(u, (mean - u * p) / n) for u in ((-b + s * math.sqrt(room)) / (2 * a) for s in (1, -1))]
    good = [(u, v) for u, v in pairs if u > 0 and v > 0]
    if not good:
        raise ParameterError(
            f"{made.name} has no pair of positive factors that gives mean {mean:g} and variance {variance:g}: its halves have "
            f"means {p:.4g} and {n:.4g}; choose a mean nearer to 0, or by='affine'"
        )
    return good[0]


def _rate(root: Expr, variance: float) -> float:
    """Return d Var f(sqrt(nu) z)/d nu = (E[z f f'] - E f E[z f'])/sqrt(nu)."""
    mean, _, _, cross, tilt = integrate(root, variance)
    return (cross - mean * tilt) / math.sqrt(variance)
