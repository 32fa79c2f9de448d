"""Kernels some of whose outputs are added up as they are computed: gradients of parameters and of biases, in the same pass.

``void kernel(i64 rows, i64 n, ptr scalars, i64 period, ptr in_0, i64 step_0, ..., ptr out_0, i64 step_0, ..., ptr sum_0, i64
step_0, ...)`` is the kernel of ``loops`` with sums beside it. What belongs to a *column* is added over ``BLOCK`` rows into a row of sums;
what belongs to a *row* is added into ``SLOTS`` sums of that row. Which elements meet in one sum, and in which order, depends on
the shape alone, so sums have the same bits for any number of threads.
"""

from __future__ import annotations

import ctypes
from functools import lru_cache
from typing import Any

from nonlin.backends.emission import build, emit
from nonlin.backends.llvm import calls, engine
from nonlin.backends.llvm.assembler import LANES, WEIGHTS
from nonlin.backends.llvm.direct import direct
from nonlin.backends.llvm.elementary import Unsupported
from nonlin.backends.llvm.loops import MOST_LINES, STORAGES, UNROLLED, Body, Plan, narrowed, scalars_held
from nonlin.backends.llvm.team import together
from nonlin.expr import Expr
from nonlin.expr.rewrite import fused

BLOCK = 64
"""Rows whose columns are added up one after the other."""
SLOTS = 64
"""Sums of a row: each takes every so-manieth of its elements, as many as all vectors of a turn hold."""
LINE = 4096
"""Elements of a row where a tensor is one long one: so many are added up into ``SLOTS`` sums."""


class _Vector:
    """The code for one vector; the last outputs are added to sums, by column or by row as ``modes`` tell."""

    def __init__(self, program: Any, plan: Plan, modes: tuple[str, ...], machine: engine.Host, place: int) -> None:
        storage = STORAGES[plan.storage]
        self.lane, self.modes, self.place = LANES[storage.lane], modes, place
        self.lanes, self.prefix = machine.width // self.lane.bits, "abm"[place]
        self.body = Body(program, plan, storage, self.lane, self.lanes, machine.able, self.prefix)
        stored = len(self.body.results) - len(modes)
        self.sums, self.body.results = self.body.results[stored:], self.body.results[:stored]

    def added(self, at: str, masked: bool = False) -> list[str]:
        """Code that adds to the sums of the elements from ``at`` on."""
        p, kind, size = self.prefix, self.body.block.types["float"], self.lane.bits // 8
        lines = []
        for i, (mode, result) in enumerate(zip(self.modes, self.sums, strict=True)):
            slot = at if mode == "column" else str(self.place % UNROLLED * self.lanes)
            name = result.name
            if masked:  # what lies behind the end of a row was computed from nothing
                lines.append(f"  %{p}sm{i} = select <{self.lanes} x i1> %mask, {kind} {name}, {kind} zeroinitializer")
                name = f"%{p}sm{i}"
            lines += [
                f"  %{p}sp{i} = getelementptr {self.lane.name}, ptr %sum{i}, i64 {slot}",
                f"  %{p}so{i} = load {kind}, ptr %{p}sp{i}, align {size}",
                f"  %{p}sn{i} = fadd {kind} %{p}so{i}, {name}",
                f"  store {kind} %{p}sn{i}, ptr %{p}sp{i}, align {size}",
            ]
        return lines


def _text(plan: Plan, modes: tuple[str, ...], machine: engine.Host) -> str:
    storage = STORAGES[plan.storage]
    lane = LANES[storage.lane]
    program = build(emit("llvm", [fused(o) for o in plan.outputs], (*plan.arrays, *plan.scalars)), {})
    *main, rest = (_Vector(program, plan, modes, machine, place) for place in (*range(UNROLLED), 2))
    n = rest.lanes
    step = n * len(main)
    sides = [("in", i, storage.name) for i in range(len(plan.arrays))]
    sides += [("out", i, storage.name) for i in range(len(plan.outputs) - len(modes))]
    sides += [("sum", i, lane.name) for i in range(len(modes))]
    given = ["i64 %rows", "i64 %n", "ptr noalias %scalars", "i64 %period"]
    given += [f"ptr %{side}{i}base, i64 %{side}{i}step" for side, i, _ in sides]
    lines = [
        f"define void @kernel({', '.join(given)}) #0 {{",
        "entry:",
        f"  %left = urem i64 %n, {step}",
        "  %end = sub i64 %n, %left",
        "  %any = icmp ugt i64 %end, 0",
        "  %some = icmp ugt i64 %left, 0",
        "  br label %row",
        "row:",
        "  %r = phi i64 [ 0, %entry ], [ %rnext, %done ]",
        f"  %block = udiv i64 %r, {BLOCK}",
        *scalars_held(plan, lane, n),
    ]
    for side, i, kind in sides:
        row = "%block" if side == "sum" and modes[i] == "column" else "%r"
        lines += [
            f"  %{side}{i}move = mul i64 {row}, %{side}{i}step",
            f"  %{side}{i} = getelementptr {kind}, ptr %{side}{i}base, i64 %{side}{i}move",
        ]
    lines += [
        "  br i1 %any, label %loop, label %check",
        "loop:",
        "  %i = phi i64 [ 0, %row ], [ %next, %turn ]",
        *(line for k, v in enumerate(main) for line in v.body.loaded(k * n)),
        *(line for v in main for line in v.body.block.lines),
        *narrowed([v.body for v in main]),
        *(line for k, v in enumerate(main) for line in v.body.stored(k * n)),
        *(line for v in main for line in v.added(f"%{v.prefix}at")),
        "  br label %turn",
        "turn:",
        f"  %next = add i64 %i, {step}",
        "  %more = icmp ult i64 %next, %end",
        "  br i1 %more, label %loop, label %check",
        "check:",
        "  br i1 %some, label %tail, label %done",
        "tail:",
        "  %j = phi i64 [ %end, %check ], [ %jnext, %last ]",
        *rest.body.masked(),
        *rest.added("%j", masked=True),
        "  br label %last",
        "last:",
        f"  %jnext = add i64 %j, {n}",
        "  %again = icmp ult i64 %jnext, %n",
        "  br i1 %again, label %tail, label %done",
        "done:",
        "  %rnext = add i64 %r, 1",
        "  %rmore = icmp ult i64 %rnext, %rows",
        "  br i1 %rmore, label %row, label %out",
        "out:",
        "  ret void",
        "}",
    ]
    if len(lines) > MOST_LINES:
        raise Unsupported(f"a formula of {len(lines)} instructions; no more than {MOST_LINES} are compiled")
    bodies = [v.body for v in (*main, rest)]
    declared = {k: v for body in bodies for k, v in (*body.block.declared.items(), *body.declared.items())}
    width = f'"prefer-vector-width"="{machine.width}" "min-legal-vector-width"="{machine.width}"'
    return "\n".join([*lines, *sorted(declared.values()), f"attributes #0 = {{ nounwind {width} }}", WEIGHTS, ""])


class Summing:
    """A plan whose last outputs are added up, ready to run."""

    def __init__(self, plan: Plan, modes: tuple[str, ...]) -> None:
        """Compile it; ``modes`` holds ``column`` or ``row`` for each of the last outputs.

        Raises:
            Unsupported: an operation has no code here.
        """
        machine = engine.host()
        assert machine is not None
        self.modes, self.width, self.lane = modes, STORAGES[plan.storage].bytes, STORAGES[plan.storage].lane
        self.wide = LANES[self.lane].bits // 8
        self.count = len(plan.arrays) + len(plan.outputs)
        self.library = engine.linked(_text(plan, modes, machine), machine, ("kernel",))
        size, address = ctypes.c_int64, ctypes.c_void_p
        self.kernel = ctypes.CFUNCTYPE(None, size, size, address, size, *[address, size] * self.count)(
            self.library["kernel"]
        )
        self.near = direct(self.kernel, 4 + 2 * self.count, 2)

    def rows(self, rows: int, n: int, scalars: int, period: int, *sides: tuple[int, int]) -> None:
        """Compute ``rows`` rows of ``n`` elements; each side is an address and a step: inputs, outputs, sums.

        The steps of sums are from block to block for columns and from row to row for rows, in elements of the lane.
        """
        if rows * n < calls.PARALLEL:
            self.near(rows, n, scalars, period, *(v for side in sides for v in side))
            return
        first_sum = self.count - len(self.modes)

        def moved(first: int) -> list[int]:
            made = []
            for i, (address, step) in enumerate(sides):
                by_column = i >= first_sum and self.modes[i - first_sum] == "column"
                size = self.width if i < first_sum else self.wide
                made += [address + (first // BLOCK if by_column else first) * step * size, step]
            return made

        unit = BLOCK if "column" in self.modes else period
        parts = calls.cut(rows, calls.threads(), unit)
        together(self.kernel, [(count, n, scalars, period, *moved(first)) for first, count in parts], calls.threads())


@lru_cache(maxsize=4096)
def summing(outputs: tuple[Expr, ...], arrays: tuple[str, ...], scalars: tuple[str, ...], storage: str, modes: tuple[str, ...],
            careful: bool = False) -> Summing | None:  # fmt: skip
    """Return the kernel of expressions whose last ones are added up, or None where there is none."""
    if not calls.enabled():
        return None
    try:
        return Summing(Plan(outputs, arrays, scalars, storage, careful=careful), modes)
    except Unsupported:
        return None
