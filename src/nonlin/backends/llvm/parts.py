"""What the elementary functions share: polynomials, tables, and the reduction of arguments to few turns or powers of two."""

from __future__ import annotations

import math

from nonlin.backends.llvm.assembler import Block, Value
from nonlin.backends.llvm.coefficients import COEFFICIENTS, LN2, PIECES, STEPS

LOG2E = 1.4426950408889634
PI = math.pi
ROOT_HALF = 0.7071067811865476
ROUNDER = {32: 1.5 * 2.0**23, 64: 1.5 * 2.0**52}
"""Added to a number and taken away again it leaves the nearest whole one."""
OVERFLOW = {32: (-104.0, 89.0), 64: (-746.0, 710.0)}
"""Below and above, exp is 0 and infinite."""
MANY = {32: 2.0**17, 64: 2.0**45}
"""Arguments of sine and cosine up to here leave the type enough digits of what is beyond whole turns; others make a detour."""
WHOLE = {32: 2.0**48, 64: 2.0**62}
"""Their largest: beyond, one unit in its last place is very many turns."""


class Parts:
    """Code on the vectors of one block."""

    def __init__(self, block: Block, careful: bool = False, shared: bool = False) -> None:
        """Take a block to write into.

        Args:
            block: where the code goes.
            careful: for kernels whose terms cancel: half an ulp more of accuracy where that costs a third more time.
            shared: whether the kernel has use for the exponential of tanh in its derivative.
        """
        self.b, self.bits, self.careful, self.shared = block, block.lane.bits, careful, shared

    def _poly(self, name: str, u: Value) -> Value:
        """A fitted polynomial, by Horner's rule."""
        *rest, total = COEFFICIENTS[name, self.bits]
        made = self.b.const(total)
        for c in reversed(rest):
            made = self.b.fma(made, u, c)
        return made

    def _reach(self, name: str) -> float:
        """Up to where a function in pieces goes: a little below the middle behind the last multiple of the step."""
        return STEPS[name] * (len(PIECES[name][0]) - 0.6)

    def _in_pieces(self, name: str, size: Value) -> Value:
        """A function that is one of 32 polynomials about the multiples of a step, at ``size`` >= 0 or at its ``_reach``."""
        b, rounder, step = self.b, ROUNDER[32], STEPS[name]
        held = b.min(self._reach(name), size)
        shifted = b.fma(held, 1 / step, rounder)  # whose last bits tell the nearest multiple
        r = b.fma(b.op("fsub", shifted, b.const(rounder)), -step, held)
        *rest, made = (b.looked_up(column, b.cast("bitcast", shifted, "int")) for column in PIECES[name])
        for c in reversed(rest):
            made = b.fma(made, r, c)
        return made

    def _turns(self, u: Value, unit: float, parts: tuple[float, ...]) -> tuple[Value, Value, Value]:
        """The nearest whole n to u*unit, as a float and as a whole number, and u - n*parts."""
        b, rounder = self.b, ROUNDER[self.bits]
        shifted = b.fma(u, unit, rounder)  # the sum has no bits left for the fraction
        n = b.op("fsub", shifted, b.const(rounder))
        whole = b.op("sub", b.cast("bitcast", shifted, "int"), b.cast("bitcast", b.const(rounder), "int"))
        rest = u
        for part in parts:
            rest = b.fma(n, -part, rest)
        return n, whole, rest

    def _reduced(self, u: Value, negative: bool = False) -> tuple[Value, Value, Value]:
        """exp(u) = (1 + q) * 2**n: q for the rest of u, and n in both forms; ``negative`` where u is known not to be above 0."""
        b = self.b
        r, n, whole = self._rest(u, negative)
        return b.fma(b.op("fmul", r, r), self._poly("exp", r), r), n, whole

    def _rest(self, u: Value, negative: bool) -> tuple[Value, Value, Value]:
        """u - n*log(2), and n in both forms."""
        b = self.b
        low, high = OVERFLOW[self.bits]
        held = b.max(low, u)
        n, whole, r = self._turns(held if negative else b.min(high, held), LOG2E, LN2[self.bits])
        return r, n, whole

    def _power(self, a: Value, n: Value, whole: Value) -> Value:
        """a * 2**n."""
        return self.b.scaled(a, n, whole)

    @property
    def tabled(self) -> bool:
        """Whether a table of powers of two stands in one register and saves three terms of the series."""
        return self.b.wide and self.bits == 32

    def _roots(self) -> tuple[float, ...]:
        return tuple(2 ** (j / self.b.width) for j in range(self.b.width))
