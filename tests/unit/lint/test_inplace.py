"""In-place activations: the rule says what autograd and the values say, no more and no less."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch.nn import functional as F

from nonlin.findings import Severity
from nonlin.lint.checks import run
from nonlin.lint.inplace import KEEPS_INPUT, KEEPS_RESULT, KEEPS_RESULT_IN_PLACE, OPS_KEEP_INPUT
from nonlin.lint.net import Node
from tests.unit.lint.handmade import codes, found, net, node

FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "relu": F.relu, "sigmoid": torch.sigmoid, "tanh": torch.tanh, "softmax": lambda x: x.softmax(-1),
    "log_softmax": lambda x: x.log_softmax(-1), "exp": torch.exp, "elu": F.elu, "selu": F.selu, "celu": F.celu,
    "leaky_relu": F.leaky_relu, "gelu": F.gelu, "gelu_tanh": lambda x: F.gelu(x, approximate="tanh"), "silu": F.silu, "mish": F.mish,
    "softplus": F.softplus, "softsign": F.softsign, "hard_tanh": F.hardtanh, "relu6": F.relu6, "hard_swish": F.hardswish,
    "hard_sigmoid": F.hardsigmoid, "log_sigmoid": F.logsigmoid, "soft_shrink": F.softshrink, "hard_shrink": F.hardshrink,
    "prelu": lambda x: F.prelu(x, torch.full((1,), 0.25, requires_grad=True)),
}  # fmt: skip
WEIGHT = torch.randn(4, 8, generator=torch.Generator().manual_seed(0)).requires_grad_()
OPS: dict[str, Callable[[Any], Any]] = {
    "linear": lambda x: F.linear(x, WEIGHT), "conv": lambda x: F.conv1d(x[:, None], WEIGHT[:1, None, :3]),
    "conv_transpose": lambda x: F.conv_transpose1d(x[:, None], WEIGHT[:1, None, :3]),
    "bilinear": lambda x: F.bilinear(x, x, torch.ones(2, 8, 8, requires_grad=True)),
    "norm": lambda x: F.layer_norm(x, (8,)), "max_pool": lambda x: F.max_pool1d(x, 2), "mul": lambda x: x * x,
    "matmul": lambda x: x @ x.T, "recurrent": lambda x: torch.nn.RNN(8, 4)(x)[0],
    "attention": lambda x: torch.nn.MultiheadAttention(8, 1)(x, x, x)[0],
}  # fmt: skip


def stops(run_it: Callable[[], None]) -> bool:
    try:
        run_it()
    except RuntimeError as error:
        if "inplace" in str(error):
            return True
        raise
    return False


def keeps_result(f: Callable[[Any], Any]) -> bool:
    def go() -> None:
        y = f(torch.randn(4, 8, requires_grad=True) * 1.0)
        F.relu_(y)
        y.sum().backward()

    return stops(go)


def keeps_input(f: Callable[[Any], Any]) -> bool:
    def go() -> None:
        h = torch.randn(4, 8, requires_grad=True) * 1.0
        y = f(h)
        (y.sum() + F.relu_(h).sum()).backward()

    return stops(go)


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_the_tables_say_what_autograd_keeps(name: str) -> None:
    assert keeps_result(FUNCTIONS[name]) == (name in KEEPS_RESULT)
    assert keeps_input(FUNCTIONS[name]) == (name in KEEPS_INPUT)


IN_PLACE: dict[str, Callable[[Any], Any]] = {
    "relu": F.relu_, "sigmoid": torch.sigmoid_, "tanh": torch.tanh_, "leaky_relu": F.leaky_relu_, "elu": F.elu_, "selu": F.selu_,
    "celu": F.celu_, "exp": torch.exp_, "hard_tanh": F.hardtanh_, "relu6": lambda x: F.relu6(x, inplace=True),
    "silu": lambda x: F.silu(x, inplace=True), "mish": lambda x: F.mish(x, inplace=True),
    "hard_swish": lambda x: F.hardswish(x, inplace=True), "hard_sigmoid": lambda x: F.hardsigmoid(x, inplace=True),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(IN_PLACE))
def test_the_table_says_what_functions_keep_that_work_in_place(name: str) -> None:
    def go() -> None:
        h = torch.randn(4, 8, requires_grad=True) * 1.0
        IN_PLACE[name](h)
        F.relu_(h)
        h.sum().backward()

    assert stops(go) == (name in KEEPS_RESULT_IN_PLACE)


def test_two_in_place_activations_of_one_tensor() -> None:
    assert codes(net(node("linear 8 8"), node(INPLACE, 1), node(INPLACE, 1), node("add", 2, 3))) == ["NL205"]
    assert codes(net(node("linear 8 8"), node("leaky_relu inplace=True", 1), node(INPLACE, 2), node("linear 8 1", 3))) != []
    assert "NL205" not in codes(
        net(node("linear 8 8"), node("silu inplace=True", 1), node(INPLACE, 2), node("linear 8 1", 3))
    )


@pytest.mark.parametrize("name", sorted(OPS))
def test_the_operations_keep_what_they_get(name: str) -> None:
    assert name in OPS_KEEP_INPUT and keeps_input(OPS[name])
    assert {*OPS_KEEP_INPUT} == {*OPS}


@pytest.mark.parametrize("op", ["add", "concat"])
def test_sums_and_concatenations_keep_nothing(op: str) -> None:
    assert op not in OPS_KEEP_INPUT
    assert not keeps_input(lambda h: h + h if op == "add" else torch.cat([h, h]))


INPLACE = "relu inplace=True"


def test_the_result_of_an_activation_that_backward_needs() -> None:
    it = found(net(node("linear 8 8"), node("sigmoid", 1), node(INPLACE, 2), node("linear 8 1", 3)), "NL205")
    assert it.severity is Severity.ERROR and "overwrites the result of sigmoid" in it.message
    assert codes(net(node("linear 8 8"), node("norm kind=batch", 1), node(INPLACE, 2), node("linear 8 1", 3))) == []


def test_a_dropout_in_place_after_relu() -> None:
    made = net(node("linear 8 8"), node("relu", 1), node("dropout p=0.5 inplace=True", 2), node("linear 8 1", 3))
    assert codes(made) == ["NL205"]
    assert keeps_result(lambda x: F.relu(x))
    with pytest.raises(RuntimeError, match="inplace"):
        F.dropout(F.relu(torch.randn(4, 8, requires_grad=True)), 0.5, inplace=True).sum().backward()


def test_what_an_earlier_layer_keeps() -> None:
    made = net(node("norm kind=batch"), node("linear 8 8", 1), node(INPLACE, 1), node("add", 2, 3))
    assert "which its backward needs" in found(made, "NL205").message
    after = net(node("norm kind=batch"), node(INPLACE, 1), node("linear 8 8", 2), node("add", 2, 3))
    assert codes(after) == []  # both read the result, under the result's name


def test_a_skip_that_reads_the_overwritten_tensor() -> None:
    made = net(node("linear 8 8"), node(INPLACE, 1), node("linear 8 8", 2), node("add", 1, 3))
    assert "reads afterwards" in found(made, "NL205").message
    outplace = net(node("linear 8 8"), node("relu", 1), node("linear 8 8", 2), node("add", 1, 3))
    assert codes(outplace) == []


def test_an_earlier_sum_is_not_touched() -> None:
    assert codes(net(node("linear 8 8"), node("add", 0, 1), node(INPLACE, 1), node("add", 2, 3))) == []


def test_the_model_reader_may_tell_who_reads_later() -> None:
    told = Node("activation", (1,), function="relu", attrs={"inplace": True, "read_later": ()})
    assert codes(net(node("linear 8 8"), told, node("linear 8 8", 2), node("add", 1, 3))) == []


def test_overwriting_with_the_same_values_is_harmless() -> None:
    branches = net(node("linear 8 8"), node(INPLACE, 1), node("relu", 1), node("add", 2, 3))
    assert codes(branches) == []  # relu of relu is relu: each branch gets what it should
    pooled = net(node("linear 8 8"), node("leaky_relu inplace=True", 1), node("linear 8 8", 2), node("add", 1, 3))
    assert codes(pooled) == ["NL205"]


def test_a_dropout_that_may_do_nothing_is_not_told() -> None:
    for word in ("dropout inplace=True", "dropout p=0.0 inplace=True"):
        assert codes(net(node("linear 8 8"), node("relu", 1), node(word, 2), node("linear 8 1", 3))) == []
    F.dropout(F.relu(torch.randn(4, 8, requires_grad=True)), 0.0, inplace=True).sum().backward()


def test_an_unknown_reader_silences() -> None:
    assert (
        codes(net(node("linear 8 8"), node(INPLACE, 1), node("linear 8 8", 2), node("unknown", 1, 3), complete=False)) == []
    )


def test_other_frameworks_have_no_places() -> None:
    assert run(net(node("linear 8 8"), node("sigmoid", 1), node(INPLACE, 2), node("linear 8 1", 3), framework="keras")) != []
    assert "NL205" not in codes(
        net(node("linear 8 8"), node("sigmoid", 1), node(INPLACE, 2), node("linear 8 1", 3), framework="keras")
    )
