"""Elementary functions as vector code, within an ulp or two over the whole range of the type.

Each reduces its argument exactly, evaluates a polynomial of ``coefficients.py`` with fused operations, and puts the result
together so that nothing cancels. A lane's result does not depend on its neighbours or its place: there are no branches, but for a
detour that is skipped where no lane needs it. NaN stays NaN; infinities give the limits.
"""

from __future__ import annotations

import math
from typing import Any

from nonlin.backends.llvm.assembler import Block, Value
from nonlin.backends.llvm.coefficients import CENTRE, COEFFICIENTS, END, LN2, PI_HALVES

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


class Elementary:
    """The functions of one block, by the names of the spelling column ``llvm``."""

    def __init__(self, block: Block, careful: bool = False) -> None:
        """``careful`` for kernels whose terms cancel: half an ulp more of accuracy where that costs a third more time."""
        self.b, self.bits, self.careful = block, block.lane.bits, careful

    def scope(self) -> dict[str, Any]:
        """What a program in the spelling ``llvm`` may use."""
        names = [n for n in vars(type(self)) if not n.startswith("_") and n not in ("scope", "tabled")]
        return {"pi": PI, **{n: getattr(self, n) for n in names}}

    # -- parts ------------------------------------------------------------------------------------------------------

    def _poly(self, name: str, u: Value) -> Value:
        """A fitted polynomial, by Horner's rule."""
        *rest, total = COEFFICIENTS[name, self.bits]
        made = self.b.const(total)
        for c in reversed(rest):
            made = self.b.fma(made, u, c)
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

    @property
    def tabled(self) -> bool:
        """Whether a table of powers of two stands in one register and saves three terms of the series."""
        return self.b.wide and self.bits == 32

    def _roots(self) -> tuple[float, ...]:
        return tuple(2 ** (j / self.b.width) for j in range(self.b.width))

    def _exp_by_table(self, u: Value, negative: bool) -> Value:
        """exp from a table of 2**(j/16): three terms of the series are left to compute."""
        b = self.b
        low, high = OVERFLOW[self.bits]
        held = b.max(low, u)
        held = held if negative else b.min(high, held)
        rounder = ROUNDER[self.bits] / b.width  # leaves multiples of 1/16, whose last four bits tell the entry
        shifted = b.fma(held, LOG2E, rounder)
        n = b.op("fsub", shifted, b.const(rounder))
        r = held
        for part in LN2[self.bits]:
            r = b.fma(n, -part, r)
        entry = b.looked_up(self._roots(), b.cast("bitcast", shifted, "int"))
        q = b.fma(b.op("fmul", r, r), self._poly("exp_short", r), r)
        return b.scaled(b.fma(entry, q, entry), n, b.whole(0))

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
        t = self._decaying(u)
        r = self._one_over(t)
        return b.select(b.compare("olt", u, b.const(0)), b.op("fmul", t, r), r)

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
        top, r, _, _ = self._softplus_parts(self.b.value(u))
        return self.b.op("fmul", top, r)

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

    # -- the normal distribution ------------------------------------------------------------------------------------

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
        b, c = self.b, CENTRE[self.bits] / math.sqrt(by)
        ratio = b.op("fdiv", b.const(1), b.op("fadd", u, b.const(c)))
        slow = b.op("fmul", ratio, self._poly(name, b.op("fmul", b.op("fsub", u, b.const(c)), ratio)))
        entry, q, n, whole = self._bell(square, lost, by)
        base = slow if entry is None else b.op("fmul", slow, entry)
        return b.scaled(b.fma(base, q, base), n, whole)

    def erfc(self, u: Any) -> Value:
        b, u = self.b, self.b.value(u)
        held = b.min(END[self.bits], b.abs(u))
        square = b.op("fmul", held, held)
        tail = self._tail(held, square, b.fma(held, held, -square), 1.0, "erfcx")
        far = b.select(b.compare("olt", u, b.const(0)), b.op("fsub", b.const(2), tail), tail)
        small = b.max(-0.5, b.min(0.5, u))
        near = b.fma(-small, self._poly("erf", b.op("fmul", small, small)), 1.0)
        return b.select(b.compare("olt", b.abs(u), b.const(0.5)), near, far)

    def normal_cdf(self, u: Any) -> Value:
        b, u = self.b, self.b.value(u)
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
        held = b.min(END[self.bits], size)
        square = b.op("fmul", held, held)
        far = b.op("fsub", b.const(1), self._tail(held, square, b.fma(held, held, -square), 1.0, "erfcx"))
        small = b.min(0.5, size)
        near = b.op("fmul", small, self._poly("erf", b.op("fmul", small, small)))
        return b.with_sign(b.select(b.compare("olt", size, b.const(0.5)), near, far), u)

    # -- circles ----------------------------------------------------------------------------------------------------

    def _circle(self, u: Value, quarter: int) -> Value:
        """sin(u + quarter*pi/2); beyond ``WHOLE`` as if u were 0."""
        b = self.b
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

    def _quarters(self, u: Value) -> tuple[Value, Value]:
        """The nearest whole n to u*2/pi, of which the last two bits are right, and u - n*pi/2."""
        b = self.b
        _, whole, r = self._turns(u, 2 / PI, PI_HALVES[self.bits][:3])
        away = b.compare("ogt", b.abs(u), b.const(MANY[self.bits]))
        far = self._far_in_double if self.bits == 32 else self._far_in_two_steps
        whole, r = b.rarely(away, (whole, r), lambda: far(u))
        return whole, r

    def _far_in_double(self, u: Value) -> tuple[Value, Value]:
        b, double = self.b, self.b.doubled()
        _, whole, r = Elementary(double)._turns(double.taken("fpext", u), 2 / PI, PI_HALVES[64][:2])
        return b.taken("trunc", whole), b.taken("fptrunc", r)

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
