"""Keeping memory: the number of page faults falls, and other systems are told in a sentence."""

from __future__ import annotations

import subprocess
import sys
from types import SimpleNamespace

import pytest

import nonlin
from nonlin import allocator

FAULTS = """
import ctypes, resource
import nonlin
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.malloc.argtypes, libc.free.argtypes = ctypes.c_void_p, [ctypes.c_size_t], [ctypes.c_void_p]

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(5):
        block = libc.malloc(64 << 20)
        ctypes.memset(block, 1, 64 << 20)
        libc.free(block)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

first = faults()
nonlin.tune_allocator()
faults()
print(first, faults())
"""


@pytest.mark.skipif(allocator._mallopt() is None, reason="not glibc")
def test_freed_memory_is_used_again() -> None:
    ran = subprocess.run([sys.executable, "-c", FAULTS], capture_output=True, text=True, check=True, timeout=60)
    before, after = map(int, ran.stdout.split())
    assert after < before / 10  # with pages of 4 KiB: 5 times 16,384, then next to none


def test_other_systems_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(allocator, "sys", SimpleNamespace(platform="darwin"))
    with pytest.raises(nonlin.NonlinError, match="GNU C library only"):
        nonlin.tune_allocator()


def test_another_c_library_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(allocator, "sys", SimpleNamespace(platform="linux"))
    monkeypatch.setattr(allocator.ctypes, "CDLL", lambda name: SimpleNamespace(mallopt=print))  # musl: accepted, ignored
    with pytest.raises(nonlin.NonlinError, match="GNU C library only"):
        nonlin.tune_allocator()


def test_a_refusal_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(allocator, "_mallopt", lambda: lambda option, value: 0)
    with pytest.raises(nonlin.NonlinError, match="refused mallopt"):
        nonlin.tune_allocator()
