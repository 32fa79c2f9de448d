"""Calls on several cores: all made, each once, by OpenMP's threads or by Python's, also in a forked process."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys

import numpy as np
import pytest

import nonlin
from nonlin.backends.llvm import calls, team

pytestmark = pytest.mark.skipif(not calls.enabled(), reason="no LLVM on this machine")
C = ctypes.CDLL(None)
C.labs.restype, C.labs.argtypes = ctypes.c_int64, (ctypes.c_int64,)


@pytest.fixture(params=["openmp", "python"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    import torch  # noqa: F401

    if request.param == "python":
        monkeypatch.setattr(team, "_team", lambda count: None)
    elif team._team(1) is None:
        pytest.skip("PyTorch brings no OpenMP of GNU's here")
    return str(request.param)


@pytest.mark.parametrize("threads", [1, 2, 5])
@pytest.mark.parametrize("count", [1, 2, 3, 11])
def test_each_call_is_made_and_its_result_stands_in_its_place(way: str, threads: int, count: int) -> None:
    assert [int(v) for v in team.together(C.labs, [(-(10**12) - k,) for k in range(count)], threads)] == [
        10**12 + k for k in range(count)
    ]


def test_functions_of_python_are_called_too(way: str) -> None:
    assert team.together(lambda a, b: a * b, [(2, 3), (4, 5), (6, 7)], 3) == [6, 20, 42]


@pytest.mark.parametrize("name", ["silu", "relu"])
def test_the_bits_do_not_depend_on_the_threads(way: str, name: str) -> None:
    import torch

    x = torch.randn(2**18 + 13, generator=torch.Generator().manual_seed(0))
    before, found = torch.get_num_threads(), []
    try:
        for threads in (1, 2, 3):
            torch.set_num_threads(threads)
            leaf = x.clone().requires_grad_()
            y = nonlin.get(name)(leaf)
            y.sum().backward()
            found.append((y.detach().numpy().tobytes(), leaf.grad.numpy().tobytes()))  # type: ignore[union-attr]
    finally:
        torch.set_num_threads(before)
    assert len(set(found)) == 1


CHILD = """
import os, sys
import numpy as np, torch, nonlin
torch.set_num_threads(2)
x = np.linspace(-4, 4, 2**18, dtype=np.float32)
want = nonlin.silu(x)
child = os.fork()
if child == 0:
    os._exit(0 if np.array_equal(nonlin.silu(x), want) else 3)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.parametrize("limit", ["", "1"])
def test_a_forked_process_and_one_with_fewer_threads_compute_the_same(limit: str) -> None:
    environment = {**os.environ, **({"OMP_THREAD_LIMIT": limit} if limit else {})}
    done = subprocess.run(
        [sys.executable, "-c", CHILD], env=environment, capture_output=True, text=True, timeout=100, check=False
    )
    assert done.returncode == 0, done.stderr


def test_numpy_alone_needs_no_openmp() -> None:
    code = (
        "import sys, numpy as np, nonlin; y = nonlin.silu(np.ones(2**18, np.float32)); print('torch' in sys.modules, y[-1])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=100, check=True)
    assert done.stdout.split()[0] == "False"
    assert float(done.stdout.split()[1]) == pytest.approx(1 / (1 + np.exp(-1.0)), rel=1e-6)
