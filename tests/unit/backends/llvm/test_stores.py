"""Through the cache or past it: what first calls measure, and what is kept of it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nonlin.backends.llvm import stores
from nonlin.backends.llvm.engine import Compiled
from nonlin.backends.llvm.loops import Plan
from nonlin.backends.llvm.stores import TRIALS, Choice, Stores
from nonlin.expr import call, var

PLAN = Plan((call("tanh", var("x")),), ("x",), (), "float32")
LEAST = 1000


@pytest.fixture
def timed(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Stores]:
    """Make a kernel's choices with code that takes as long as is said, by a clock of its own."""
    clock = [0.0]
    monkeypatch.setattr(stores, "CLOCK", lambda: clock[0])

    def made(through: float, past: float, plan: Plan = PLAN) -> Stores:
        def code(seconds: float) -> Compiled:
            def run(*given: Any) -> None:
                clock[0] += seconds

            return Compiled(run, run, past)

        return Stores(plan, code(through), lambda: code(past), LEAST)

    return made


def settle(kernel: Stores, size: int, threads: int = 1) -> bool | None:
    """Call until the choice is made; return it."""
    for _ in TRIALS:
        kernel.code(size, threads).flat()
    (choice,) = (c for (_, t), c in kernel.choices.items() if t == threads)
    return choice.past


@pytest.mark.parametrize(("through", "past", "chosen"), [(2.0, 1.0, True), (1.0, 2.0, False), (1.0, 1.0, False)])
def test_the_faster_way_is_kept_and_found_again(
    timed: Callable[..., Stores], through: float, past: float, chosen: bool
) -> None:
    assert settle(timed(through, past), 5000) is chosen
    again = timed(past, through)  # another process, which measures nothing
    again.code(5000, 1)
    assert [c.past for c in again.choices.values()] == [chosen]
    assert stores.kept() == (1, int(chosen))


def test_each_size_number_of_threads_and_kernel_has_a_choice_of_its_own(timed: Callable[..., Stores]) -> None:
    kernel = timed(2.0, 1.0)
    assert kernel.code(LEAST - 1, 1) is kernel.usual
    assert kernel.choices == {}
    settle(kernel, LEAST, 1)
    settle(kernel, LEAST, 2)
    settle(timed(1.0, 2.0, Plan((call("exp", var("x")),), ("x",), (), "float32")), LEAST)
    kernel.code(10**9, 3)
    kernel.code(10**12, 3)  # of one class: larger than is told apart
    assert len(kernel.choices) == 3
    assert stores.kept() == (2, 1)  # with two threads there are twice as many parts to time
    for _ in TRIALS:
        kernel.code(LEAST, 2).flat()
    assert stores.kept() == (3, 2)


def test_the_code_that_goes_past_is_not_compiled_for_a_call_or_two(timed: Callable[..., Stores]) -> None:
    kernel = timed(1.0, 1.0)

    def refused() -> Compiled:
        raise AssertionError("compiled")

    kernel.past = refused
    for _ in range(2):
        kernel.code(LEAST, 1).flat()
    with pytest.raises(AssertionError, match="compiled"):
        kernel.code(LEAST, 1)


@pytest.mark.parametrize(
    "text", ["", "past\n", "nonlin stores 1\n", "nonlin stores 1\nmaybe\n", "nonlin stores 1\npast\nmore\n", "\xff\x00"]
)
def test_a_damaged_file_is_measured_again(timed: Callable[..., Stores], text: str) -> None:
    settle(timed(2.0, 1.0), LEAST)
    (path,) = stores.folder().iterdir()
    path.write_bytes(text.encode("latin-1"))
    assert stores.read(path) is None
    assert stores.kept() == (0, 0)
    assert settle(timed(1.0, 2.0), LEAST) is False
    assert stores.read(path) is False


def test_without_a_place_to_write_the_choice_is_made_all_the_same(
    timed: Callable[..., Stores], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert settle(timed(2.0, 1.0), LEAST) is True
    assert stores.kept() == (0, 0)

    def homeless() -> Path:
        raise RuntimeError("no home")

    monkeypatch.setattr(stores, "folder", homeless)
    assert settle(timed(2.0, 1.0), LEAST) is True
    assert stores.kept() == (0, 0)


def test_many_threads_make_one_choice(tmp_path: Path) -> None:
    choice = Choice(tmp_path / "choice")

    def work() -> None:
        for _ in range(200):
            past = choice.next()
            choice.took(past, 1.0 if past else 2.0)

    workers = [threading.Thread(target=work) for _ in range(8)]
    for w in workers:
        w.start()
    for w in workers:
        w.join()
    assert choice.past is True
    assert stores.read(tmp_path / "choice") is True
    assert [p.name for p in tmp_path.iterdir()] == ["choice"]
