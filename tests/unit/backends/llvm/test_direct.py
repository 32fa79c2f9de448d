"""Calls without ctypes: the same results, errors for wrong arguments, and ctypes where Python is another."""

from __future__ import annotations

import sys
import threading
import time
from typing import Any

import numpy as np
import pytest

from nonlin.backends.llvm import direct
from nonlin.backends.llvm.calls import Kernel
from nonlin.backends.llvm.loops import Plan
from nonlin.expr import parse


@pytest.fixture
def kernel() -> Kernel:
    return Kernel(Plan((parse("x*x + 1"),), ("x",), (), "float32"))


def test_it_computes_what_ctypes_does(kernel: Kernel) -> None:
    assert type(kernel.near) is type(len), "not a function of ctypes"
    x = np.linspace(-3, 3, 1003, dtype=np.float32)
    for near in (kernel.near, kernel.code.flat):
        out = np.zeros_like(x)
        near(x.size, 0, x.ctypes.data, out.ctypes.data)
        assert np.allclose(out, x * x + 1)
    out = np.zeros((17, 50), np.float32)
    kernel.near_rows(17, 50, 0, 1, x.ctypes.data, 50, out.ctypes.data, 50)
    assert np.allclose(out.reshape(-1), x[:850] ** 2 + 1)


@pytest.mark.parametrize("given", [(1, 2, 3), (1, 2, 3, 4, 5), (), ("a", 0, 0, 0), (0, 0, 1.5, 0), (0, None, 0, 0)])
def test_wrong_arguments_are_an_error(kernel: Kernel, given: tuple[Any, ...]) -> None:
    with pytest.raises(TypeError):
        kernel.near(*given)


def test_numbers_that_are_no_addresses_are_an_error(kernel: Kernel) -> None:
    with pytest.raises(OverflowError):
        kernel.near(0, 2**80, 0, 0)


def test_other_threads_run_during_a_long_call(kernel: Kernel) -> None:
    x = np.ones(2**24, np.float32)
    out = np.empty_like(x)
    began, seen, done = threading.Event(), [], threading.Event()

    def watch() -> None:
        began.set()
        while not done.is_set():
            seen.append(time.perf_counter())
            time.sleep(1e-4)

    thread = threading.Thread(target=watch)
    thread.start()
    began.wait()
    first = time.perf_counter()
    for _ in range(20):
        kernel.near(x.size, 0, x.ctypes.data, out.ctypes.data)
    last = time.perf_counter()
    done.set()
    thread.join()
    assert sum(first < t < last for t in seen) > 5


def test_another_python_takes_ctypes(kernel: Kernel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.implementation, "name", "another")
    direct._method.cache_clear()
    try:
        assert direct.direct(kernel.code.flat, 4, 1) is kernel.code.flat
    finally:
        monkeypatch.undo()
        direct._method.cache_clear()
