"""Kernels that keep their error budget: which inputs they miss it for, and what is put in their place there.

The error analysis names the inputs to suspect, comparison with exact values convicts them, and each interval convicted gets
the cheapest remedy that passes the same comparison:

* a clamp of the input, where the exact result is constant from some point on;
* a polynomial, in x or in 1/x, where terms cancel or an intermediate result overflows.

All of it needs numbers for the parameters. Where those arrive as arrays the formula itself must be stable; then only the
terms that are 0 * inf at infinity are clamped, far out.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np

from nonlin.backends import regions as inputs
from nonlin.backends.limits import beside, clamped, constant_from, constant_tail, limit, settled
from nonlin.backends.local import candidates
from nonlin.backends.regions import Region
from nonlin.backends.rounding import FORMATS, Format, analyse
from nonlin.backends.truth import Exact, keeps, missed, run
from nonlin.expr import Expr, call, const, stabilise, substitute, var, variables, walk
from nonlin.expr.nodes import number
from nonlin.expr.rewrite import lower, steadied, widened
from nonlin.expr.turns import turns

X = var("x")
BUDGET = (4.0, 8.0, 8.0)
"""Ulps allowed for the value, the first and every higher derivative, beyond what the condition of the problem excuses."""
SUSPECT = 0.6
"""Share of what is allowed from which the expected error, a root mean square, makes an input suspect."""
WIDE = 2.0**10
"""An interval over which arithmetic fails is a tail from this ratio of its ends on."""
CLEARLY, FAR_OUT = 3.0, 2.0**10
"""From so many times what is allowed on an expected error needs no proof, unless it is far out, where it may be of an underflow."""
CAUTION = 0.95
"""Share of the budget that a kernel may use up at the few inputs it is tried at."""
MOST_RUNS, MOST_PATCHES = 12, 6
CLOSE = 2.0**-6
"""An interval that begins this near to a turn, in units of its length or of 1, begins at it."""
FAR = {"float32": 2.0**40, "float64": 2.0**300}
"""Clamp for functions of parameters not known in advance: far beyond any use, short of overflow in a cube."""


def repaired(root: Expr, dtype: str, order: int = 0, finite_only: bool = False) -> Expr:
    """Return an expression in ``x`` alone with the remedies it needs to keep its budget when computed in ``dtype``."""
    form, budget = FORMATS[dtype], BUDGET[min(order, 2)]
    first = _Repair(root, form, budget)
    made = first.made(finite_only)
    wide = widened(root)
    if not first.uncured or wide is root:
        return made
    second = _Repair(wide, form, budget)
    again = second.made(finite_only)
    return again if second.uncured < first.uncured else made


ARITHMETIC = {"add", "sub", "mul", "div", "neg", "pow", "abs", "min", "max", "where", "sign", "lt", "le", "gt", "ge", "const",
              "var"}  # fmt: skip
"""Operations that cost twice as much in double precision, and no more."""

HUGE = (2.0**500, 2.0**300, 2.0**200, 2.0**150, 2.0**128)
"""Numbers far beyond the largest of float32, some powers of which float64 holds."""


def roomy(root: Expr, order: int = 0) -> Expr | None:
    """Return an expression in ``x`` alone that keeps the budget of float32 because it is computed in float64, at float32 inputs.

    Twice the digits and eight times the exponents make up for every cancellation and overflow that arithmetic on such inputs
    runs into, but for what is 0/0. None where that does not do, or an operation is more than arithmetic.
    """
    if any(n.op not in ARITHMETIC for n in walk(root)) or variables(root) != ["x"]:
        return None
    narrow, wide = FORMATS["float32"], FORMATS["float64"]
    points = inputs.grid(narrow, turns(root))
    report = analyse(root, points, wide)
    with np.errstate(all="ignore"):
        excused = narrow.tiny + 2 * narrow.unit * np.nan_to_num(report.condition)
        good = report.error <= 0.25 * narrow.ulp(report.value) + excused
    if not good.all() or report.broken.any() or np.isnan(report.value).any():
        return None
    ends, exact = np.array([-math.inf, math.inf]), Exact(root, wide)
    limits = np.array([limit(exact, sign) for sign in (-1, 1)])
    # what no float32 number reaches stands for infinity; the result is rounded to float32, to infinity if it is large
    for bound in (math.inf, *HUGE):
        made = root if bound == math.inf else clamped(clamped(root, -1, bound), 1, bound)
        with np.errstate(over="ignore"):
            got = run(made, ends, wide).astype(np.float32)
            if np.array_equal(got, limits.astype(np.float32), equal_nan=True):
                return made
    return None


def doubt(root: Expr) -> tuple[int, int]:
    """Return at how many inputs a kernel is suspect, and the number of its parts: of two forms the lesser is the better."""
    half = {n: const(Fraction(1, 2)) for n in variables(root) if n != "x"}
    closed = lower(steadied(stabilise(substitute(root, half))), "numpy")
    form = FORMATS["float64"]
    grid = inputs.grid(form, turns(closed))
    report = analyse(closed, grid, form)
    with np.errstate(invalid="ignore"):
        bad = ~(report.share(grid, form, BUDGET[1]) <= SUSPECT) | np.isnan(report.value)
    return int(bad.sum()), sum(1 for _ in walk(root))


class _Repair:
    """The state of one repair: exact values, the grid, and what was decided so far."""

    def __init__(self, root: Expr, form: Format, budget: float) -> None:
        self.root, self.form, self.budget = root, form, budget
        self.exact = Exact(root, form)
        self.turns = turns(root)
        self.grid = inputs.grid(form, self.turns)
        self.patches: list[tuple[Region, Expr]] = []
        self.clamps: dict[int, float] = {}
        self.uncured = 0

    def made(self, finite_only: bool) -> Expr:
        regions = self.regions()
        regions = self.cure_tails(regions)
        for low, high in inputs.joined(regions, self.grid):
            self.cure(low, high)
        safe = self.root
        for sign, bound in self.clamps.items():
            safe = clamped(safe, sign, bound)
        for sign in () if finite_only else (-1, 1):
            covered = any(inputs.reaches(region, sign) for region, _ in self.patches)
            if not covered:
                safe = self.at_infinity(safe, sign)
        for (low, high), patch in self.patches:
            safe = _placed(safe, low, high, patch)
        for point in {0.0, *self.turns}:
            safe = self.at_point(safe, point)
        return safe

    # -- which inputs -----------------------------------------------------------------------------------------------

    def regions(self) -> list[Region]:
        """The intervals in which the kernel misses its budget."""
        report = analyse(lower(self.root, "numpy"), self.grid, self.form)
        share = np.nan_to_num(report.share(self.grid, self.form, self.budget), nan=np.inf)
        size = np.where(report.broken | np.isnan(report.value), np.inf, share)
        bad = size > SUSPECT
        # apart, since where arithmetic broke down a run is cut to what was found wrong
        runs = [*inputs.runs(bad & report.broken), *inputs.runs(bad & ~report.broken)]
        runs.sort(key=lambda run: -size[run[0] : run[1] + 1].max())
        found = []
        for first, last in runs[:MOST_RUNS]:
            run = slice(first, last + 1)
            broken = bool(report.broken[run].any())
            clearly = not broken and np.sum(share[run] > CLEARLY) > 1 and np.abs(self.grid[run]).max() < FAR_OUT
            found += self.convicted(first, last, broken, bool(clearly))
        return found

    def convicted(self, first: int, last: int, broken: bool, clearly: bool) -> list[Region]:
        """The interval of a run of suspect grid points, if the kernel is found to miss its budget there.

        Where arithmetic broke down, only the part that was found wrong.
        """
        start, end = first - 1, last + 1
        ordinary = not broken and abs(self.grid[first]) < FAR_OUT and abs(self.grid[last]) < FAR_OUT
        places = np.linspace(first - 0.45, last + 0.45, 24 if ordinary else 8)
        points = [] if clearly else self.between(places)
        wrong = [0] if clearly else missed(self.root, self.exact, points, self.form, CAUTION * self.budget)
        if not wrong:
            return []
        if broken:
            # where even exact arithmetic says 0 * inf the point tells nothing
            known = [k for k, x in enumerate(points) if self.exact(x) == self.exact(x)]
            start = max([math.floor(places[k]) for k in known if k < wrong[0]], default=start)
            end = min([math.ceil(places[k]) for k in known if k > wrong[-1]], default=end)
        low = float(self.grid[start]) if start > 0 else -math.inf
        high = float(self.grid[end]) if end < len(self.grid) - 1 else math.inf
        return [self.anchored(low, high)]

    def between(self, places: Any) -> list[float]:
        """Numbers of many digits between the grid points, whose products are not exact by chance."""
        held = np.clip(places, 0, len(self.grid) - 1)
        below = np.floor(held).astype(int)
        above = np.minimum(below + 1, len(self.grid) - 1)
        share = held - below
        points = self.form.rounded(self.grid[below] * (1 - share) + self.grid[above] * share)
        return [float(p) for p in points]

    def anchored(self, low: float, high: float) -> Region:
        """The interval, drawn up to a turn or to 0 if it begins or ends close beside it."""
        for p in (0.0, *self.turns):
            if p < low < p + min(high - p, 1.0) * CLOSE:
                low = p
            if p - min(p - low, 1.0) * CLOSE < high < p:
                high = p
        # what fails over many octaves is a tail, even if far out it is too small to fail
        if high > min(WIDE * max(low, 1.0), self.form.largest / 64):
            high = math.inf
        if low < -min(WIDE * max(-high, 1.0), self.form.largest / 64):
            low = -math.inf
        return low, high

    # -- remedies ---------------------------------------------------------------------------------------------------

    def cure_tails(self, regions: list[Region]) -> list[Region]:
        """Clamp the tails where that is enough; return the other regions."""
        left = []
        for region in regions:
            for sign in (-1, 1):
                if inputs.reaches(region, sign) and self.clamp(region, sign):
                    break
            else:
                left.append(region)
        return left

    def clamp(self, region: Region, sign: int) -> bool:
        """Clamp one side, or put the constant in, if that cures its tail."""
        points = self.grid[self.grid > 0.25]
        start = abs(region[0] if sign > 0 else region[1])
        tests = [sign * p for p in inputs.beyond(start, self.form)]
        tail = constant_tail(self.exact, sign, points, self.form)
        bound = None if tail is None else constant_from(self.root, tail, sign, points, self.form)
        # beyond the constant's clamp, those where only underflow is lost, or what a sine gives so far out
        for size in (bound, *self.last_good(sign, start)):
            if size and start > 0 and keeps(clamped(self.root, sign, size), self.exact, tests, self.form, self.budget):
                self.clamps[sign] = size
                if size is not bound and tail is not None:
                    end = sign * float(points[tail[0]])
                    self.patches.append(((end, math.inf) if sign > 0 else (-math.inf, end), const(Fraction(tail[1]))))
                return True
        return False

    def last_good(self, sign: int, start: float) -> list[float]:
        """The sizes of x, from ``start`` on, at which the kernel gives the last two finite numbers before it fails."""
        points = self.grid[self.grid >= start]
        failing = np.flatnonzero(~np.isfinite(run(self.root, sign * points, self.form)))
        last = int(failing[0]) if len(failing) else 0
        return [float(p) for p in points[max(last - 2, 0) : max(last, 1)][::-1]]

    def patched(self) -> Expr:
        """The kernel with the clamps and patches decided so far."""
        safe = self.root
        for sign, bound in self.clamps.items():
            safe = clamped(safe, sign, bound)
        for (low, high), patch in self.patches:
            safe = _placed(safe, low, high, patch)
        return safe

    def cure(self, low: float, high: float, depth: int = 0) -> None:
        """Find a polynomial for an interval, or for its parts."""
        if len(self.patches) >= MOST_PATCHES:
            self.uncured += 1
            return
        tests = inputs.trials(low, high, self.turns, self.form)
        for candidate in candidates(self.exact, low, high, self.turns, self.form):
            if keeps(candidate, self.exact, tests, self.form, 0.75 * self.budget):
                self.patches.append(((low, high), candidate))
                return
        parts = inputs.parts(low, high, self.turns) if depth < 2 else []
        for part in parts:
            self.cure(*part, depth + 1)
        self.uncured += not parts

    def at_point(self, safe: Expr, point: float) -> Expr:
        """Give the kernel a value at a point where it computes 0/0: its limit there, or 0 between two infinite ones."""
        if not math.isnan(run(safe, np.array([point]), self.form)[0]):
            return safe
        limits = {beside(self.exact, point, side) for side in (-1, 1)} - {None}
        if not limits:
            return safe
        value: Expr = const(0)
        if len(limits) == 1:
            (only,) = limits
            assert only is not None
            away = Expr("abs", (X if point == 0 else Expr("sub", (X, const(Fraction(point)))),))
            value = Expr("div", (const(1 if only > 0 else -1), away)) if math.isinf(only) else const(Fraction(only))
        return Expr("where", (call("abs", X - const(Fraction(point))) <= const(0), value, safe))

    def at_infinity(self, safe: Expr, sign: int) -> Expr:
        """Give the kernel its limit at plus or minus infinity, where it has one and misses it."""
        end, largest = sign * math.inf, self.form.largest

        def there(node: Expr) -> float:
            return float(run(node, np.array([end]), self.form)[0])

        got = there(safe)
        points = self.grid[self.grid > 0.25]
        wanted = limit(self.exact, sign)
        if math.isnan(wanted):  # none; a finite number there would only tell where the input was clamped
            edge = call("min", X, 0) if sign < 0 else call("max", X, 0)
            missing = call("min", Expr("sub", (edge, edge)), 0)  # 0, but NaN at infinity
            return Expr("add", (safe, missing)) if math.isfinite(got) and self.exact.wild else safe
        rounded = float(self.form.rounded(wanted))
        if _same(got, rounded, self.form):
            return safe
        tried = settled(safe, sign, lambda n: _bound(n, sign, points, self.form), there)
        if _same(there(tried), rounded, self.form, self.budget):
            return tried
        if math.isinf(wanted):  # what of x lies beyond the largest number is added, which is nothing for every finite x
            over = call("min", X + const(largest), 0) if sign < 0 else call("max", X - const(largest), 0)
            return Expr("add" if wanted * sign > 0 else "sub", (clamped(safe, sign, largest), over))
        beyond = X < const(-largest) if sign < 0 else X > const(largest)
        return Expr("where", (beyond, const(Fraction(rounded)), safe))


def _bound(root: Expr, sign: int, points: Any, form: Format, exact: Exact | None = None) -> float | None:
    """The clamp of one side from which on a kernel gives the number that its exact result is there; None if there is none."""
    tail = constant_tail(Exact(root, form) if exact is None else exact, sign, points, form)
    return None if tail is None else constant_from(root, tail, sign, points, form)


def _same(got: float, wanted: float, form: Format, ulps: float = 1.0) -> bool:
    return got == wanted or bool(abs(got - wanted) <= ulps * form.ulp(wanted))


def settled_far(root: Expr, dtype: str) -> Expr:
    """Return an expression of ``x`` and parameters with its terms clamped that are 0 * inf at infinity or far out."""
    form, root = FORMATS[dtype], widened(root)
    half = {n: const(1) / 2 for n in variables(root) if n != "x"}  # any ordinary numbers tell which side has a limit
    points = [2.0**e for e in range(-1, int(math.log2(form.largest)), 1 if form.bits == 24 else 8)]

    def closed(node: Expr) -> Expr:
        return stabilise(substitute(node, half))

    for sign in (-1, 1):

        def there(node: Expr, sign: int = sign) -> float:
            made = closed(node)
            got = run(made, np.array([sign * math.inf, *(sign * p for p in points)]), form)
            return math.nan if np.isnan(got).any() else float(got[0])

        def bound(node: Expr, sign: int = sign) -> float | None:
            made = closed(node)
            if "x" not in variables(made):
                return None
            return None if _bound(made, sign, points, form) is None else FAR[dtype]

        root = settled(root, sign, bound, there)
    return root


# -- putting a patch into an expression -----------------------------------------------------------------------------------


def _placed(root: Expr, low: float, high: float, patch: Expr) -> Expr:
    """Return ``root`` with ``patch`` in its place between ``low`` and ``high``, or in both tails where ``low`` > ``high``."""
    if low > high:
        return Expr("where", (call("abs", X) > const(low), patch, root))
    if root.op == "where" and root.args[0].op in ("lt", "le", "gt", "ge") and root.args[0].args[0] is X:
        edge = number(root.args[0].args[1])
        if edge is not None and (high <= edge or low >= edge):  # within one of its branches
            above = root.args[0].op in ("gt", "ge")
            which = 1 if above == (low >= edge) else 2
            branches = list(root.args)
            branches[which] = _placed(
                branches[which], low if low != edge else -math.inf, high if high != edge else math.inf, patch
            )
            return Expr("where", tuple(branches))
    if low == -math.inf and high == math.inf:
        return patch
    if low == -math.inf:
        return Expr("where", (X < const(high), patch, root))
    if high == math.inf:
        return Expr("where", (X > const(low), patch, root))
    if low == -high:
        return Expr("where", (call("abs", X) < const(high), patch, root))
    return Expr("where", (X > const(low), Expr("where", (X < const(high), patch, root)), root))
