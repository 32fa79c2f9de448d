"""Kernels of piecewise linear functions that keep a bit or two of each element in place of its input.

``value`` computes the function and writes the bits of :mod:`nonlin.backends.llvm.slopes`; ``gradient`` reads them and the gradient
that arrives. Bit k of a plane belongs to element k; a plane is as long as whole vectors are. ``value`` also tells whether any
input was NaN: its gradient is NaN too, which no bit tells, so the caller then keeps the input.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import lru_cache
from typing import Any

from nonlin.backends.emission import build, emit
from nonlin.backends.kernel import guarded
from nonlin.backends.llvm import calls, engine
from nonlin.backends.llvm.assembler import LANES, WEIGHTS
from nonlin.backends.llvm.elementary import Unsupported
from nonlin.backends.llvm.loops import STORAGES, UNROLLED, Body, Plan, narrowed
from nonlin.backends.llvm.slopes import bits
from nonlin.backends.llvm.team import together
from nonlin.expr import Expr, var
from nonlin.expr.nodes import mul
from nonlin.expr.rewrite import fused

BYTE = 8
PADDED = 64
"""Elements to which a plane is padded: the most that a vector holds."""
GRADIENT = "·gradient"


class _Vector:
    """The code for one vector, that of ``loops`` with the bits beside it."""

    def __init__(self, plan: Plan, planes: int, machine: engine.Host, prefix: str) -> None:
        storage, names = STORAGES[plan.storage], (*plan.arrays, *plan.scalars)
        lane = LANES[storage.lane]
        self.lanes, self.prefix, self.read = machine.width // lane.bits, prefix, bool(plan.scalars)
        program = build(emit("llvm", [fused(o) for o in plan.outputs], names), {})
        self.body = Body(program, plan, storage, lane, self.lanes, machine.able, prefix)
        # what ``loops`` takes for a number a row is here a mask of each vector
        self.body.block.lines[:] = [line.replace("%scalar", f"%{prefix}bit") for line in self.body.block.lines]
        self.masks = [] if self.read else self.body.results[1:]
        self.body.results = self.body.results[:1]
        self.planes, self.wide = planes, self.body.block.types["float"]

    def bits(self, at: str) -> Iterator[str]:
        """Code that reads or writes the bits of the elements from ``at`` on."""
        n, p = self.lanes, self.prefix
        yield f"  %{p}byte = lshr i64 {at}, 3"
        for i in range(self.planes):
            yield f"  %{p}plane{i} = getelementptr i8, ptr %bits{i}, i64 %{p}byte"
            if self.read:
                yield f"  %{p}word{i} = load i{n}, ptr %{p}plane{i}, align 1"
                yield f"  %{p}bit{i} = bitcast i{n} %{p}word{i} to <{n} x i1>"
            else:
                yield f"  %{p}word{i} = bitcast <{n} x i1> {self.masks[i].name} to i{n}"
                yield f"  store i{n} %{p}word{i}, ptr %{p}plane{i}, align 1"

    def missing(self, before: str) -> list[str]:
        """Code for whether an element is NaN, or one was before."""
        n, p = self.lanes, self.prefix
        return [
            f"  %{p}nan = fcmp uno {self.wide} %{p}x0, %{p}x0",
            f"  %{p}seen = or <{n} x i1> {before}, %{p}nan",
        ]

    def masked(self) -> list[str]:
        """What is left over, with its bits."""
        if self.read:
            return [*self.bits("%j"), *self.body.masked()]
        return [*self.body.masked(), *self.bits("%j")]


def _text(plan: Plan, planes: int, machine: engine.Host) -> str:
    """The module of ``i32 flat(i64 n, ptr in_0, ..., ptr out, ptr bits_0, ...)``, which tells whether an input was NaN."""
    main = [_Vector(plan, planes, machine, prefix) for prefix in ("a", "b")[:UNROLLED]]
    rest = _Vector(plan, planes, machine, "m")
    n = rest.lanes
    if n < BYTE:
        raise Unsupported(f"vectors of {n} elements; bits are written from {BYTE} on")
    step = n * len(main)
    mask = f"<{n} x i1>"
    given = [
        "i64 %n",
        *(f"ptr %in{i}" for i in range(len(plan.arrays))),
        "ptr %out0",
        *(f"ptr %bits{i}" for i in range(planes)),
    ]
    lines = [
        f"define i64 @flat({', '.join(given)}) #0 {{",
        "entry:",
        f"  %left = urem i64 %n, {step}",
        "  %end = sub i64 %n, %left",
        "  %any = icmp ugt i64 %end, 0",
        "  %some = icmp ugt i64 %left, 0",
        "  br i1 %any, label %loop, label %check",
        "loop:",
        "  %i = phi i64 [ 0, %entry ], [ %next, %turn ]",
        f"  %before = phi {mask} [ zeroinitializer, %entry ], [ %{main[-1].prefix}seen, %turn ]",
    ]
    for k, vector in enumerate(main):
        lines += vector.body.loaded(k * n)
        lines += vector.bits(f"%{vector.prefix}at") if vector.read else []
        lines += vector.missing("%before" if k == 0 else f"%{main[k - 1].prefix}seen")
    lines += [line for vector in main for line in vector.body.block.lines]
    lines += narrowed([vector.body for vector in main])
    for k, vector in enumerate(main):
        lines += vector.body.stored(k * n)
        lines += [] if vector.read else vector.bits(f"%{vector.prefix}at")
    lines += [
        "  br label %turn",
        "turn:",
        f"  %next = add i64 %i, {step}",
        "  %more = icmp ult i64 %next, %end",
        "  br i1 %more, label %loop, label %check",
        "check:",
        f"  %sofar = phi {mask} [ zeroinitializer, %entry ], [ %{main[-1].prefix}seen, %turn ]",
        "  br i1 %some, label %tail, label %out",
        "tail:",
        "  %j = phi i64 [ %end, %check ], [ %jnext, %last ]",
        f"  %earlier = phi {mask} [ %sofar, %check ], [ %mseen, %last ]",
        *rest.masked(),
        *rest.missing("%earlier"),
        "  br label %last",
        "last:",
        f"  %jnext = add i64 %j, {n}",
        "  %again = icmp ult i64 %jnext, %n",
        "  br i1 %again, label %tail, label %out",
        "out:",
        f"  %all = phi {mask} [ %sofar, %check ], [ %mseen, %last ]",
        f"  %found = call i1 @llvm.vector.reduce.or.v{n}i1({mask} %all)",
        *(["  fence seq_cst"] if plan.streaming else []),
        "  %told = zext i1 %found to i64",
        "  ret i64 %told",
        "}",
        f"declare i1 @llvm.vector.reduce.or.v{n}i1({mask})",
    ]
    bodies = [v.body for v in (*main, rest)]
    declared = {k: v for body in bodies for k, v in (*body.block.declared.items(), *body.declared.items())}
    declared.pop(f"@llvm.vector.reduce.or.v{n}i1", None)
    width = f'"prefer-vector-width"="{machine.width}" "min-legal-vector-width"="{machine.width}"'
    return "\n".join(
        [*lines, *sorted(declared.values()), f"attributes #0 = {{ nounwind {width} }}", "!0 = !{i32 1}", WEIGHTS, ""]
    )


def _function(plan: Plan, planes: int) -> tuple[Callable[..., int], Any]:
    """The compiled function of ``_text``, and the library that must live as long."""
    machine = engine.host()
    assert machine is not None
    library = engine.linked(_text(plan, planes, machine), machine, ("flat",))
    pointers = [ctypes.c_void_p] * (len(plan.arrays) + 1 + planes)
    return ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64, *pointers)(library["flat"]), library


class Mask:
    """The two kernels of a piecewise linear function in one type."""

    def __init__(self, root: Expr, storage: str) -> None:
        """Compile them.

        Raises:
            Unsupported: the function is not piecewise linear with few slopes, or vectors here are too short.
        """
        lane = STORAGES[storage].lane
        found = bits(root, lane)
        if found is None:
            raise Unsupported("a function whose derivative is not one of a few numbers")
        self.planes, self.width = len(found.planes), STORAGES[storage].bytes
        value = Plan((guarded(root, lane), *found.planes), ("x",), (), storage)
        product = Plan((mul(var(GRADIENT), found.slope),), (GRADIENT,), found.names, storage)
        self._plans = {"value": value, "gradient": product}
        self._made: dict[tuple[str, bool], tuple[Callable[..., int], Any]] = {}
        self._code("value", False), self._code("gradient", False)

    def _code(self, what: str, streaming: bool) -> Callable[..., int]:
        if (what, streaming) not in self._made:
            self._made[what, streaming] = _function(replace(self._plans[what], streaming=streaming), self.planes)
        return self._made[what, streaming][0]

    def size(self, n: int) -> int:
        """Bytes of the bits of ``n`` elements."""
        return self.planes * self._plane(n)

    def _plane(self, n: int) -> int:
        return -(-n // PADDED) * PADDED // BYTE

    def value(self, n: int, x: int, out: int, held: int) -> bool:
        """Compute ``n`` elements at the address ``x``, and their bits; return whether one of them was NaN."""
        return any(self._run("value", n, (x, out), held))

    def gradient(self, n: int, grad: int, out: int, held: int) -> None:
        """Multiply the gradient at the address ``grad`` by the slopes that the bits tell; ``out`` may be ``grad``."""
        self._run("gradient", n, (grad, out), held)

    def _run(self, what: str, n: int, sides: tuple[int, int], held: int) -> list[int]:
        large = 2 * n * self.width > calls.last_level_cache() and sides[1] % calls.LINE == 0
        function = self._code(what, large and sides[0] != sides[1])
        planes = [held + i * self._plane(n) for i in range(self.planes)]
        parts = calls.cut(n, calls.threads() if n >= calls.PARALLEL else 1, calls.LINE * BYTE)
        given = [
            (count, *(a + first * self.width for a in sides), *(p + first // BYTE for p in planes)) for first, count in parts
        ]
        return together(function, given, calls.threads())


@lru_cache(maxsize=4096)
def mask(root: Expr, storage: str) -> Mask | None:
    """Return the kernels that keep bits for a function of ``x``, or None where there are none for it."""
    if not calls.enabled():
        return None
    try:
        return Mask(root, storage)
    except Unsupported:
        return None
