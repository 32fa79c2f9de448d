"""Sines, cosines and the arc tangent: whole quarters or 32nds of a turn are taken away exactly."""

from __future__ import annotations

import math
from typing import Any

from nonlin.backends.llvm.assembler import Value
from nonlin.backends.llvm.coefficients import PI_HALVES
from nonlin.backends.llvm.parts import MANY, PI, ROUNDER, WHOLE, Parts


class Circles(Parts):
    """Functions of the circle."""

    def _circle(self, u: Value, quarter: int) -> Value:
        """sin(u + quarter*pi/2); beyond ``WHOLE`` as if u were 0."""
        b = self.b
        if self.tabled:
            return self._circle_by_table(u, quarter)
        inside = b.compare("ole", b.abs(u), b.const(WHOLE[self.bits]))
        whole, r = self._quarters(b.select(inside, u, 0.0))
        z = b.op("fmul", r, r)
        sine = b.fma(b.op("fmul", r, z), self._poly("sin", z), r)
        cosine = b.fma(b.op("fmul", z, z), self._poly("cos", z), b.fma(z, -0.5, 1.0))
        turned = b.op("add", whole, b.whole(quarter)) if quarter else whole
        one = b.whole(1)
        odd = b.compare("eq", b.op("and", turned, one), one)
        made = b.select(odd, cosine, sine)
        flip = b.op("shl", b.op("and", turned, b.whole(2)), b.whole(b.lane.bits - 2))
        made = b.cast("bitcast", b.op("xor", b.cast("bitcast", made, "int"), flip), "float")
        return b.select(inside, made, b.op("fadd", made, b.op("fsub", u, u)))  # which is NaN at infinity

    def _circle_by_table(self, u: Value, quarter: int) -> Value:
        """sin(c + r) = sin(c)*cos(r) + cos(c)*sin(r) for c the nearest multiple of pi/16, of which a table holds both."""
        b, steps = self.b, 32
        shifted = b.fma(u, steps / (2 * PI), ROUNDER[32])
        n, whole, r = b.op("fsub", shifted, b.const(ROUNDER[32])), b.cast("bitcast", shifted, "int"), u
        for part in PI_HALVES[32][:3]:
            r = b.fma(n, -part * 4 / steps, r)
        away = b.compare("ogt", b.abs(u), b.const(MANY[32] * 4 / steps))
        whole, r = b.rarely(away, (whole, r), lambda: self._far_in_double(u, steps))
        turns = [(k + quarter * steps // 4) % steps for k in range(steps)]
        sine = b.looked_up(tuple(math.sin(k * 2 * PI / steps) if k % (steps // 2) else 0.0 for k in turns), whole)
        cosine = b.looked_up(tuple(math.cos(k * 2 * PI / steps) if (k + 8) % (steps // 2) else 0.0 for k in turns), whole)
        z = b.op("fmul", r, r)
        lost = b.op("fmul", z, self._poly("cos_short", z))
        across = b.fma(b.op("fmul", r, z), self._poly("sin_short", z), r)
        return b.fma(cosine, across, b.fma(sine, lost, sine))

    def _quarters(self, u: Value) -> tuple[Value, Value]:
        """The nearest whole n to u*2/pi, of which the last two bits are right, and u - n*pi/2."""
        b = self.b
        _, whole, r = self._turns(u, 2 / PI, PI_HALVES[self.bits][:3])
        away = b.compare("ogt", b.abs(u), b.const(MANY[self.bits]))
        far = self._far_in_double if self.bits == 32 else self._far_in_two_steps
        whole, r = b.rarely(away, (whole, r), lambda: far(u))
        return whole, r

    def _far_in_double(self, u: Value, steps: int = 4) -> tuple[Value, Value]:
        """The nearest multiple of the turn divided by ``steps``, and the rest; beyond ``WHOLE`` as if u were 0."""
        b, double = self.b, self.b.doubled()
        inside = b.compare("ole", b.abs(u), b.const(WHOLE[32]))
        held = double.taken("fpext", b.select(inside, u, 0.0))
        _, whole, r = Parts(double)._turns(held, steps / (2 * PI), tuple(p * 4 / steps for p in PI_HALVES[64][:2]))
        return b.taken("trunc", whole), b.select(inside, b.taken("fptrunc", r), b.op("fsub", u, u))

    def _far_in_two_steps(self, u: Value) -> tuple[Value, Value]:
        """First about the nearest n, which may miss by a few, for it is rounded; then the nearest."""
        b = self.b
        n = b.rint(b.op("fmul", u, b.const(2 / PI)))
        rest = u
        for part in PI_HALVES[64][:3]:
            rest = b.fma(n, -part, rest)
        _, whole, r = self._turns(rest, 2 / PI, PI_HALVES[64][:2])
        last = b.fma(b.floor(b.op("fmul", n, b.const(0.25))), -4.0, n)
        return b.op("add", whole, b.cast("fptosi", last, "int")), r

    def sin(self, u: Any) -> Value:
        b, u = self.b, self.b.value(u)
        return b.select(b.compare("oeq", u, b.const(0)), u, self._circle(u, 0))  # -0 stays what it is

    def cos(self, u: Any) -> Value:
        return self._circle(self.b.value(u), 1)

    def arctan(self, u: Any) -> Value:
        b, u = self.b, self.b.value(u)
        size = b.abs(u)
        # beyond tan(3 pi/8) pi/2 - arctan(1/u), from tan(pi/8) pi/4 + arctan((u - 1)/(u + 1)), else as it is
        far, middle = b.compare("ogt", size, b.const(2.414213562373095)), b.compare("ogt", size, b.const(0.4142135623730950))
        top = b.select(far, -1.0, b.select(middle, b.op("fsub", size, b.const(1)), size))
        bottom = b.select(far, size, b.select(middle, b.op("fadd", size, b.const(1)), b.const(1)))
        v = b.op("fdiv", top, bottom)
        z = b.op("fmul", v, v)
        first, second = PI_HALVES[self.bits][:2]
        high = b.select(far, first, b.select(middle, first / 2, 0.0))
        low = b.select(far, second, b.select(middle, second / 2, 0.0))
        near = b.fma(b.op("fmul", v, z), self._poly("arctan", z), v)
        return b.with_sign(b.op("fadd", high, b.op("fadd", near, low)), u)
