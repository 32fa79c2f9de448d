"""An assembler of vectors: Python arithmetic on ``Value`` objects writes LLVM IR, one line per instruction.

A ``Block`` holds the lines of one straight-line piece of code on vectors of ``width`` lanes. Equal instructions are written
once. Arithmetic is IEEE's, never reordered; a product plus a number becomes one fused operation, for that is what
polynomials are made of and it rounds once instead of twice.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Lane:
    """The type of a lane: LLVM's name for it and for the integer of its size, and the parts of its numbers."""

    name: str
    integer: str
    bits: int
    fraction: int
    """Stored bits of the significand."""
    suffix: str
    """In names of intrinsics."""

    @property
    def bias(self) -> int:
        """What is added to the exponent."""
        return 127 if self.bits == 32 else 1023

    @property
    def sign(self) -> int:
        """The sign bit, as a signed integer."""
        return -(1 << (self.bits - 1))


FLOAT = Lane("float", "i32", 32, 23, "f32")
DOUBLE = Lane("double", "i64", 64, 52, "f64")
LANES = {"float32": FLOAT, "float64": DOUBLE}

RARELY, WEIGHTS = "!prof !1", '!1 = !{!"branch_weights", i32 1, i32 10000}'
"""Of a branch that is hardly ever taken: its code is put out of the way; and what a module says of it at its end."""


class Value:
    """A vector in a register, or a number in every lane. ``kind`` is ``float``, ``int`` or ``mask``."""

    __slots__ = ("block", "kind", "least", "name", "number", "product")

    def __init__(self, block: Block, name: str, kind: str, number: float | int | None = None) -> None:
        self.block, self.name, self.kind, self.number = block, name, kind, number
        self.product: tuple[Value, Value] | None = None
        """The factors, where this is a product that may be fused."""
        self.least = -math.inf
        """A number that it is known not to be below."""

    def __add__(self, other: Any) -> Value:
        b, other = self.block, self.block.value(other)
        if self.kind == "int":
            return b.op("add", self, other)
        for one, rest in ((self, other), (other, self)):
            if one.product is not None and rest.number is not None:
                return b.fma(one.product[0], one.product[1], rest)
        return b.op("fadd", self, other)

    def __sub__(self, other: Any) -> Value:
        b, other = self.block, self.block.value(other)
        if self.kind == "int":
            return b.op("sub", self, other)
        if self.product is not None and other.number is not None:
            return b.fma(self.product[0], self.product[1], b.const(-other.number))
        return b.op("fsub", self, other)

    def __mul__(self, other: Any) -> Value:
        b, other = self.block, self.block.value(other)
        made = b.op("fmul", self, other)
        made.product = (self, other)
        return made

    def __truediv__(self, other: Any) -> Value:
        other = self.block.value(other)
        if other.number and abs(math.frexp(other.number)[0]) == 0.5 and 1e-30 < abs(other.number) < 1e30:
            return self.__mul__(1 / other.number)  # exact, and no division
        if other.number and self.block.spare and 1e-30 < abs(other.number) < 1e30:
            return self.__mul__(1 / other.number)
        return self.block.op("fdiv", self, other)

    def __radd__(self, other: Any) -> Value:
        return self.block.value(other) + self

    def __rsub__(self, other: Any) -> Value:
        b = self.block
        if self.product is not None:  # c - a*b
            return b.fma(-self.product[0], self.product[1], b.value(other))
        return b.op("fsub", b.value(other), self)

    def __rmul__(self, other: Any) -> Value:
        return self.block.value(other) * self

    def __rtruediv__(self, other: Any) -> Value:
        return self.block.value(other) / self

    def __neg__(self) -> Value:
        return self.block.const(-self.number) if self.number is not None else self.block.op("fneg", self)

    def __lt__(self, other: Any) -> Value:
        return self.block.compare("olt", self, self.block.value(other))

    def __le__(self, other: Any) -> Value:
        return self.block.compare("ole", self, self.block.value(other))

    def __gt__(self, other: Any) -> Value:
        return self.block.compare("ogt", self, self.block.value(other))

    def __ge__(self, other: Any) -> Value:
        return self.block.compare("oge", self, self.block.value(other))


class Block:
    """Straight-line code on vectors of ``width`` lanes of a type."""

    def __init__(
        self, lane: Lane, width: int, features: frozenset[str] = frozenset(), prefix: str = "t", spare: bool = False
    ) -> None:
        """``spare`` where the result is rounded to a shorter type, so that the last bit does not count."""
        self.lane, self.width, self.features, self.prefix = lane, width, features, prefix
        self.spare = spare
        self.lines: list[str] = []
        self.declared: dict[str, str] = {}
        self.known: dict[tuple[str, ...], Value] = {}
        self.types = {
            "float": f"<{width} x {lane.name}>",
            "int": f"<{width} x {lane.integer}>",
            "mask": f"<{width} x i1>",
        }

    def doubled(self) -> Block:
        """A block for double precision that writes into this one."""
        made = Block(DOUBLE, self.width, self.features, self.prefix)
        made.lines, made.declared, made.known = self.lines, self.declared, self.known
        return made

    # -- values ---------------------------------------------------------------------------------------------------

    def const(self, number: float) -> Value:
        """A number in every lane, rounded to the lane's type."""
        held = struct.unpack("f", struct.pack("f", _clipped(number)))[0] if self.lane.bits == 32 else float(number)
        text = f"0x{struct.unpack('<Q', struct.pack('<d', held))[0]:016X}"
        return Value(self, f"splat ({self.lane.name} {text})", "float", held)

    def whole(self, number: int) -> Value:
        """A whole number in every lane."""
        return Value(self, f"splat ({self.lane.integer} {number})", "int", number)

    def value(self, given: Any) -> Value:
        """``given`` itself, or a number as a vector."""
        return given if isinstance(given, Value) else self.const(given)

    def _line(self, key: tuple[str, ...], text: str, kind: str) -> Value:
        if key not in self.known:
            name = f"%{self.prefix}{len(self.lines)}"
            self.lines.append(f"  {name} = {text}")
            self.known[key] = Value(self, name, kind)
        return self.known[key]

    # -- instructions ---------------------------------------------------------------------------------------------

    def op(self, name: str, *args: Value) -> Value:
        """An instruction whose operands and result have one type."""
        kind = args[0].kind
        names = [a.name for a in args]
        if name in ("fadd", "fmul", "add", "and", "or", "xor") and names[0] > names[1]:
            names.reverse()  # the same either way
        return self._line((name, *names), f"{name} {self.types[kind]} {', '.join(names)}", kind)

    def compare(self, how: str, a: Value, b: Value) -> Value:
        """A mask: ``olt`` and the like for floats (false for NaN), ``slt`` and the like for whole numbers."""
        word = "icmp" if a.kind == "int" else "fcmp"
        return self._line((word, how, a.name, b.name), f"{word} {how} {self.types[a.kind]} {a.name}, {b.name}", "mask")

    def both(self, a: Value, b: Value) -> Value:
        """Where two masks both hold."""
        return self.op("and", a, b)

    def select(self, mask: Value, a: Any, b: Any) -> Value:
        """``a`` where the mask holds, else ``b``."""
        one, other = self.value(a), self.value(b)
        if one.name == other.name:
            return one
        kind = self.types[one.kind]
        text = f"select {self.types['mask']} {mask.name}, {kind} {one.name}, {kind} {other.name}"
        return self._line(("select", mask.name, one.name, other.name), text, one.kind)

    def cast(self, how: str, value: Value, kind: str) -> Value:
        """``bitcast``, ``fptosi``, ``sitofp`` between floats and whole numbers of the same size."""
        text = f"{how} {self.types[value.kind]} {value.name} to {self.types[kind]}"
        return self._line((how, kind, value.name), text, kind)

    def taken(self, how: str, value: Value) -> Value:
        """A value of a block that shares its lines with this one: ``fpext``, ``fptrunc``, ``trunc`` to the type here."""
        text = f"{how} {value.block.types[value.kind]} {value.name} to {self.types[value.kind]}"
        return self._line((how, self.lane.name, value.name), text, value.kind)

    def rarely(self, mask: Value, usual: tuple[Value, ...], others: Callable[[], tuple[Value, ...]]) -> tuple[Value, ...]:
        """``others()`` in the lanes where the mask holds, ``usual`` in the rest; skipped where it holds in none.

        What a lane gets does not depend on the others: they only decide whether the detour is made.
        """
        reduce = f"@llvm.vector.reduce.or.v{self.width}i1"
        self.declared[reduce] = f"declare i1 {reduce}({self.types['mask']})"
        place = f"{self.prefix}{len(self.lines)}"
        self.lines += [
            f"  %{place}any = call i1 {reduce}({self.types['mask']} {mask.name})",
            f"  br label %{place}here",
            f"{place}here:",
            f"  br i1 %{place}any, label %{place}rare, label %{place}join, {RARELY}",
            f"{place}rare:",
        ]
        outside = dict(self.known)  # what is computed on the detour is not there for those who do not make it
        chosen = [self.select(mask, other, value) for other, value in zip(others(), usual, strict=True)]
        self.known.clear()
        self.known.update(outside)
        self.lines += [f"  br label %{place}join", f"{place}join:"]
        made = []
        for i, (value, other) in enumerate(zip(usual, chosen, strict=True)):
            name, kind = f"%{place}made{i}", self.types[value.kind]
            self.lines.append(f"  {name} = phi {kind} [ {value.name}, %{place}here ], [ {other.name}, %{place}rare ]")
            made.append(Value(self, name, value.kind))
        return tuple(made)

    def intrinsic(self, name: str, *args: Value, kind: str = "float") -> Value:
        """A call of ``llvm.<name>``, overloaded on the type of the lanes."""
        suffix = f".v{self.width}{self.lane.suffix}"
        more = "".join(f".v{self.width}{self.lane.integer}" for a in args if a.kind == "int" and name == "ldexp")
        full = f"@llvm.{name}{suffix}{more}"
        types = [self.types[a.kind] for a in args]
        self.declared[full] = f"declare {self.types[kind]} {full}({', '.join(types)})"
        given = ", ".join(f"{t} {a.name}" for t, a in zip(types, args, strict=True))
        return self._line((full, *(a.name for a in args)), f"call {self.types[kind]} {full}({given})", kind)

    def fma(self, a: Any, b: Any, c: Any) -> Value:
        """a*b + c, rounded once."""
        return self.intrinsic("fma", self.value(a), self.value(b), self.value(c))

    def sqrt(self, a: Any) -> Value:
        """The square root, correctly rounded."""
        return self.intrinsic("sqrt", self.value(a))

    def abs(self, a: Any) -> Value:
        """The size."""
        return self.intrinsic("fabs", self.value(a))

    def with_sign(self, size: Any, sign: Any) -> Value:
        """``size`` with the sign of ``sign``."""
        return self.intrinsic("copysign", self.value(size), self.value(sign))

    def rint(self, a: Any) -> Value:
        """The nearest whole number, ties to even."""
        return self.intrinsic("rint", self.value(a))

    def floor(self, a: Any) -> Value:
        """The next whole number below."""
        return self.intrinsic("floor", self.value(a))

    def min(self, a: Any, b: Any) -> Value:
        """The smaller; NaN if either is."""
        return self._extreme("olt", a, b)

    def max(self, a: Any, b: Any) -> Value:
        """The larger; NaN if either is."""
        return self._extreme("ogt", a, b)

    def _extreme(self, how: str, a: Any, b: Any) -> Value:
        a, b = self.value(a), self.value(b)
        if a.number is not None:
            a, b = b, a
        if b.number is not None:
            # the processor's own instruction gives its second operand where one is NaN: number first, so that NaN stays
            made = self.select(self.compare(how, b, a), b, a)
            if how == "ogt":
                made.least = max(float(b.number), a.least)
            return made
        chosen = self.select(self.compare(how, a, b), a, b)
        return self.select(self.compare("uno", a, a), a, chosen)

    @property
    def wide(self) -> bool:
        """Whether vectors are AVX-512's, which look up numbers in a register and scale by powers of two in one go."""
        return "avx512f" in self.features and self.width * self.lane.bits == 512

    def looked_up(self, table: tuple[float, ...], index: Value) -> Value:
        """The entry of a table that the low bits of ``index`` tell, for ``wide`` vectors: of ``width`` numbers or twice as many."""
        kind, whole = self.types["float"], self.types["int"]
        letter = "s" if self.lane.bits == 32 else "d"
        entries = [f"{self.lane.name} {self.const(t).name.split()[-1].rstrip(')')}" for t in table]
        parts = [f"{kind} <{', '.join(entries[i : i + self.width])}>" for i in range(0, len(entries), self.width)]
        if len(parts) == 1:
            full, given = f"@llvm.x86.avx512.permvar.{letter}f.512", f"{parts[0]}, {whole} {index.name}"
            self.declared[full] = f"declare {kind} {full}({kind}, {whole})"
        else:
            full, given = f"@llvm.x86.avx512.vpermi2var.p{letter}.512", f"{parts[0]}, {whole} {index.name}, {parts[1]}"
            self.declared[full] = f"declare {kind} {full}({kind}, {whole}, {kind})"
        return self._line((full, given), f"call {kind} {full}({given})", "float")

    def scaled(self, a: Value, n: Value, whole: Value) -> Value:
        """a * 2**n for a whole number n, given as floats and as integers, with gradual underflow and overflow to infinity.

        ``wide`` vectors take the whole part of ``n`` themselves and need no integers.
        """
        if self.wide:
            kind, size = self.types["float"], self.width
            full = f"@llvm.x86.avx512.mask.scalef.{'ps' if self.lane.bits == 32 else 'pd'}.512"
            self.declared[full] = f"declare {kind} {full}({kind}, {kind}, {kind}, i{size}, i32)"
            text = f"call {kind} {full}({kind} {a.name}, {kind} {n.name}, {kind} {a.name}, i{size} -1, i32 4)"
            return self._line((full, a.name, n.name), text, "float")
        half = self.op("ashr", whole, self.whole(1))
        made = a
        for part in (half, self.op("sub", whole, half)):
            raised = self.op("shl", self.op("add", part, self.whole(self.lane.bias)), self.whole(self.lane.fraction))
            made = self.op("fmul", made, self.cast("bitcast", raised, "float"))
        return made


def _clipped(number: float) -> float:
    """``number`` where single precision can hold it, else infinity of its sign."""
    if abs(number) <= 3.4028235677973362e38 or number != number:
        return number
    return float("inf") if number > 0 else float("-inf")
