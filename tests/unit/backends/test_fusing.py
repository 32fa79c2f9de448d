"""PyTorch's compiler for other devices, tried on the CPU by the same code: with it, without it, by many threads."""

from __future__ import annotations

import shutil
import threading
import warnings
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

import nonlin
from nonlin.backends import fusing
from nonlin.backends import torch as backend

compiler = pytest.mark.skipif(shutil.which("g++") is None and shutil.which("clang++") is None, reason="no C++ compiler here")
X = torch.linspace(-6, 6, fusing.LARGE)


@pytest.fixture(autouse=True)
def anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """Treat the CPU as such a device, and its tensors as ones that kernels do not take."""
    monkeypatch.setattr(fusing, "state", fusing._State())
    monkeypatch.setattr(fusing, "DEVICES", {"cpu"})
    monkeypatch.setattr(fusing, "AFTER", 2)
    monkeypatch.setattr(backend, "usable", lambda tensors: False)
    monkeypatch.setattr(backend, "at_once", lambda root, x, saved=None: None)


def step(x: Tensor) -> tuple[Tensor, Tensor]:
    learned = x.clone().requires_grad_()
    y = backend.evaluate(nonlin.get("mish").definition.closed(), learned)
    (grad,) = torch.autograd.grad(y, learned, torch.full_like(y, 2.0))
    return y.detach(), grad


def true(x: Tensor) -> tuple[Tensor, Tensor]:
    wide = x.double().requires_grad_()
    y = torch.nn.functional.mish(wide)
    return y.detach(), 2 * torch.autograd.grad(y.sum(), wide)[0]


def close(got: tuple[Tensor, Tensor], x: Tensor) -> bool:
    return all(torch.allclose(a.double(), b, rtol=1e-6, atol=1e-6) for a, b in zip(got, true(x), strict=True))


@compiler
@pytest.mark.filterwarnings("ignore")  # what the compiler itself warns of is not ours
def test_compiled_functions_give_the_same_numbers() -> None:
    assert close(step(X), X) and not fusing.state.made
    assert close(step(X), X) and len(fusing.state.made) == 2, "value and gradient are compiled"
    assert close(step(X[:-5] * 2), X[:-5] * 2) or X.numel() - 5 < fusing.LARGE
    longer = torch.linspace(-3, 9, fusing.LARGE + 777)
    assert close(step(longer), longer) and len(fusing.state.made) == 2, "not compiled again for another length"
    assert not fusing.state.refused and "2 compiled" in fusing.told()


def counting(log: list[int]) -> Callable[..., Any]:
    """A compiler that notes when it is called and returns the function it was given."""

    def compile_(function: Any, **options: Any) -> Any:
        log.append(threading.get_ident())
        return function

    return compile_


def test_small_tensors_and_first_calls_are_not_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    log: list[int] = []
    monkeypatch.setattr(torch, "compile", counting(log))
    for _ in range(5):
        assert close(step(X[:100]), X[:100])
    step(X)
    assert log == []
    step(X)
    step(X)
    assert len(log) == 2


def test_a_compiler_that_fails_is_told_once_and_not_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    tries: list[int] = []

    def broken(function: Any, **options: Any) -> Any:
        tries.append(1)
        raise RuntimeError("Failed to find C compiler.\nPlease install one.")

    monkeypatch.setattr(torch, "compile", broken)
    step(X)
    with pytest.warns(RuntimeWarning, match=r"RuntimeError: Failed to find C compiler\.\); NONLIN_ENGINE=plain"):
        assert close(step(X), X)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert close(step(X), X)
    assert tries == [1] and "since its compiler failed: RuntimeError" in fusing.told()


def test_many_threads_compile_a_function_once(monkeypatch: pytest.MonkeyPatch) -> None:
    log: list[int] = []
    monkeypatch.setattr(torch, "compile", counting(log))
    good: list[bool] = []
    threads = [threading.Thread(target=lambda: good.append(close(step(X), X))) for _ in range(6)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert good == [True] * 6 and len(log) == 2


def test_the_environment_turns_it_off(monkeypatch: pytest.MonkeyPatch) -> None:
    log: list[int] = []
    monkeypatch.setattr(torch, "compile", counting(log))
    monkeypatch.setenv("NONLIN_ENGINE", "plain")
    for _ in range(4):
        step(X)
    assert log == [] and fusing.told().endswith("NONLIN_ENGINE=plain")


def test_what_a_mode_watches_is_not_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    log: list[int] = []
    monkeypatch.setattr(torch, "compile", counting(log))

    class Quiet(TorchDispatchMode):
        def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            return func(*args, **(kwargs or {}))

    with Quiet():
        found = [step(X) for _ in range(4)]
    assert close(found[-1], X) and log == []


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU here")
def test_on_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fusing, "DEVICES", {"cuda"})
    for _ in range(3):
        value, slope = step(X.cuda())
        assert close((value.cpu(), slope.cpu()), X)
