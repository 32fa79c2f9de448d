"""Numbers a program makes or loads: how much of them is certain from the text. Nothing random is drawn and nothing is loaded."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from nonlin.lint.net import Targets
from nonlin.lint.source.arguments import bind, words
from nonlin.lint.source.machine import Run
from nonlin.lint.source.values import Data, Unknown, number, whole

SURE = 200
"""Rows of a sample from which on a part of it is taken to reach what the whole reaches."""
HUGE = 1e150
"""Numbers beyond this are not computed with: sums and products of them may be none that a float can hold."""
KEPT = 4096
"""Values kept one by one at most."""


def made(value: Any, place: Any = None) -> Data | None:
    """Return a literal (nested) list of numbers as data, or None where it is none."""
    flat: list[float] = []
    shape = _gather(value, flat)
    if shape is None or not flat:
        return None
    return exact(flat, shape)


def exact(values: list[float], shape: tuple[int | None, ...]) -> Data:
    """Return data of which every value is known."""
    finite = [v for v in values if math.isfinite(v)]
    integers = len(finite) == len(values) and all(v == int(v) for v in finite)
    rows = shape[-1] if len(shape) == 2 else None
    hot = None
    if rows is not None and rows > 1 and integers:
        groups = [values[i : i + rows] for i in range(0, len(values), rows)]
        hot = all(sorted(g) == [0.0] * (rows - 1) + [1.0] for g in groups)
    classes = rows if hot else len(set(values)) if integers else None
    low, high = (min(finite), max(finite)) if finite else (None, None)
    return Data(shape, low, high, integers, classes, hot, values if len(values) <= KEPT else None, least=low, most=high)


def _gather(value: Any, flat: list[float], depth: int = 0) -> tuple[int | None, ...] | None:
    if isinstance(value, bool) or number(value) is not None:
        if len(flat) >= KEPT:
            return None
        flat.append(float(value))
        return ()
    if not isinstance(value, list | tuple) or not value or depth > 5:
        return None
    first = _gather(value[0], flat, depth + 1)
    if first is None or any(_gather(v, flat, depth + 1) != first for v in value[1:]):
        return None
    return (len(value), *first)


def targets(value: Any) -> Targets | None:
    """Return what is certain of targets, or None."""
    value = made(value) if isinstance(value, list | tuple) else value
    if not isinstance(value, Data):
        return None
    low = value.low if value.low is not None or value.most is None or value.most >= 0 else value.most
    high = value.high if value.high is not None or value.least is None or value.least <= 1 else value.least
    if low is None and high is None and value.classes is None:
        return None
    size = value.shape[0] if value.shape else None
    multi = bool(value.values and value.shape and len(value.shape) == 2 and (value.shape[1] or 0) > 1
                 and value.one_hot is False and set(value.values) <= {0.0, 1.0})  # fmt: skip
    return Targets(
        low=low, high=high, whole=value.whole, classes=value.classes, shape=value.shape, one_hot=value.one_hot,
        multi_hot=True if multi else None, samples=size or 0, values=_array_of(value.values), place=value.place,
    )  # fmt: skip


def _array_of(values: list[float] | None) -> Any:
    if values is None:
        return None
    import numpy as np

    return np.asarray(values, dtype=np.float64)


# -- arithmetic on what is known


def operate(op: type, left: Any, right: Any) -> Any:
    """Return ``left op right`` where one side at least is data and the other data or a number."""
    a, b = _bounds(left), _bounds(right)
    if a is None or b is None or op not in (*RANGES, ast.Pow):
        return Data()
    if isinstance(left, Data) and isinstance(right, Data):
        return _both(op, left, right)
    if op is ast.Pow:
        return _power(left, right)
    source, plain = (left, right) if isinstance(left, Data) else (right, left)
    if abs(plain) > HUGE:
        return Data(source.shape)
    other = float(plain)
    turned = isinstance(right, Data)
    if op is ast.Div and (turned or other == 0):
        return Data(source.shape)

    def does(value: float | None) -> float | None:
        if value is None:
            return None
        return RANGES[op](other, value) if turned else RANGES[op](value, other)

    if source.values is not None and source.shape is not None:
        return exact([v for v in map(does, source.values) if v is not None], source.shape)
    flipped = (op is ast.Sub and turned) or (op in (ast.Mult, ast.Div) and other < 0)
    ends = [does(v) for v in (source.low, source.high, source.least, source.most)]
    low, high, least, most = (ends[1], ends[0], ends[3], ends[2]) if flipped else ends
    integers = (
        True
        if source.whole and op in (ast.Add, ast.Sub, ast.Mult) and other.is_integer()
        else False
        if op is ast.Div
        else None
    )
    same = source.classes if op in (ast.Add, ast.Sub) else None
    return Data(source.shape, low, high, integers, same, least=least, most=most)


def _power(left: Any, right: Any) -> Data:
    """A whole power of data: exact where the values are known, never negative where it is even."""
    exponent = whole(right)
    if not isinstance(left, Data) or exponent is None or not 0 <= exponent <= 8:
        return Data()
    if left.values is not None and left.shape is not None and all(abs(v) < 1e6 for v in left.values):
        return exact([v**exponent for v in left.values], left.shape)
    return Data(left.shape, least=0.0 if exponent % 2 == 0 else None)


def _both(op: type, left: Data, right: Data) -> Data:
    """A sum or difference of two: where one reaches an end, the other is at most so far away."""
    shape = left.shape if left.shape == right.shape else None
    if op not in (ast.Add, ast.Sub):
        return Data(shape)
    if op is ast.Sub:
        turned = operate(ast.Mult, right, -1)
        right = turned if isinstance(turned, Data) else Data()
    if left.values is not None and right.values is not None and shape is not None and left.shape is not None:
        return exact([x + y for x, y in zip(left.values, right.values, strict=True)], left.shape)

    def total(x: float | None, y: float | None) -> float | None:
        return x + y if x is not None and y is not None else None

    lows = [v for v in (total(left.low, right.most), total(right.low, left.most)) if v is not None]
    highs = [v for v in (total(left.high, right.least), total(right.high, left.least)) if v is not None]
    return Data(shape, min(lows, default=None), max(highs, default=None),
                least=total(left.least, right.least), most=total(left.most, right.most))  # fmt: skip


RANGES: Mapping[type, Callable[[float, float], float]] = {
    ast.Add: lambda x, y: x + y,
    ast.Sub: lambda x, y: x - y,
    ast.Mult: lambda x, y: x * y,
    ast.Div: lambda x, y: x / y,
}


def _bounds(value: Any) -> bool | None:
    return True if isinstance(value, Data) or number(value) is not None else None


def compared(value: Data) -> Data:
    """Return what a comparison makes of data: zeros and ones."""
    return Data(value.shape, 0.0, 1.0, True, 2)


# -- where data comes from


def shape_of(values: list[Any]) -> tuple[int | None, ...] | None:
    """Return arguments that give a shape, as ``(3, 4)`` or ``3, 4``, as one; lengths that are not known are None."""
    if len(values) == 1 and isinstance(values[0], list | tuple):
        values = list(values[0])
    return tuple(whole(v) for v in values) if values else None


def count_of(shape: tuple[int | None, ...] | None) -> int:
    """Return how many numbers a shape holds; 0 where that is not known."""
    count = 1
    for length in shape or (1,):
        count *= length if length is not None else 0
    return count


def part(value: Data) -> Data:
    """Return some rows of data: the same kind of numbers, as many as are not known."""
    shape = (None, *value.shape[1:]) if value.shape else None
    enough = value.values is None or len(value.values) >= SURE
    low, high = (value.low, value.high) if enough else (None, None)
    return Data(shape, low, high, value.whole, value.classes, value.one_hot, None, value.place, value.least, value.most)


# -- attributes, methods and parts

SAME = words(
    "astype float long double half int to cpu cuda numpy copy clone detach contiguous requires_grad_ flatten ravel type"
)
"""Methods that keep the values."""
CURVES: Mapping[str, Callable[[float], float]] = {
    "sin": math.sin, "cos": math.cos, "tanh": math.tanh, "exp": math.exp, "sqrt": math.sqrt, "square": lambda v: v * v, "abs": abs,
    "log": math.log,
}  # fmt: skip
"""Functions of numpy and torch that are computed on values known one by one."""


BOUNDED: Mapping[str, tuple[float | None, float | None]] = {
    "sin": (-1.0, 1.0), "cos": (-1.0, 1.0), "tanh": (-1.0, 1.0), "exp": (0.0, None), "abs": (0.0, None), "square": (0.0, None),
    "sqrt": (0.0, None),
}  # fmt: skip
"""Ranges of these functions."""


def data_attribute(run: Run, value: Data, name: str) -> Any:
    """Return an attribute of data."""
    if name == "shape" and value.shape is not None:
        return tuple(n if n is not None else Unknown() for n in value.shape)
    if name == "T":
        return replace(value, shape=value.shape[::-1] if value.shape else None, values=None, leaf=Unknown())
    if name in ("dtype", "device", "shape", "size", "ndim"):
        return Unknown(name)
    return run.build["method"](value, name)


def data_method(value: Data, name: str, args: list[Any], kwargs: dict[str, Any]) -> Any:
    """Return what a method of data gives."""
    if name in SAME:
        whole_now = True if name in ("long", "int") else value.whole
        shape = value.shape if name not in ("flatten", "ravel") else (count_of(value.shape) or None,)
        return replace(value, shape=shape, whole=whole_now, leaf=Unknown())
    if name in ("reshape", "view", "unsqueeze", "squeeze"):
        shape = _reshaped(value, shape_of(args)) if name in ("reshape", "view") else None
        if name == "unsqueeze" and value.shape is not None and args in ([1], [-1]):
            shape = (*value.shape, 1) if len(value.shape) == 1 else None
        return replace(value, shape=shape, one_hot=None, leaf=Unknown())
    if name in ("size", "dim"):
        at = whole(args[0]) if args else None
        if value.shape is not None and at is not None and -len(value.shape) <= at < len(value.shape):
            found = value.shape[at]
            return found if found is not None else Unknown()
        return Unknown()
    if name in CURVES:
        return curve(name, value)
    if name in ("sum", "mean"):
        return _folded(value, name, bind("axis", args, kwargs))
    if name in ("gt", "ge", "lt", "le", "eq", "ne"):
        return compared(value)
    return Data()


def _folded(value: Data, name: str, given: Mapping[str, Any]) -> Data:
    """A sum or mean along one axis: between what all its values could give."""
    axis = whole(given.get("axis", given.get("dim")))
    if value.shape is None or axis is None or not -len(value.shape) <= axis < len(value.shape):
        return Data()
    length = 1 if name == "mean" else value.shape[axis]
    kept = given.get("keepdims", given.get("keepdim")) is True
    shape = tuple(
        1 if kept and i == axis % len(value.shape) else n
        for i, n in enumerate(value.shape)
        if kept or i != axis % len(value.shape)
    )
    if length is None:
        return Data(shape)
    ends = [v * length if v is not None else None for v in (value.least, value.most)]
    return Data(shape, least=ends[0], most=ends[1])


def _reshaped(value: Data, shape: tuple[int | None, ...] | None) -> tuple[int | None, ...] | None:
    if shape is None:
        return None
    total = count_of(value.shape)
    given = math.prod(n for n in shape if n is not None and n > 0)
    return tuple((total // given if total and given else None) if n == -1 else n for n in shape)


def curve(name: str, value: Data) -> Data:
    """Return a function of data, exactly where the values are known."""
    if value.values is None or value.shape is None:
        least, most = BOUNDED.get(name, (None, None))
        return Data(value.shape, least=least, most=most)
    try:
        return exact([CURVES[name](v) for v in value.values], value.shape)
    except (ValueError, OverflowError):
        return Data(value.shape)


def data_item(run: Run, value: Data, key: Any) -> Any:
    """Return rows or columns of data."""
    if isinstance(key, slice):
        if value.values is not None and value.shape is not None and len(value.shape) == 1:
            rows = value.values[key]
            return exact(rows, (len(rows),)) if rows else Data()
        return part(value)
    if isinstance(key, tuple):
        new = sum(k is None for k in key)
        same = all(k is None or k == slice(None) for k in key)
        shape = (*value.shape, 1) if same and new == 1 and key[-1] is None and value.shape is not None else None
        return (
            replace(value, shape=shape, one_hot=None, leaf=Unknown()) if same else Data(least=value.least, most=value.most)
        )
    return Data(
        value.shape[1:] if value.shape else None, whole=value.whole, place=value.place, least=value.least, most=value.most
    )
