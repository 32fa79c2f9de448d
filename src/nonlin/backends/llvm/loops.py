"""From an expression to the text of a module: loops over rows of arrays around the straight-line code.

A module holds ``void kernel(i64 rows, i64 n, ptr scalars, i64 period, ptr in_0, i64 step_0, ..., ptr out_0, i64 step_0, ...)``: of each
row it reads ``n`` elements of each input, computes, and writes each output; from row to row each address moves by its
step, in elements (0 reads the same row again). Row r takes its numbers from row r modulo ``period`` of ``scalars``. What is left over from
whole vectors goes through the same code behind a mask, so that no element is computed in another way than its neighbours.
Half types are widened on the way in and rounded once on the way out. ``void flat(i64 n, ptr scalars, ptr in_0, ..., ptr out_0, ...)`` is
the same for a single row.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from nonlin.backends.emission import build, emit
from nonlin.backends.llvm.assembler import LANES, RARELY, WEIGHTS, Block, Lane, Value
from nonlin.backends.llvm.elementary import Elementary, Unsupported
from nonlin.expr import Expr, walk
from nonlin.expr.rewrite import fused

UNROLLED = 2
"""Vectors a turn of the main loop handles: enough independent work to hide the latency of a division."""

MOST_LINES = 10_000
"""A longer module takes seconds to compile; the plain path computes such a formula at once."""


@dataclass(frozen=True)
class Storage:
    """How elements lie in memory: LLVM's type, the lane they are computed in, bytes each."""

    name: str
    lane: str
    bytes: int


STORAGES = {
    "float32": Storage("float", "float32", 4),
    "float64": Storage("double", "float64", 8),
    "bfloat16": Storage("i16", "float32", 2),
    "float16": Storage("half", "float32", 2),
    "float32 in float64": Storage("float", "float64", 4),
}


@dataclass(frozen=True)
class Plan:
    """What a kernel computes: outputs of the variables ``arrays`` (read from memory) and ``scalars`` (one number a call)."""

    outputs: tuple[Expr, ...]
    arrays: tuple[str, ...]
    scalars: tuple[str, ...]
    storage: str
    streaming: bool = False
    """Whether results go past the cache."""
    careful: bool = False
    """Whether elementary functions take the more accurate of two ways: in second derivatives terms cancel."""


def module(plan: Plan, width: int, features: frozenset[str]) -> str:
    """Return the text of the LLVM module of a plan, for vectors of so many bits.

    Raises:
        Unsupported: an operation has no code here, or there are too many.
    """
    storage = STORAGES[plan.storage]
    lane = LANES[storage.lane]
    lanes = width // lane.bits
    names = (*plan.arrays, *plan.scalars)
    program = build(emit("llvm", [fused(o) for o in plan.outputs], names), {})
    bodies = [Body(program, plan, storage, lane, lanes, features, prefix) for prefix in ("a", "b", "m")]
    main = bodies[:UNROLLED]
    rest = bodies[-1]
    arguments = ["i64 %rows", "i64 %n", "ptr noalias %scalars", "i64 %period"]
    sides = [("in", i) for i in range(len(plan.arrays))] + [("out", i) for i in range(len(plan.outputs))]
    for side, i in sides:
        arguments += [f"ptr %{side}{i}base", f"i64 %{side}{i}step"]
    step = lanes * len(main)
    lines = [
        f"define void @kernel({', '.join(arguments)}) #0 {{",
        "entry:",
        f"  %left = urem i64 %n, {step}",
        "  %end = sub i64 %n, %left",
        "  %any = icmp ugt i64 %end, 0",
        "  %some = icmp ugt i64 %left, 0",
        "  br label %row",
        "row:",
        "  %r = phi i64 [ 0, %entry ], [ %rnext, %done ]",
        *scalars_held(plan, lane, lanes),
    ]
    for side, i in sides:
        lines += [
            f"  %{side}{i}move = mul i64 %r, %{side}{i}step",
            f"  %{side}{i} = getelementptr {storage.name}, ptr %{side}{i}base, i64 %{side}{i}move",
        ]
    lines += [
        "  br i1 %any, label %loop, label %check",
        "loop:",
        "  %i = phi i64 [ 0, %row ], [ %next, %turn ]",
        *(line for k, body in enumerate(main) for line in body.loaded(k * lanes)),
        *(line for body in main for line in body.block.lines),
        *narrowed(main),
        *(line for k, body in enumerate(main) for line in body.stored(k * lanes)),
        "  br label %turn",
        "turn:",
        f"  %next = add i64 %i, {step}",
        "  %more = icmp ult i64 %next, %end",
        "  br i1 %more, label %loop, label %check",
        "check:",
        "  br i1 %some, label %tail, label %done",
        "tail:",
        "  %j = phi i64 [ %end, %check ], [ %jnext, %last ]",
        *rest.masked(),
        "  br label %last",
        "last:",
        f"  %jnext = add i64 %j, {lanes}",
        "  %again = icmp ult i64 %jnext, %n",
        "  br i1 %again, label %tail, label %done",
        "done:",
        "  %rnext = add i64 %r, 1",
        "  %rmore = icmp ult i64 %rnext, %rows",
        "  br i1 %rmore, label %row, label %out",
        "out:",
        *(["  fence seq_cst"] if plan.streaming else []),
        "  ret void",
        "}",
    ]
    # the same for one row, with fewer arguments to hand over
    shorter = ["i64 %n", "ptr %scalars", *(f"ptr %{side}{i}" for side, i in sides)]
    passed = ["i64 1", "i64 %n", "ptr %scalars", "i64 1", *(f"ptr %{side}{i}, i64 0" for side, i in sides)]
    lines += [
        f"define void @flat({', '.join(shorter)}) {{",
        f"  tail call void @kernel({', '.join(passed)})",
        "  ret void",
        "}",
    ]
    declared = {k: v for body in bodies for k, v in (*body.block.declared.items(), *body.declared.items())}
    attributes = (
        f'attributes #0 = {{ nounwind noinline "prefer-vector-width"="{width}" "min-legal-vector-width"="{width}" }}'
    )
    if len(lines) > MOST_LINES:
        raise Unsupported(f"a formula of {len(lines)} instructions; no more than {MOST_LINES} are compiled")
    return "\n".join([*lines, *sorted(declared.values()), attributes, "!0 = !{i32 1}", WEIGHTS, ""])


def scalars_held(plan: Plan, lane: Lane, lanes: int) -> list[str]:
    """The numbers of row %r, each in every lane."""
    if not plan.scalars:
        return []
    kind = f"<{lanes} x {lane.name}>"
    lines = ["  %which = urem i64 %r, %period", f"  %first = mul i64 %which, {len(plan.scalars)}"]
    for i in range(len(plan.scalars)):
        lines += [
            f"  %sat{i} = add i64 %first, {i}",
            f"  %sp{i} = getelementptr {lane.name}, ptr %scalars, i64 %sat{i}",
            f"  %sv{i} = load {lane.name}, ptr %sp{i}, align {lane.bits // 8}",
            f"  %si{i} = insertelement {kind} poison, {lane.name} %sv{i}, i64 0",
            f"  %scalar{i} = shufflevector {kind} %si{i}, {kind} poison, <{lanes} x i32> zeroinitializer",
        ]
    return lines


class Body:
    """The code for one vector, with its loads and stores."""

    def __init__(
        self,
        program: Callable[..., Any],
        plan: Plan,
        storage: Storage,
        lane: Lane,
        lanes: int,
        features: frozenset[str],
        prefix: str,
    ) -> None:
        self.plan, self.storage, self.lane, self.lanes, self.prefix = plan, storage, lane, lanes, prefix
        self.block = Block(lane, lanes, features, prefix, spare=lane.bits == 64 > 8 * storage.bytes)
        self.declared: dict[str, str] = {}
        shared = any(n.op == "sech2" for n in walk(*plan.outputs))
        inputs = [Value(self.block, f"%{prefix}x{i}", "float") for i in range(len(plan.arrays))]
        inputs += [Value(self.block, f"%scalar{i}", "float") for i in range(len(plan.scalars))]
        program.__globals__.update(Elementary(self.block, plan.careful, shared).scope())
        made = program(*inputs)
        self.results = [self.block.value(r) for r in (made if isinstance(made, tuple) else (made,))]
        self.vector = f"<{lanes} x {storage.name}>"

    def loaded(self, offset: int) -> list[str]:
        """Whole vectors, from ``offset`` elements behind %i on."""
        lines = [f"  %{self.prefix}at = add i64 %i, {offset}"]
        for i in range(len(self.plan.arrays)):
            p = f"%{self.prefix}p{i}"
            lines += [f"  {p} = getelementptr {self.storage.name}, ptr %in{i}, i64 %{self.prefix}at"]
            lines += [f"  %{self.prefix}r{i} = load {self.vector}, ptr {p}, align {self.storage.bytes}"]
            lines += self._widened(i)
        return lines

    def stored(self, offset: int) -> list[str]:
        """Whole vectors of what is ``_narrowed``, to ``offset`` elements behind %i."""
        lines = []
        for i in range(len(self.results)):
            q = f"%{self.prefix}q{i}"
            lines += [f"  {q} = getelementptr {self.storage.name}, ptr %out{i}, i64 %{self.prefix}at"]
            aligned = self.lanes * self.storage.bytes if self.plan.streaming else self.storage.bytes
            mark = ", !nontemporal !0" if self.plan.streaming else ""
            lines += [f"  store {self.vector} %{self.prefix}w{i}, ptr {q}, align {aligned}{mark}"]
        return lines

    def masked(self) -> list[str]:
        """What is left over, behind a mask."""
        n, p = self.lanes, self.prefix
        lane_numbers = ", ".join(f"i64 {k}" for k in range(n))
        lines = [
            f"  %mi = insertelement <{n} x i64> poison, i64 %j, i64 0",
            f"  %ms = shufflevector <{n} x i64> %mi, <{n} x i64> poison, <{n} x i32> zeroinitializer",
            f"  %ma = add <{n} x i64> %ms, <{lane_numbers}>",
            f"  %mn = insertelement <{n} x i64> poison, i64 %n, i64 0",
            f"  %me = shufflevector <{n} x i64> %mn, <{n} x i64> poison, <{n} x i32> zeroinitializer",
            f"  %mask = icmp ult <{n} x i64> %ma, %me",
        ]
        kind = f"v{n}" + {"float": "f32", "double": "f64", "half": "f16", "i16": "i16"}[self.storage.name]
        load, store = f"@llvm.masked.load.{kind}.p0", f"@llvm.masked.store.{kind}.p0"
        self.declared[load] = f"declare {self.vector} {load}(ptr, i32, <{n} x i1>, {self.vector})"
        self.declared[store] = f"declare void {store}({self.vector}, ptr, i32, <{n} x i1>)"
        size = self.storage.bytes
        for i in range(len(self.plan.arrays)):
            lines += [
                f"  %{p}p{i} = getelementptr {self.storage.name}, ptr %in{i}, i64 %j",
                f"  %{p}r{i} = call {self.vector} {load}(ptr %{p}p{i}, i32 {size}, <{n} x i1> %mask, {self.vector} zeroinitializer)",
                *self._widened(i),
            ]
        lines += self.block.lines
        lines += narrowed([self])
        for i in range(len(self.results)):
            lines += [
                f"  %{p}q{i} = getelementptr {self.storage.name}, ptr %out{i}, i64 %j",
                f"  call void {store}({self.vector} %{p}w{i}, ptr %{p}q{i}, i32 {size}, <{n} x i1> %mask)",
            ]
        return lines

    def _widened(self, i: int) -> list[str]:
        """An input as a vector of lanes."""
        p, n, wide = self.prefix, self.lanes, self.block.types["float"]
        raw = f"%{p}r{i}"
        if self.storage.name == self.lane.name:
            return [f"  %{p}x{i} = bitcast {wide} {raw} to {wide}"]
        if self.storage.name in ("half", "float"):
            return [f"  %{p}x{i} = fpext {self.vector} {raw} to {wide}"]
        return [
            f"  %{p}z{i} = zext <{n} x i16> {raw} to <{n} x i32>",
            f"  %{p}s{i} = shl <{n} x i32> %{p}z{i}, splat (i32 16)",
            f"  %{p}x{i} = bitcast <{n} x i32> %{p}s{i} to {wide}",
        ]

    @property
    def flushing(self) -> bool:
        """Whether the processor has an instruction that rounds to bfloat16, all but subnormals."""
        return self.storage.name == "i16" and self.block.wide and "avx512bf16" in self.block.features

    def narrowed(self, i: int) -> list[str]:
        """%w, a result as it is stored."""
        p, n, wide, name = self.prefix, self.lanes, self.block.types["float"], self.results[i].name
        if self.storage.name == self.lane.name:
            return [f"  %{p}w{i} = bitcast {wide} {name} to {wide}"]
        if self.storage.name in ("half", "float"):
            return [f"  %{p}w{i} = fptrunc {wide} {name} to {self.vector}"]
        # to bfloat16, to the nearest, ties to even; NaN stays NaN
        return [
            f"  %{p}ib{i} = bitcast {wide} {name} to <{n} x i32>",
            f"  %{p}ih{i} = lshr <{n} x i32> %{p}ib{i}, splat (i32 16)",
            f"  %{p}io{i} = and <{n} x i32> %{p}ih{i}, splat (i32 1)",
            f"  %{p}ia{i} = add <{n} x i32> %{p}io{i}, splat (i32 32767)",
            f"  %{p}is{i} = add <{n} x i32> %{p}ib{i}, %{p}ia{i}",
            f"  %{p}ir{i} = lshr <{n} x i32> %{p}is{i}, splat (i32 16)",
            f"  %{p}in{i} = or <{n} x i32> %{p}ih{i}, splat (i32 64)",
            f"  %{p}iu{i} = fcmp uno {wide} {name}, {name}",
            f"  %{p}ic{i} = select <{n} x i1> %{p}iu{i}, <{n} x i32> %{p}in{i}, <{n} x i32> %{p}ir{i}",
            f"  %{p}w{i} = trunc <{n} x i32> %{p}ic{i} to <{n} x i16>",
        ]

    def quickly(self, i: int) -> list[str]:
        """%f, a result rounded by the processor, and %d, where it is subnormal and this was wrong."""
        p, n, wide, name = self.prefix, self.lanes, self.block.types["float"], self.results[i].name
        subnormal, rounded = "@llvm.x86.avx512.fpclass.ps.512", "@llvm.x86.avx512bf16.cvtneps2bf16.512"
        reduce = f"@llvm.vector.reduce.or.v{n}i1"
        self.declared[subnormal] = f"declare <{n} x i1> {subnormal}({wide}, i32)"
        self.declared[rounded] = f"declare <{n} x bfloat> {rounded}({wide})"
        self.declared[reduce] = f"declare i1 {reduce}(<{n} x i1>)"
        return [
            f"  %{p}g{i} = call <{n} x bfloat> {rounded}({wide} {name})",
            f"  %{p}f{i} = bitcast <{n} x bfloat> %{p}g{i} to <{n} x i16>",
            f"  %{p}d{i} = call <{n} x i1> {subnormal}({wide} {name}, i32 32)",
        ]


def narrowed(bodies: list[Body]) -> list[str]:
    """The results of one turn of a loop as they are stored, %w; one question for all of them where the answer may be wrong."""
    first, count = bodies[0], len(bodies[0].results)
    each = [(body, i) for body in bodies for i in range(count)]
    if not first.flushing:
        return [line for body, i in each for line in body.narrowed(i)]
    n, p = first.lanes, first.prefix
    lines = [line for body, i in each for line in body.quickly(i)]
    some = f"%{each[0][0].prefix}d{each[0][1]}"
    for k, (body, i) in enumerate(each[1:]):
        lines.append(f"  %{p}or{k} = or <{n} x i1> {some}, %{body.prefix}d{i}")
        some = f"%{p}or{k}"
    return [
        *lines,
        f"  %{p}flushed = call i1 @llvm.vector.reduce.or.v{n}i1(<{n} x i1> {some})",
        f"  br label %{p}quick",
        f"{p}quick:",
        f"  br i1 %{p}flushed, label %{p}slow, label %{p}rounded, {RARELY}",
        f"{p}slow:",
        *(line.replace(f"%{body.prefix}w{i} =", f"%{body.prefix}v{i} =") for body, i in each for line in body.narrowed(i)),
        f"  br label %{p}rounded",
        f"{p}rounded:",
        *(
            f"  %{b.prefix}w{i} = phi {b.vector} [ %{b.prefix}f{i}, %{p}quick ], [ %{b.prefix}v{i}, %{p}slow ]"
            for b, i in each
        ),
    ]
