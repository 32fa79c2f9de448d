"""The normal distribution, and the error function: the tail as exp(-u*u/2) times a slow function, or in pieces."""

from __future__ import annotations

import math
from typing import Any

from nonlin.backends.llvm.assembler import Value
from nonlin.backends.llvm.coefficients import CENTRE, COEFFICIENTS, END, LN2
from nonlin.backends.llvm.parts import LOG2E, ROUNDER, Parts


class Normal(Parts):
    """Functions of the normal distribution."""

    def _bell(self, square: Value, lost: Value, by: float) -> tuple[Value | None, Value, Value, Value]:
        """exp(-by*(square + lost)) = entry*(1 + q)*2**n, n in both forms; no entry where there is no table."""
        b, rounder, table = self.b, ROUNDER[self.bits], self.tabled
        rounder = rounder / b.width if table else rounder
        shifted = b.fma(square, -by * LOG2E, rounder)
        n = b.op("fsub", shifted, b.const(rounder))
        whole = b.op("sub", b.cast("bitcast", shifted, "int"), b.cast("bitcast", b.const(rounder), "int"))
        r = square
        for part in LN2[self.bits]:
            r = b.fma(n, part / by, r)
        r = b.op("fadd", r, lost)
        powers = [1.0, *COEFFICIENTS["exp_short" if table else "exp", self.bits]]  # of y = -by*r, from the first on
        *rest, total = [c * (-by) ** (k + 1) for k, c in enumerate(powers)]
        q = b.const(total)
        for c in reversed(rest):
            q = b.fma(q, r, c)
        entry = b.looked_up(self._roots(), b.cast("bitcast", shifted, "int")) if table else None
        return entry, b.op("fmul", q, r), n, whole

    def _tail(self, u: Value, square: Value, lost: Value, by: float, name: str) -> Value:
        """exp(-by*(square + lost)) times the slow function fitted as ``name``, for u >= 0."""
        b = self.b
        slow = self._slow(u, by, name)
        entry, q, n, whole = self._bell(square, lost, by)
        base = slow if entry is None else b.op("fmul", slow, entry)
        return b.scaled(b.fma(base, q, base), n, whole)

    def _slow(self, u: Value, by: float, name: str) -> Value:
        b, c = self.b, CENTRE[self.bits] / math.sqrt(by)
        ratio = b.op("fdiv", b.const(1), b.op("fadd", u, b.const(c)))
        return b.op("fmul", ratio, self._poly(name, b.op("fmul", b.op("fsub", u, b.const(c)), ratio)))

    def erfc(self, u: Any) -> Value:
        b, u = self.b, self.b.value(u)
        held = b.min(END[self.bits], b.abs(u))
        square = b.op("fmul", held, held)
        tail = self._tail(held, square, b.fma(held, held, -square), 1.0, "erfcx")
        far = b.select(b.compare("olt", u, b.const(0)), b.op("fsub", b.const(2), tail), tail)
        small = b.max(-0.5, b.min(0.5, u))
        near = b.fma(-small, self._poly("erf", b.op("fmul", small, small)), 1.0)
        return b.select(b.compare("olt", b.abs(u), b.const(0.5)), near, far)

    def _cdf_in_pieces(self, u: Value) -> Value:
        """Without an exponential; a detour where so little is left that the pieces do not reach."""
        b = self.b
        tail = self._in_pieces("tail", b.abs(u))
        usual = b.select(b.compare("ogt", u, b.const(0)), b.op("fsub", b.const(1), tail), tail)
        far = b.compare("olt", u, b.const(-self._reach("tail")))
        (made,) = b.rarely(far, (usual,), lambda: (self._far_tail(u),))
        return made

    def _far_tail(self, u: Value) -> Value:
        """normal_cdf far below 0."""
        b = self.b
        held = b.min(END[self.bits] * 1.4142135, b.abs(u))
        square = b.op("fmul", held, held)
        return self._tail(held, square, b.fma(held, held, -square), 0.5, "mills")

    def normal_cdf(self, u: Any) -> Value:
        b, u = self.b, self.b.value(u)
        if self.tabled:
            return self._cdf_in_pieces(u)
        held = b.min(END[self.bits] * 1.4142135, b.abs(u))
        square = b.op("fmul", held, held)
        tail = self._tail(held, square, b.fma(held, held, -square), 0.5, "mills")
        far = b.select(b.compare("ogt", u, b.const(0)), b.op("fsub", b.const(1), tail), tail)
        if self.bits == 32:
            return far
        small = b.max(-0.70703125, b.min(0.70703125, u))
        near = b.fma(small, self._poly("cdf", b.op("fmul", small, small)), 0.5)
        return b.select(b.compare("olt", b.abs(u), b.const(0.70703125)), near, far)

    def normal_pdf(self, u: Any) -> Value:
        b, u = self.b, self.b.value(u)
        held = b.min(END[self.bits] * 1.4142135, b.abs(u))
        square = b.op("fmul", held, held)
        entry, q, n, whole = self._bell(square, b.fma(held, held, -square), 0.5)  # as in normal_cdf, so that they share it
        base = b.const(0.3989422804014327) if entry is None else b.op("fmul", entry, b.const(0.3989422804014327))
        return b.scaled(b.fma(base, q, base), n, whole)

    def erf(self, u: Any) -> Value:
        b, u = self.b, self.b.value(u)
        size = b.abs(u)
        if self.tabled:
            return b.with_sign(self._in_pieces("erf", size), u)
        held = b.min(END[self.bits], size)
        square = b.op("fmul", held, held)
        far = b.op("fsub", b.const(1), self._tail(held, square, b.fma(held, held, -square), 1.0, "erfcx"))
        small = b.min(0.5, size)
        near = b.op("fmul", small, self._poly("erf", b.op("fmul", small, small)))
        return b.with_sign(b.select(b.compare("olt", size, b.const(0.5)), near, far), u)
