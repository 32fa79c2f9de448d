"""Timing a function on this machine: what is compared, and that the comparison is fair and can be read."""

from __future__ import annotations

import pytest
import torch
from shell import fails, invoke

from nonlin import speed
from nonlin.catalogue import resolve
from nonlin.errors import ParameterError

X = torch.linspace(-4, 4, 33, dtype=torch.float32)


@pytest.mark.parametrize("name", [*speed.NATIVE, "gelu_tanh"])
def test_the_sides_compute_the_same(name: str) -> None:
    sides = speed.sides_of(resolve(name))
    assert list(sides) == ["nonlin", "torch", "composed"]
    for side in ("torch", "composed"):
        assert torch.allclose(sides["nonlin"](X), sides[side](X), rtol=1e-4, atol=1e-6), side


def test_a_formula_is_composed_as_it_is_typed() -> None:
    sides = speed.sides_of(resolve("x*tanh(exp(x))"))
    assert list(sides) == ["nonlin", "composed"]
    assert torch.equal(sides["composed"](X), X * torch.tanh(torch.exp(X)))
    learned = X.clone().requires_grad_()
    assert "Mul" in type(sides["composed"](learned).grad_fn).__name__


def test_the_sides_take_turns() -> None:
    seen: list[str] = []
    found = speed.alternate({"a": lambda: seen.append("a"), "b": lambda: seen.append("b")}, rounds=3, each=0.0)
    assert "".join(seen) == "aabb" + "aabb" * 3  # once for nothing and once for the time, in each turn
    assert set(found) == {"a", "b"} and min(found.values()) >= 0


def test_bench_restores_the_threads() -> None:
    before = torch.get_num_threads()
    found = speed.bench("x*tanh(x)", (64,), "bfloat16", threads=1, rounds=1)
    assert torch.get_num_threads() == before
    assert [(t.what, t.size, t.dtype, t.threads) for t in found] == [(w, 64, "bfloat16", 1) for w in ("forward", "step")]
    assert set(found[0].us) == {"nonlin", "composed", "copy"} and set(found[1].us) == {"nonlin", "composed"}
    assert found[0].ratios["copy"] == found[0].us["copy"] / found[0].us["nonlin"]


@pytest.mark.parametrize(
    ("options", "words"),
    [({"dtype": "int8"}, "dtype must be"), ({"sizes": (0,)}, "at least 1"), ({"threads": 0}, "at least 1"), ({"rounds": 0}, "at least 1")],
)  # fmt: skip
def test_options_out_of_range(options: dict[str, object], words: str) -> None:
    with pytest.raises(ParameterError, match=words):
        speed.bench("relu", **options)  # type: ignore[arg-type]


def test_only_elementwise_functions() -> None:
    with pytest.raises(ParameterError, match="softmax is rowwise"):
        speed.bench("softmax")


def test_the_command() -> None:
    options = ("--size", "64,128", "--rounds", "1", "--threads", "1")
    told = invoke("bench", "silu", *options)
    assert told.code == 0 and "torch/nonlin" in told.out and "128" in told.out
    rows = invoke("bench", "silu", *options, "--json").value
    assert [(r["what"], r["size"]) for r in rows] == [("forward", 64), ("step", 64), ("forward", 128), ("step", 128)]
    assert rows[0]["ratios"]["torch"] == rows[0]["us"]["torch"] / rows[0]["us"]["nonlin"]
    assert "dtype must be" in fails(2, "bench", "silu", "--dtype", "int8")
    assert "'silu'" in fails(2, "bench", "sillu")
