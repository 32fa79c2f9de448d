"""Elementary functions as vector code, within an ulp or two over the whole range of the type.

Each reduces its argument exactly, evaluates a polynomial of ``coefficients.py`` with fused operations, and puts the result
together so that nothing cancels. A lane's result does not depend on its neighbours or its place: there are no branches, but for a
detour that is skipped where no lane needs it. NaN stays NaN; infinities give the limits.
"""

from __future__ import annotations

from typing import Any

from nonlin.backends.llvm.assembler import Value
from nonlin.backends.llvm.circles import Circles
from nonlin.backends.llvm.coefficients import COEFFICIENTS, LN2
from nonlin.backends.llvm.normal import Normal
from nonlin.backends.llvm.parts import LOG2E, OVERFLOW, PI, ROOT_HALF, ROUNDER, WHOLE

__all__ = ["WHOLE", "Elementary", "Unsupported"]


class Elementary(Normal, Circles):
    """The functions of one block, by the names of the spelling column ``llvm``."""

    def scope(self) -> dict[str, Any]:
        """What a program in the spelling ``llvm`` may use."""
        names = {n for kind in type(self).__mro__ for n in vars(kind) if not n.startswith("_")} - {"scope", "tabled"}
        return {"pi": PI, **{n: getattr(self, n) for n in names}}

    def _log_parts(self, f: Value, name: str = "log") -> tuple[Value, Value]:
        """log(1 + f) = f - (h - s*(h + R)): returns h and s*(h + R)."""
        b = self.b
        s = b.op("fdiv", f, b.op("fadd", b.const(2), f))
        z = b.op("fmul", s, s)
        h = b.op("fmul", b.op("fmul", b.const(0.5), f), f)
        return h, b.op("fmul", s, b.fma(z, self._poly(name, z), h))

    def _split(self, u: Value) -> tuple[Value, Value]:
        """u = m * 2**k with m from sqrt(1/2) to sqrt(2): k as a whole number, and m."""
        b, lane = self.b, self.b.lane
        held = b.cast("bitcast", u, "int")
        k = b.op("ashr", b.op("sub", held, b.cast("bitcast", b.const(ROOT_HALF), "int")), b.whole(lane.fraction))
        m = b.cast("bitcast", b.op("sub", held, b.op("shl", k, b.whole(lane.fraction))), "float")
        return k, m

    def _logarithm(self, f: Value, k: Value) -> Value:
        """log((1 + f) * 2**k)."""
        b = self.b
        n = b.cast("sitofp", k, "float")
        high, low = LN2[self.bits][:2]
        h, rest = self._log_parts(f)
        inner = b.op("fsub", h, b.fma(n, low, rest))
        return b.fma(n, high, b.op("fsub", f, inner))

    # -- arithmetic -------------------------------------------------------------------------------------------------

    def abs(self, u: Any) -> Value:
        return self.b.abs(u)

    def sign(self, u: Any) -> Value:
        b = self.b
        u = b.value(u)
        away = b.with_sign(1.0, u)
        return b.select(b.compare("une", u, b.const(0)), b.select(b.compare("uno", u, u), u, away), 0.0)

    def floor(self, u: Any) -> Value:
        return self.b.floor(u)

    def round(self, u: Any) -> Value:
        return self.b.rint(u)

    def sqrt(self, u: Any) -> Value:
        return self.b.sqrt(u)

    def where(self, mask: Any, a: Any, b: Any) -> Any:
        if isinstance(mask, bool):
            return a if mask else b
        return self.b.select(mask, a, b)

    def minimum(self, a: Any, b: Any) -> Value:
        return self.b.min(a, b)

    def maximum(self, a: Any, b: Any) -> Value:
        return self.b.max(a, b)

    # -- exponentials -----------------------------------------------------------------------------------------------

    def exp(self, u: Any) -> Value:
        return self._exp(self.b.value(u))

    def _exp(self, u: Value, negative: bool = False) -> Value:
        b = self.b
        if self.tabled:
            return self._exp_by_table(u, negative)
        r, n, whole = self._rest(u, negative)
        return b.scaled(b.fma(b.fma(self._poly("exp", r), r, 1.0), r, 1.0), n, whole)

    def _exp_by_table(self, u: Value, negative: bool) -> Value:
        """exp from a table of 2**(j/16): three terms of the series are left to compute."""
        b = self.b
        low, high = OVERFLOW[self.bits]
        held = u if u.least > low - 10 else b.max(low, u)
        held = held if negative else b.min(high, held)
        entry, q, n = self._table_parts(held, 1)
        return b.scaled(b.fma(entry, q, entry), n, b.whole(0))

    def _table_parts(self, u: Value, sign: int) -> tuple[Value, Value, Value]:
        """exp(sign*u) = entry*(1 + q)*2**(sign*k): entry, q, and a number whose whole part is k."""
        b, rounder = (
            self.b,
            ROUNDER[self.bits] / self.b.width,
        )  # leaves multiples of 1/16, whose last four bits tell the entry
        shifted = b.fma(u, LOG2E, rounder)
        n = b.op("fsub", shifted, b.const(rounder))
        r = u
        for part in LN2[self.bits]:
            r = b.fma(n, -part, r)
        roots = self._roots() if sign > 0 else tuple(1 / root for root in self._roots())
        entry = b.looked_up(roots, b.cast("bitcast", shifted, "int"))
        second, third = COEFFICIENTS["exp_short", self.bits]
        return entry, b.fma(b.op("fmul", r, r), b.fma(b.const(sign * third), r, second), r if sign > 0 else -r), n

    def expm1(self, u: Any) -> Value:
        b, u = self.b, self.b.value(u)
        q, n, whole = self._reduced(u)
        # 2**n*q + (2**n - 1); one power less, so that it does not overflow early
        n, whole = b.op("fsub", n, b.const(1)), b.op("sub", whole, b.whole(1))
        half = self._power(b.const(1), n, whole)
        made = b.fma(q, half, b.op("fsub", half, b.const(0.5)))
        made = b.op("fadd", made, made)
        small = b.compare("olt", b.abs(u), b.const(2.0**-30 if self.bits == 32 else 2.0**-60))
        return b.select(small, u, made)

    def _decaying(self, u: Value) -> Value:
        """exp(-|u|)."""
        b = self.b
        return self._exp(b.with_sign(u, -1.0), negative=True)

    def tanh(self, u: Any) -> Value:
        b, u = self.b, self.b.value(u)
        size = b.abs(u)
        if self.tabled and not self.shared:
            return b.with_sign(self._in_pieces("tanh", size), u)
        z = b.op("fmul", u, u)
        near = b.fma(b.op("fmul", size, z), self._poly("tanh", z), size)
        t = self._decaying(self._twice(u))
        far = b.fma(b.op("fadd", t, t), -self._one_over(t), 1.0)
        return b.with_sign(b.select(b.compare("olt", size, b.const(0.55)), near, far), u)

    def _twice(self, u: Value) -> Value:
        """2u; of half of something, that itself."""
        half = next((f for f, g in self._factors(u) if g.number == 0.5), None)
        return self.b.op("fadd", u, u) if half is None else half

    def sigmoid(self, u: Any) -> Value:
        b, u = self.b, self.b.value(u)
        if self.tabled and not self.shared:
            return self._sigmoid_by_table(u)
        t = self._decaying(u)
        r = self._one_over(t)
        return b.select(b.compare("olt", u, b.const(0)), b.op("fmul", t, r), r)

    def _sigmoid_by_table(self, u: Value) -> Value:
        """p/(p + m) with p = 2**n for the whole n below u/log(2), and m = p*exp(-u) from 1/2 to 1: no cases, no overflow."""
        b = self.b
        held = b.min(60.0, u)  # of which it is 1
        held = held if u.least > -120 else b.max(OVERFLOW[32][0] - 1, held)
        entry, q, n = self._table_parts(held, -1)
        p = b.scaled(b.const(1), n, b.whole(0))
        return b.op("fdiv", p, b.op("fadd", p, b.fma(entry, q, entry)))

    def _one_over(self, t: Value) -> Value:
        """1/(1 + t); one division serves sigmoid and its derivative."""
        return self.b.op("fdiv", self.b.const(1), self.b.op("fadd", self.b.const(1), t))

    def softplus(self, u: Any) -> Value:
        b, u = self.b, self.b.value(u)
        return b.op("fadd", b.max(0.0, u), self._log1p_unit(self._decaying(u)))

    def _log1p_unit(self, t: Value) -> Value:
        """log(1 + t) for t from 0 to 1."""
        b = self.b
        if self.bits == 32:
            return b.fma(b.op("fmul", t, t), self._poly("log_short", t), t)
        h, rest = self._log_parts(t, "log_unit")
        return b.op("fsub", t, b.op("fsub", h, rest))

    def sech2(self, u: Any) -> Value:
        b, u = self.b, self.b.value(u)
        t = self._decaying(self._twice(u))
        r = self._one_over(t)
        made = b.op("fmul", b.op("fmul", b.op("fmul", b.const(4), t), r), r)
        if not self.careful:
            return made
        # what 1 + t and the division lost, twice
        whole = b.op("fadd", b.const(1), t)
        lost = b.op("fsub", t, b.op("fsub", whole, b.const(1)))
        rest = b.fma(-r, lost, b.fma(-r, whole, 1.0))
        return b.fma(b.op("fadd", rest, rest), made, made)

    @staticmethod
    def _factors(u: Value) -> tuple[tuple[Value, Value], ...]:
        return () if u.product is None else (u.product, u.product[::-1])

    def _softplus_parts(self, u: Value) -> tuple[Value, Value, Value, Value]:
        """tanh(softplus(u)) = n/d: n, 1/d, exp(-|u|) and where u is negative; for u > 0 both are multiplied by exp(-2u)."""
        b = self.b
        t = self._decaying(u)
        below = b.compare("olt", u, b.const(0))
        square = b.op("fmul", t, t)
        top = b.select(below, b.fma(t, 2.0, square), b.fma(t, 2.0, 1.0))
        bottom = b.op("fadd", top, b.select(below, 2.0, b.op("fadd", square, square)))
        return top, b.op("fdiv", b.const(1), bottom), t, below

    def tanh_softplus(self, u: Any) -> Value:
        b, u = self.b, self.b.value(u)
        if self.tabled and not self.shared:
            held = b.min(20.0, u)  # of which it is 1
            held.least = u.least
            w = self._exp(held, negative=True)
            top = b.fma(w, w, b.op("fadd", w, w))
            return b.op("fdiv", top, b.op("fadd", top, b.const(2)))
        top, r, _, _ = self._softplus_parts(u)
        return b.op("fmul", top, r)

    def sech2_softplus(self, u: Any) -> Value:
        b = self.b
        top, r, t, below = self._softplus_parts(b.value(u))
        tanh = b.op("fmul", top, r)
        whole = b.op("fadd", b.const(2), b.op("fadd", t, t))  # twice 1 + exp(-|u|)
        part = b.op("fmul", b.op("fmul", whole, t), r)
        return b.select(below, b.fma(-tanh, tanh, 1.0), b.op("fmul", part, part))

    def sech(self, u: Any) -> Value:
        b, u = self.b, self.b.value(u)
        t = self._decaying(u)
        return b.op("fdiv", b.op("fadd", t, t), b.fma(t, t, 1.0))

    def _half_exp(self, size: Value) -> Value:
        """exp(size)/2, finite for as long as it can be."""
        b = self.b
        low, high = OVERFLOW[self.bits]
        n, whole, r = self._turns(b.min(high + 1, b.max(low, size)), LOG2E, LN2[self.bits])
        q = b.fma(b.op("fmul", r, r), self._poly("exp", r), r)
        return self._power(b.op("fadd", q, b.const(1)), b.op("fsub", n, b.const(1)), b.op("sub", whole, b.whole(1)))

    def cosh(self, u: Any) -> Value:
        b = self.b
        h = self._half_exp(b.abs(u))
        return b.op("fadd", h, b.op("fdiv", b.const(0.25), h))

    def sinh(self, u: Any) -> Value:
        b, u = self.b, self.b.value(u)
        size = b.abs(u)
        e = self.expm1(b.min(1.0, size))
        near = b.op("fmul", b.const(0.5), b.op("fadd", e, b.op("fdiv", e, b.op("fadd", e, b.const(1)))))
        h = self._half_exp(size)
        far = b.op("fsub", h, b.op("fdiv", b.const(0.25), h))
        return b.with_sign(b.select(b.compare("olt", size, b.const(1)), near, far), u)

    # -- logarithms -------------------------------------------------------------------------------------------------

    def log(self, u: Any) -> Value:
        b, u = self.b, self.b.value(u)
        tiny = 2.0 ** (2 - b.lane.bias)
        scale = b.lane.fraction + 1
        small = b.compare("olt", u, b.const(tiny))
        v = b.select(small, b.op("fmul", u, b.const(2.0**scale)), u)
        k, m = self._split(v)
        f = b.op("fsub", m, b.const(1))
        k = b.op("sub", k, b.select(small, b.whole(scale), b.whole(0)))
        return self._edges(u, u, self._logarithm(f, k))

    def log1p(self, u: Any) -> Value:
        b, u = self.b, self.b.value(u)
        whole = b.op("fadd", u, b.const(1))
        k, m = self._split(whole)
        # (1 + u)/2**k - 1 without the rounding of 1 + u, which is nothing far out
        inverse = b.cast("bitcast", b.op("shl", b.op("sub", b.whole(b.lane.bias), k), b.whole(b.lane.fraction)), "float")
        f = b.fma(u, inverse, b.op("fsub", inverse, b.const(1)))
        f = b.select(b.compare("ogt", u, b.const(2.0**60)), b.op("fsub", m, b.const(1)), f)
        made = self._edges(u, whole, self._logarithm(f, k))
        small = b.compare("olt", b.abs(u), b.const(2.0**-30 if self.bits == 32 else 2.0**-60))
        return b.select(small, u, made)

    def _edges(self, u: Value, whole: Value, made: Value) -> Value:
        """log(whole), with -inf at 0, NaN below and infinity at infinity."""
        b = self.b
        zero = b.compare("oeq", whole, b.const(0))
        inside = b.both(b.compare("ogt", whole, b.const(0)), b.compare("olt", whole, b.const(float("inf"))))
        at_infinity = b.select(b.compare("ogt", whole, b.const(0)), u, float("nan"))
        return b.select(inside, made, b.select(zero, float("-inf"), at_infinity))

    def arcsinh(self, u: Any) -> Value:
        b, u = self.b, self.b.value(u)
        size = b.abs(u)
        # |u| + u*u/(1 + sqrt(1 + u*u)), under log1p; far out log(2|u|)
        held = b.min(2.0**13 if self.bits == 32 else 2.0**28, size)
        square = b.op("fmul", held, held)
        root = b.op("fadd", b.const(1), b.sqrt(b.op("fadd", square, b.const(1))))
        near = self.log1p(b.op("fadd", held, b.op("fdiv", square, root)))
        far = b.op("fadd", self.log(size), b.const(0.6931471805599453))
        return b.with_sign(b.select(b.compare("ogt", size, held), far, near), u)

    # -- powers -----------------------------------------------------------------------------------------------------

    def pow(self, u: Any, exponent: Any) -> Value:
        b = self.b
        power = exponent.number if isinstance(exponent, Value) else float(exponent)
        whole = power is not None and float(power).is_integer() and abs(power) <= 64
        if not whole:
            raise Unsupported(f"a power with the exponent {power}")
        assert power is not None
        made = self._product(b.value(u), abs(int(power)))
        return made if power >= 0 else b.op("fdiv", b.const(1), made)

    def _product(self, u: Value, n: int) -> Value:
        if n == 0:
            return self.b.const(1)
        if n == 1:
            return u
        half = self._product(u, n // 2)
        square = self.b.op("fmul", half, half)
        return self.b.op("fmul", square, u) if n % 2 else square


class Unsupported(Exception):
    """An operation this backend has no code for; the plain path computes it."""
