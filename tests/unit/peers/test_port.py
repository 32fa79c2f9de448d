"""Porting: the target's call is the same function, defaults spelled where they differ, and misleading names are named."""

from __future__ import annotations

import ast
from typing import Any

import pytest

import nonlin
from nonlin.errors import ParameterError, UnknownNameError
from nonlin.peers import find, peers
from nonlin.peers.find import shown
from nonlin.peers.port import Port, pair, port


def one(source: str, target: str, name: str, **options: Any) -> Port:
    rows = port(source, target, name, **options)
    assert len(rows) == 1, [row.source for row in rows]
    return rows[0]


CALLS = [
    ("keras", "torch", "keras.layers.LeakyReLU", "torch.nn.LeakyReLU(negative_slope=0.3)"),
    ("keras", "torch", "keras.activations.leaky_relu", "torch.nn.functional.leaky_relu(x, negative_slope=0.2)"),
    ("torch", "keras", "torch.nn.LeakyReLU", "keras.layers.LeakyReLU(negative_slope=0.01)"),
    ("torch", "tensorflow", "torch.nn.LeakyReLU", "tensorflow.nn.leaky_relu(x, alpha=0.01)"),
    ("torch", "onnx", "torch.nn.Hardsigmoid", "HardSigmoid(alpha=0.16666666666666666)"),
    ("torch", "onnx", "torch.nn.Softshrink", "Shrink(bias=0.5)"),
    ("torch", "onnx", "torch.nn.ReLU6", "Clip(min=0, max=6)"),
    ("torch", "jax", "torch.nn.SiLU", "jax.nn.silu(x)"),
    ("keras", "torch", "keras.layers.Softmax", "torch.nn.Softmax(dim=-1)"),
    ("torch", "keras", "torch.nn.Softmax2d", "keras.layers.Softmax(axis=-3)"),
    ("tfa", "torch", "softshrink", "torch.nn.functional.softshrink(x)"),
    ("keras", "flax", "keras.layers.PReLU", "flax.linen.PReLU(negative_slope_init=0)"),
    ("torch", "jax", "torch.nn.Threshold", ""),
    ("torch", "keras", "torch.nn.Threshold", "keras.activations.threshold(x, threshold=..., default_value=...)"),
    ("onnx", "torch", "HardSwish", "torch.nn.Hardswish()"),
]


@pytest.mark.parametrize(("source", "target", "name", "call"), CALLS)
def test_calls(source: str, target: str, name: str, call: str) -> None:
    assert port(source, target, name)[0].target == call


def test_the_misleading_name_is_told() -> None:
    row = one("keras", "torch", "keras.layers.LeakyReLU")
    assert row.warnings == ("torch.nn.LeakyReLU() is leaky_relu, not leaky_relu(slope=0.3)",)
    assert row.arguments == (("negative_slope", "negative_slope"),)
    assert not one("keras", "torch", "keras.layers.ELU").warnings
    assert one("jax", "torch", "jax.nn.softplus").warnings == ()
    gelu = port("jax", "torch", "gelu")
    assert [row.target for row in gelu] == ["torch.nn.functional.gelu(x, approximate='tanh')", "torch.nn.functional.gelu(x)"]
    assert "torch.nn.functional.gelu(x) is gelu, not gelu_tanh" in gelu[0].warnings
    sparse = one("torch", "keras", "torch.nn.Softmin")
    assert sparse.target == "" and sparse.instead == "nonlin.nn.Softmin()"


def test_wrong_code_in_the_target_is_told() -> None:
    row = one("tfa", "keras", "sparsemax")
    assert row.target == "keras.activations.sparsemax(x)"
    assert any("sparsemax is wrong" in text for text in row.warnings)


def test_versions_change_the_answer() -> None:
    old = one("keras", "torch", "hard_sigmoid", source_version="2.15")
    assert old.target == "" and old.instead == "nonlin.nn.HardSigmoid02()"
    assert old.warnings == ("torch.nn.functional.hardsigmoid(x) is hard_sigmoid, not hard_sigmoid_02",)
    assert one("torch", "onnx", "torch.nn.Mish", target_version=17).target == ""
    assert one("torch", "onnx", "torch.nn.Mish", target_version=18).target == "Mish()"
    assert one("onnx", "torch", "Softmax", source_version=11).target == "torch.nn.Softmax(dim=1)"


def test_where_the_gate_stands() -> None:
    row = one("xformers", "timm", "swiglu")
    assert row.target == "timm.layers.SwiGLUPacked()" and row.warnings == ()
    assert one("xformers", "torch", "swiglu").instead == "nonlin.nn.SwiGLU(gate='first')"
    moved = next(row for row in port("transformers", "timm") if "Cohere2" in row.source)
    assert any("the gate stands second there and first here" in text for text in moved.warnings)
    apart = one("xformers", "onnx", "swiglu")
    assert apart.warnings == ("there value and gate are one array, here two",)


@pytest.mark.parametrize(("source", "target"), [("keras", "torch"), ("torch", "keras"), ("jax", "torch"), ("torch", "jax"),
                                                ("torch", "onnx"), ("onnx", "torch"), ("tensorflow", "jax"),
                                                ("tfa", "torch"), ("nnlib", "torch"), ("timm", "onnx")])  # fmt: skip
def test_every_target_call_is_the_same_function(source: str, target: str) -> None:
    """The call is read again, with the target's own table, and must be the function that the source's call is."""
    checked = 0
    for row in port(source, target):
        if row.target and "..." not in row.target + row.source:
            assert read(target, row.target) == read(source, row.source), row
            checked += 1
    assert checked >= 6


def read(peer: str, call: str) -> str:
    """The function a call is, by the peer's table."""
    node = ast.parse(call, mode="eval").body
    assert isinstance(node, ast.Call)
    given = {k.arg: ast.literal_eval(k.value) for k in node.keywords}
    found = find(peer, ast.unparse(node.func).replace('"', "'"), **given)
    return shown(found.definition) + str(sorted(found.options.items()))


def test_what_stands_in_exists() -> None:
    seen = set()
    for source in peers():
        for row in port(source, "torch"):
            if row.instead.startswith("nonlin.nn.") and "..." not in row.instead:
                seen.add(row.instead)
                assert eval(row.instead, {"nonlin": nonlin}) is not None  # text made of our own names
    assert len(seen) > 15


def test_patterns_and_unknown_names() -> None:
    assert {row.source for row in port("torch", "jax", "soft*")} >= {"torch.nn.Softplus()", "torch.nn.Softsign()"}
    with pytest.raises(UnknownNameError, match=r"unknown function of Keras 'leaky_rleu'. Did you mean 'leaky_relu'\?"):
        port("keras", "torch", "leaky_rleu")
    with pytest.raises(UnknownNameError, match="unknown peer 'keros'"):
        port("keros", "torch")
    with pytest.raises(ParameterError, match="opset 77 is not known"):
        port("torch", "onnx", target_version=77)


def test_functions_without_a_counterpart_here() -> None:
    row = one("jax", "torch", "log1mexp")
    assert (row.target, row.instead) == ("", "") and "x > 0 only" in row.notes[0]


@pytest.mark.parametrize(("words", "wanted"), [
    (["keras", "torch"], ("keras", "torch", "")), (["keras->torch"], ("keras", "torch", "")),
    (["keras", "->", "torch"], ("keras", "torch", "")), (["keras -> torch", "leaky*"], ("keras", "torch", "leaky*")),
    (["keras", "torch", "gelu"], ("keras", "torch", "gelu")), (["keras→torch"], ("keras", "torch", "")),
])  # fmt: skip
def test_what_is_typed(words: list[str], wanted: tuple[str, str, str]) -> None:
    assert pair(words) == wanted


@pytest.mark.parametrize(("words", "message"), [
    (["keras-"], "'keras-': the shell took '>' as a redirection into a file; write it as two words"),
    (["keras"], "two names are needed, not 1"), ([], "two names are needed, not 0"),
    (["a", "b", "c", "d"], "two names are needed, not 4"),
])  # fmt: skip
def test_what_cannot_be_typed(words: list[str], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        pair(words)
