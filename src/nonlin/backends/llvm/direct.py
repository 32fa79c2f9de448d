"""Calling a kernel without ctypes: a few instructions of our own take Python's integers apart.

ctypes takes a third of a microsecond or more for a call, as long as the kernel itself at a thousand elements. A function that
Python calls directly (``METH_FASTCALL``) takes a tenth of that (``python -m benchmarks.calls``). It is compiled once for each number
of arguments, from text like any kernel, with entry points of CPython's stable interface alone; where there is none, ctypes does it.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from nonlin.backends.llvm import engine
from nonlin.backends.llvm.elementary import Unsupported

RELEASED = 2**14
"""Elements from which other threads may run meanwhile: handing the interpreter over and back costs as much as a thousand."""
FASTCALL = 0x80
ENTRIES = (
    "PyLong_AsSsize_t",
    "PyLong_FromLong",
    "PyErr_Occurred",
    "PyErr_BadArgument",
    "PyEval_SaveThread",
    "PyEval_RestoreThread",
)


class _Method(ctypes.Structure):
    """CPython's ``PyMethodDef``."""

    _fields_ = (("name", ctypes.c_char_p), ("code", ctypes.c_void_p), ("flags", ctypes.c_int), ("doc", ctypes.c_char_p))


_kept: list[Any] = []
"""What must live as long as the process: CPython holds the address of a method's definition, LLVM that of its code."""


def text(count: int, sizes: int) -> str:
    """Return a module with ``PyObject *call(PyObject *address, PyObject *const *args, Py_ssize_t count)``.

    Args:
        count: number of arguments, all of them integers.
        sizes: so many of the first, multiplied, are the number of elements.
    """
    lines = [
        *(f"declare {kind} @{name}({given})" for kind, name, given in (
            ("i64", "PyLong_AsSsize_t", "ptr"), ("ptr", "PyLong_FromLong", "i64"), ("ptr", "PyErr_Occurred", ""),
            ("i32", "PyErr_BadArgument", ""), ("ptr", "PyEval_SaveThread", ""), ("void", "PyEval_RestoreThread", "ptr"))),
        "define ptr @call(ptr %self, ptr %args, i64 %given) {",
        "entry:",
        f"  %right = icmp eq i64 %given, {count}",
        "  br i1 %right, label %read, label %wrong",
        "wrong:",
        "  %said = call i32 @PyErr_BadArgument()",
        "  ret ptr null",
        "read:",
        "  %address = call i64 @PyLong_AsSsize_t(ptr %self)",
    ]  # fmt: skip
    for i in range(count):
        lines += [
            f"  %p{i} = getelementptr ptr, ptr %args, i64 {i}",
            f"  %o{i} = load ptr, ptr %p{i}",
            f"  %v{i} = call i64 @PyLong_AsSsize_t(ptr %o{i})",
        ]
    call = f"  call void %code({', '.join(f'i64 %v{i}' for i in range(count))})"
    lines += ["  %n1 = add i64 %v0, 0", *(f"  %n{i + 1} = mul i64 %n{i}, %v{i}" for i in range(1, sizes))]
    lines += [
        "  %error = call ptr @PyErr_Occurred()",
        "  %good = icmp eq ptr %error, null",
        "  br i1 %good, label %ready, label %failed",
        "failed:",
        "  ret ptr null",
        "ready:",
        "  %code = inttoptr i64 %address to ptr",
        f"  %large = icmp uge i64 %n{sizes}, {RELEASED}",
        "  br i1 %large, label %long, label %short",
        "long:",
        "  %state = call ptr @PyEval_SaveThread()",
        call,
        "  call void @PyEval_RestoreThread(ptr %state)",
        "  br label %out",
        "short:",
        call,
        "  br label %out",
        "out:",
        "  %zero = call ptr @PyLong_FromLong(i64 0)",
        "  ret ptr %zero",
        "}",
    ]
    return "\n".join([*lines, ""])


@lru_cache(maxsize=64)
def _method(count: int, sizes: int) -> _Method | None:
    """The compiled function for so many arguments, as CPython defines methods; None where Python is not CPython on 64 bits."""
    machine = engine.host()
    if (
        machine is None
        or sys.implementation.name != "cpython"
        or ctypes.sizeof(ctypes.c_long) != ctypes.sizeof(ctypes.c_void_p)
    ):
        return None
    known = {name: engine.address(getattr(ctypes.pythonapi, name)) for name in ENTRIES}
    try:
        library = engine.linked(text(count, sizes), machine, ("call",), known)
    except Unsupported:
        return None
    made = _Method(
        b"kernel", library["call"], FASTCALL, b"A compiled kernel, called with the sizes and addresses it is made for."
    )
    _kept.append((made, library))
    return made


def direct(function: Any, count: int, sizes: int) -> Callable[..., object]:
    """Return a compiled function that is called without ctypes, or ``function`` itself where that cannot be.

    Args:
        function: made by ctypes; it returns nothing.
        count: number of its arguments, all integers or addresses.
        sizes: so many of the first, multiplied, are the number of elements.
    """
    made = _method(count, sizes)
    if made is None:
        return function  # type: ignore[no-any-return]
    new = ctypes.pythonapi.PyCFunction_NewEx
    new.restype, new.argtypes = ctypes.py_object, (ctypes.POINTER(_Method), ctypes.py_object, ctypes.py_object)
    found: Callable[..., object] = new(ctypes.byref(made), engine.address(function), "nonlin")
    return found
