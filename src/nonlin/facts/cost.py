"""What one element costs: operations counted in the formula, nanoseconds measured only when asked."""

from __future__ import annotations

import time
from collections import Counter
from typing import Any

from nonlin.expr import variables, walk
from nonlin.expr.nodes import number
from nonlin.facts.subject import MEASURED, PROVED, Subject, Told, Untold

ARITHMETIC = (
    "add",
    "sub",
    "mul",
    "div",
    "neg",
    "lt",
    "le",
    "gt",
    "ge",
    "where",
    "min",
    "max",
    "abs",
    "sign",
    "floor",
    "round",
)
"""Operations that a processor does in one instruction, each counted as one."""
_FREE = ("var", "const", "pi", "join", "straight_through", "row_length")
ELEMENTS, REPEATS = 2**16, 15


def flops(subject: Subject) -> Told:
    """Operations per element, those on constants alone not counted, common parts once."""
    counted: Counter[str] = Counter()
    for node in walk(subject.given):
        if node.op in _FREE or not variables(node):
            continue
        exponent = number(node.args[1]) if node.op == "pow" else None
        if exponent is not None and exponent.denominator == 1 and 0 < exponent <= 64:
            counted["arithmetic"] += int(exponent).bit_length() - 1 + int(exponent).bit_count() - 1  # square and multiply
        else:
            counted["arithmetic" if node.op in ARITHMETIC else node.op] += 1
    arithmetic = counted.pop("arithmetic", 0)
    functions = dict(sorted(counted.items()))
    words = [f"{arithmetic} arithmetic"] + [f"{n} {name}" if n > 1 else name for name, n in functions.items()]
    return Told({"arithmetic": arithmetic, "functions": functions}, " + ".join(words), PROVED)


def nanoseconds(subject: Subject) -> Told:
    """The shortest of several runs over 65,536 float32 numbers with NumPy, one thread, per element."""
    import platform

    import numpy as np

    from nonlin.backends.numpy import evaluate

    if subject.definition.kind not in ("elementwise", "rowwise"):
        raise Untold(f"it is measured for functions of one number or of rows; this one is {subject.definition.kind}")
    shape = (ELEMENTS,) if subject.definition.kind == "elementwise" else (ELEMENTS // 64, 64)
    x: Any = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
    evaluate(subject.given, x)
    runs = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        evaluate(subject.given, x)
        runs.append(time.perf_counter() - start)
    each = min(runs) / ELEMENTS * 1e9
    return Told(
        each, f"{each:.2f} ns", MEASURED, f"NumPy {np.__version__}, float32, {platform.machine()}, shortest of {REPEATS}"
    )


__all__ = ["ARITHMETIC", "flops", "nanoseconds"]
