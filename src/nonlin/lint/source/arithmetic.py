"""Operators: exact on constants, ranges on data, nodes on tensors; sigmoid, SiLU, Mish and softmax written by hand are seen."""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable
from typing import Any

from nonlin.findings import Place
from nonlin.lint.source import data
from nonlin.lint.source.machine import Frame, Run
from nonlin.lint.source.values import (
    ABSENT,
    NUMBERS,
    Bound,
    Data,
    Either,
    Instance,
    Tensor,
    Unknown,
    Weight,
    known,
    number,
    whole,
)

EXACT: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
    ast.BitAnd: operator.and_,
    ast.BitOr: operator.or_,
    ast.LShift: operator.lshift,
    ast.RShift: operator.rshift,
}
"""Operators on constants."""
METHODS = {
    ast.Add: "__add__", ast.Sub: "__sub__", ast.Mult: "__mul__", ast.Div: "__truediv__", ast.MatMult: "__matmul__", ast.Pow: "__pow__",
    ast.BitOr: "__or__", ast.RShift: "__rshift__",
}  # fmt: skip
"""Methods by which classes of the program define operators."""
LARGE = 10_000
"""Exponents, shifts and repetitions beyond this are not computed."""


def operate(run: Run, op: type, left: Any, right: Any, frame: Frame, node: ast.AST) -> Any:
    """Return ``left op right``."""
    if isinstance(left, Either) or isinstance(right, Either):
        return _each(run, op, left, right, frame, node)
    if isinstance(left, Tensor) or isinstance(right, Tensor):
        return _tensors(run, op, left, right, run.place(frame, node))
    if isinstance(left, Data) or isinstance(right, Data):
        return data.operate(op, left, right)
    if isinstance(left, list | tuple) or isinstance(right, list | tuple):
        return _lists(op, left, right)
    if known(left) and known(right) and op in EXACT and _small(op, left, right):
        try:
            return EXACT[op](left, right)
        except (TypeError, ValueError, ArithmeticError, MemoryError):
            return Unknown()
    if isinstance(left, Instance) and op in METHODS:
        found = left.cls.find(METHODS[op])
        if found is not None:
            return run.call(Bound(left, found[1]), [right], {}, frame, node)
    return Unknown("number", True) if _counted(left) and _counted(right) else Unknown()


def _small(op: type, left: Any, right: Any) -> bool:
    if op is ast.Add and isinstance(left, str | bytes) and isinstance(right, str | bytes):
        return len(left) + len(right) <= LARGE
    if isinstance(left, str) and op is ast.Mod:
        return not re.search(r"%[^a-zA-Z]*\d", left)
    if (
        op in (ast.Pow, ast.LShift, ast.Mult)
        and isinstance(left, str | int | bytes)
        and isinstance(right, str | int | bytes)
    ):
        sizes = [
            len(v) if isinstance(v, str | bytes) else abs(v).bit_length() if op is ast.Mult else abs(v)
            for v in (left, right)
        ]
        return max(sizes) <= LARGE and (op is ast.Mult or sizes[1] <= 64 or (sizes[0] <= 10 and sizes[1] <= 200)) and (
            not isinstance(left, str | bytes) or abs(int(right)) <= LARGE if isinstance(right, int) else True
        )  # fmt: skip
    return True


def _lists(op: type, left: Any, right: Any) -> Any:
    if op is ast.Add and isinstance(left, list | tuple) and isinstance(right, list | tuple):
        if len(left) + len(right) > LARGE:
            return Unknown()
        return [*left, *right] if isinstance(left, list) else (*left, *right)
    many, count = (left, right) if isinstance(left, list | tuple) else (right, left)
    times = whole(count)
    if op is ast.Mult and isinstance(many, list | tuple) and times is not None and len(many) * max(times, 0) <= LARGE:
        return many * times
    if op is ast.Mult and isinstance(many, list | tuple) and isinstance(count, Unknown):
        return many
    if op is ast.Add and isinstance(many, list | tuple):
        return Unknown()
    return Unknown()


def _each(run: Run, op: type, left: Any, right: Any, frame: Frame, node: ast.AST) -> Any:
    pairs = [
        (a, b)
        for a in (left.options if isinstance(left, Either) else (left,))
        for b in (right.options if isinstance(right, Either) else (right,))
        if a is not None and b is not None and a is not ABSENT and b is not ABSENT
    ]
    if not pairs or len(pairs) > 4:
        return Unknown()
    found = operate(run, op, *pairs[0], frame, node)
    for a, b in pairs[1:]:
        found = run.either(found, operate(run, op, a, b, frame, node))
    return found


SIGNS = {ast.Add: 1, ast.Sub: -1}


def _tensors(run: Run, op: type, left: Any, right: Any, place: Place) -> Any:
    """An operator of which one side at least is a tensor."""
    fixed = _fixed(run, right) if isinstance(left, Tensor) else _fixed(run, left)
    tensor, other = (left, right) if isinstance(left, Tensor) else (right, left)
    if fixed:
        return _with_number(run, op, tensor, other, tensor is left, place)
    if isinstance(other, Weight) and op in (*SIGNS, ast.Mult, ast.Div):
        return run.emit("scale", [tensor], place, attrs={"kind": "parameter"})
    if op in SIGNS:
        made = run.emit("add", [left, right], place, attrs={"kind": "sub"} if op is ast.Sub else {})
        _critic(run, made, place)
        return made
    if op is ast.Mult:
        found = _gated(run, left, right, place)
        return found if found is not None else run.emit("mul", [left, right], place)
    if op is ast.Div:
        found = _normalised(run, left, right, place)
        return found if found is not None else run.emit("arithmetic", [left, right], place, attrs={"kind": "div"})
    if op is ast.MatMult:
        return run.build["matmul"](run, left, right, place)
    return run.emit("arithmetic", [left, right], place, attrs={"kind": op.__name__.lower()})


def _fixed(run: Run, value: Any) -> bool:
    """Whether an operand is a number or data rather than something computed from the input."""
    if isinstance(value, Tensor):
        return False
    return number(value) is not None or isinstance(value, bool) or _counted(value)


def _counted(value: Any) -> bool:
    """Whether a value is a number, known or not."""
    return number(value) is not None or (isinstance(value, Unknown) and value.name in NUMBERS)


def _with_number(run: Run, op: type, tensor: Tensor, value: Any, first: bool, place: Place) -> Any:
    if number(value) is None:
        value = 1.0 if isinstance(value, Unknown) else float(value)
        if op in (ast.Add, ast.Sub, ast.Mult, ast.Div) and (first or op is not ast.Div):
            return run.emit("scale", [tensor], place, attrs={"kind": "number"})
    if op is ast.Div and not first:
        found = _logistic(run, tensor, value, place)
        return found if found is not None else run.emit("arithmetic", [tensor], place, attrs={"kind": "reciprocal"})
    if op in (ast.Add, ast.Sub, ast.Mult, ast.Div):
        factor = float(value) if op is ast.Mult else 1.0 / float(value) if op is ast.Div and value else 1.0
        if op is ast.Sub and not first:
            factor = -1.0
        shift = float(value) if op is ast.Add or (op is ast.Sub and not first) else -float(value) if op is ast.Sub else 0.0
        return run.emit("scale", [tensor], place, attrs={"factor": factor, "shift": shift})
    return run.emit("arithmetic", [tensor], place, attrs={"kind": op.__name__.lower(), "value": value})


def _node(run: Run, value: Any) -> Any:
    return run.tape.node(value) if isinstance(value, Tensor) and value.tape is run.tape else None


def _gated(run: Run, left: Any, right: Any, place: Place) -> Tensor | None:
    """``x * sigmoid(x)`` is SiLU and ``x * tanh(softplus(x))`` is Mish."""
    for value, gate in ((left, right), (right, left)):
        made = _node(run, gate)
        if made is None or not isinstance(value, Tensor) or made.op != "activation":
            continue
        if made.function == "sigmoid" and made.inputs == (value.index,):
            run.tape.absorbed.add(gate.index)
            return run.emit("activation", [value], place, function="silu", attrs={"shown": "x * sigmoid(x)"})
        inner = run.tape.nodes[made.inputs[0]]
        if made.function == "tanh" and inner.function == "softplus" and inner.inputs == (value.index,):
            run.tape.absorbed.update((gate.index, made.inputs[0]))
            return run.emit("activation", [value], place, function="mish", attrs={"shown": "x * tanh(softplus(x))"})
    return None


def _logistic(run: Run, below: Tensor, above: Any, place: Place) -> Tensor | None:
    """``1 / (1 + exp(-x))`` is the logistic sigmoid."""
    shifted = _node(run, below)
    if (
        above != 1
        or shifted is None
        or shifted.op != "scale"
        or shifted.attrs.get("shift") != 1
        or shifted.attrs["factor"] != 1
    ):
        return None
    grown = run.tape.nodes[shifted.inputs[0]]
    if grown.attrs.get("kind") != "exp":
        return None
    turned = run.tape.nodes[grown.inputs[0]]
    if turned.op != "scale" or turned.attrs.get("factor") != -1 or turned.attrs.get("shift"):
        return None
    run.tape.absorbed.update((below.index, shifted.inputs[0], grown.inputs[0]))
    value = Tensor(run.tape, turned.inputs[0])
    return run.emit("activation", [value], place, function="sigmoid", attrs={"shown": "1 / (1 + exp(-x))"})


def _normalised(run: Run, left: Any, right: Any, place: Place) -> Tensor | None:
    """``exp(x) / exp(x).sum(d)`` is a softmax."""
    above, below = _node(run, left), _node(run, right)
    if above is None or below is None or above.attrs.get("kind") != "exp" or below.op != "reduce":
        return None
    if below.attrs.get("kind") != "sum" or below.attrs.get("dim") is None:
        return None
    under = run.tape.nodes[below.inputs[0]]
    if below.inputs[0] != left.index and (under.attrs.get("kind") != "exp" or under.inputs != above.inputs):
        return None
    run.tape.absorbed.update((left.index, right.index))
    value = Tensor(run.tape, above.inputs[0])
    attrs = {"dim": below.attrs["dim"], "shown": "exp(x) / exp(x).sum()", "by_hand": True}
    return run.emit("activation", [value], place, function="softmax", attrs=attrs)


def _critic(run: Run, made: Tensor, place: Place) -> None:
    """A difference of two means of what one model gives is a Wasserstein loss of that model."""
    terms: list[tuple[int, int]] = []
    _terms(run, made.index, 1, terms, 0)
    means = [(sign, run.tape.nodes[i].inputs[0]) for sign, i in terms if _is_mean(run, i)]
    for sign, a in means:
        for other, b in means:
            owner = run.tape.models[a][0]
            if sign > 0 > other and owner and owner == run.tape.models[b][0] and a != b:
                run.build["wasserstein"](run, [a, b], place)
                return


def _is_mean(run: Run, index: int) -> bool:
    node = run.tape.nodes[index]
    return (
        node.op == "reduce"
        and node.attrs.get("kind") == "mean"
        and node.attrs.get("dim") is None
        and not run.tape.models[index][0]
    )


def _terms(run: Run, index: int, sign: int, found: list[tuple[int, int]], depth: int) -> None:
    node = run.tape.nodes[index]
    if node.op == "add" and depth < 6 and len(node.inputs) == 2:
        _terms(run, node.inputs[0], sign, found, depth + 1)
        _terms(run, node.inputs[1], -sign if node.attrs.get("kind") == "sub" else sign, found, depth + 1)
    elif node.op == "scale" and node.attrs.get("factor") in (1.0, -1.0) and depth < 6:
        _terms(run, node.inputs[0], sign * int(node.attrs["factor"]), found, depth + 1)
    else:
        found.append((sign, index))
