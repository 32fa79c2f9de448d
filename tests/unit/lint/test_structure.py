"""Layers, activations and normalisation by their neighbours: each rule on its fault, its right twin, and its exemptions."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from nonlin.findings import Severity
from nonlin.lint.checks import run
from nonlin.lint.net import Net, Node
from tests.unit.lint.handmade import chain, codes, found, net, node

# -- affine after affine --------------------------------------------------------------------------------------------


def test_affine_after_affine() -> None:
    it = found(chain("linear 8 16", "linear 16 16", "relu", "linear 16 1"), "NL201")
    assert it.severity is Severity.WARNING and it.place.layer == "linear0" and it.related[0].layer == "linear1"
    assert codes(chain("linear 8 16", "relu", "linear 16 16", "relu", "linear 16 1")) == []


@pytest.mark.parametrize("between", ["dropout p=0.5", "identity", "flatten", "avg_pool", "norm kind=batch", "scale"])
def test_what_is_affine_itself_does_not_separate(between: str) -> None:
    made = chain("linear 8 16", between, "linear 16 16", "relu", "linear 16 1")
    assert codes(made) == ["NL201"]


@pytest.mark.parametrize(
    "between", ["relu", "norm kind=layer", "unknown", "select", "max_pool", "arithmetic kind=clamp", "recurrent 16 16"]
)
def test_what_is_not_affine_separates(between: str) -> None:
    assert codes(chain("linear 8 16", between, "linear 16 16", "relu", "linear 16 1")) == []


def test_designs_with_two_affine_maps_in_a_row_are_exempt() -> None:
    depthwise = chain("conv 32 32 groups=32", "conv 32 64", "relu", "conv 64 64")
    inverted = chain("conv 24 144", "relu", "conv 144 24", "conv 24 96", "relu", "conv 96 96")
    low_rank = chain("linear 64 8", "linear 8 64", "relu", "linear 64 4")
    unknown_width = chain("linear", "linear", "relu", "linear 64 4")
    for made in (depthwise, inverted, low_rank, unknown_width):
        assert codes(made) == []
    equal = chain(
        "conv 16 16", "conv 16 16", "relu", "conv 16 4"
    )  # for convolutions a middle as narrow as the narrower side passes
    assert codes(equal) == [] and codes(chain("linear 16 16", "linear 16 16", "relu", "linear 16 4")) == ["NL201"]


def test_attention_products_and_lora_are_exempt() -> None:
    attention = net(node("linear 8 8"), node("matmul", 1, 1), node("softmax dim=-1", 2), node("linear 8 8", 0), node("matmul", 3, 4),
                    node("linear 8 8", 5))  # fmt: skip
    assert codes(attention) == []
    lora = net(
        node("linear 64 64", 0),
        node("linear 64 4", 0),
        node("linear 4 64", 2),
        node("add", 1, 3),
        node("relu", 4),
        node("linear 64 4", 5),
    )
    assert codes(lora) == []
    factored = chain("linear 8 16", "linear 16 16 kind=matmul", "relu", "linear 16 1")
    assert codes(factored) == []


def test_a_layer_that_something_else_reads_is_more_than_a_step() -> None:
    heads = net(node("linear 8 16"), node("linear 16 16", 1), node("linear 16 16", 1), node("matmul", 2, 3))
    assert codes(heads) == []


def test_a_convolution_flattened_into_a_layer() -> None:
    assert codes(chain("conv 3 8", "relu", "conv 8 6", "flatten", "linear 600 10")) == ["NL201"]
    assert (
        codes(chain("conv 3 8", "relu", "conv 8 6", "flatten", "linear 600 1000")) == []
    )  # the widths in between are not known


def test_an_affine_network_is_an_error() -> None:
    made = chain("conv 3 8", "flatten", "linear 800 64", "dropout", "linear 64 1", loss="bce_logits")
    it = found(made, "NL202")
    assert it.severity is Severity.ERROR and "3 affine layers" in it.message and codes(made) == ["NL202"]
    assert (
        found(chain("linear 8 16", "linear 16 16", "linear 16 1"), "NL202").severity is Severity.WARNING
    )  # it may be a part of more
    assert codes(
        chain("linear 8 16", "linear 16 16", "linear 16 10", "softmax dim=1", loss="categorical", framework="keras")
    ) == ["NL202"]


def test_linear_models_that_are_meant_are_right() -> None:
    assert codes(chain("linear 8 1", loss="mse")) == []
    assert codes(chain("linear 784 32", "linear 32 784", loss="mse")) == []  # principal components
    assert codes(chain("linear 8 16", "linear 16 16", "unknown", loss="mse", complete=False)) == ["NL201"]


def test_max_pooling_alone_is_told_only_where_no_activation_is() -> None:
    assert codes(
        chain("conv 3 32", "max_pool", "conv 32 16", "max_pool", "flatten", "linear 400 10", "sigmoid", loss="bce")
    ) == ["NL201"]
    assert (
        codes(chain("conv 3 32", "max_pool", "conv 32 16", "relu", "flatten", "linear 400 10", loss="cross_entropy")) == []
    )


# -- activations ----------------------------------------------------------------------------------------------------


def test_hidden_softmax() -> None:
    assert "1/64" in found(chain("linear 8 64", "softmax dim=-1", "linear 64 1"), "NL203").message
    assert codes(chain("conv 1 8", "softmax dim=1", "max_pool", "flatten", "linear 256 64", "relu", "linear 64 10")) == [
        "NL203"
    ]
    assert codes(chain("linear 8 64", "relu", "linear 64 10", "softmax dim=-1")) == []


@pytest.mark.parametrize("reader", ["mul", "matmul", "reduce kind=sum", "concat", "linear 64 8 kind=matmul"])
def test_a_softmax_that_weights_is_right(reader: str) -> None:
    made = net(node("linear 8 64"), node("softmax dim=-1", 1), node(reader, 2), node("linear 8 8", 3))
    assert codes(made) == []


def test_talking_heads_mix_attention_weights() -> None:
    made = net(
        node("linear 8 64"), node("softmax dim=-1", 1), node("linear 4 4", 2), node("dropout", 3), node("matmul", 4, 0)
    )
    assert codes(made) == []


def test_a_relaxed_sample_may_feed_a_layer() -> None:
    assert codes(chain("linear 8 64", "gumbel_softmax dim=-1", "linear 64 8")) == []


def test_double_activation() -> None:
    assert found(chain("linear 8 16", "relu", "tanh", "linear 16 1"), "NL204").severity is Severity.WARNING
    assert (
        found(chain("linear 8 16", "relu", "softmax dim=-1", loss="categorical", framework="keras"), "NL204").severity
        is Severity.WARNING
    )
    assert found(chain("linear 8 16", "relu", "relu", "linear 16 1"), "NL204").severity is Severity.INFO
    assert found(chain("linear 8 16", "sigmoid", "relu", "linear 16 1"), "NL204").severity is Severity.INFO
    assert found(chain("linear 8 16", "relu", "dropout", "tanh", "linear 16 1"), "NL204").severity is Severity.WARNING


def test_two_activations_that_are_a_formula_are_right() -> None:
    mish = net(node("linear 8 8"), node("softplus", 1), node("tanh", 2), node("mul", 1, 3), node("linear 8 1", 4))
    assert run(mish) == []
    graph_attention = net(node("linear 8 8"), node("leaky_relu", 1), node("softmax dim=-1", 2), node("matmul", 3, 1))
    assert run(graph_attention) == []
    unknown = net(node("linear 8 8"), node("softplus", 1), node("tanh", 2), node("unknown", 1, 3), complete=False)
    assert run(unknown) == []
    scaled = chain("linear 8 8", "tanh", "scale", "softplus", "linear 8 1")
    assert run(scaled) == []


def test_a_learnable_activation_shared_by_layers() -> None:
    def made(name: str, **more: bool) -> Net:
        layer = [Node("linear", (i,), owner=f"fc{i}") for i in (0, 2)]
        act = [Node("activation", (i,), function=name, owner="act", attrs=more) for i in (1, 3)]
        return net(layer[0], act[0], layer[1], act[1], node("linear 8 1", 4))

    assert found(made("prelu"), "NL206").severity is Severity.WARNING
    assert found(made("relu", learnable=True), "NL206").severity is Severity.WARNING
    assert run(made("relu")) == []
    assert run(made("prelu", learnable=False)) == []


def test_a_block_that_is_called_twice_shares_all_it_has() -> None:
    layers = [Node("linear", (i,), owner="fc") for i in (0, 2)]
    acts = [Node("activation", (i,), function="prelu", owner="act") for i in (1, 3)]
    assert run(net(layers[0], acts[0], layers[1], acts[1], node("linear 8 1", 4))) == []


def stack(function: str, count: int, between: str = "dropout") -> Net:
    words = [w for i in range(count) for w in (f"linear {16 if i else 8} 16", function, between)]
    return chain(*words, "linear 16 1")


def test_deep_saturating_stacks() -> None:
    it = found(stack("sigmoid", 5), "NL207")
    assert it.severity is Severity.WARNING and it.data["layers"] == 5 and it.place.layer == "sigmoid1"
    assert codes(stack("sigmoid", 4)) == ["NL207"] and codes(stack("sigmoid", 3)) == []
    assert codes(stack("tanh", 6)) == ["NL207"] and codes(stack("tanh", 5)) == []
    assert codes(stack("hard_sigmoid", 4)) == ["NL207"]


@pytest.mark.parametrize("function", ["relu", "gelu", "selu", "softplus", "sin", "relu6", "prelu"])
def test_functions_that_do_not_squash_may_be_stacked(function: str) -> None:
    assert codes(stack(function, 12)) == []


@pytest.mark.parametrize("between", ["norm kind=layer", "add", "relu", "recurrent 16 16", "unknown"])
def test_what_rescues_the_gradient_ends_a_stack(between: str) -> None:
    assert "NL207" not in codes(stack("sigmoid", 12, between))


def test_gates_are_no_members_of_a_stack() -> None:
    nodes: list[Node] = []
    for i in range(8):  # squeeze and excitation: sigmoid of a layer times the value
        at = 3 * i
        nodes += [node("conv 16 16", at), node("sigmoid", at + 1), node("mul", at, at + 2)]
    assert codes(net(*nodes)) == []


def test_the_last_activation_is_no_member() -> None:
    assert codes(chain(*(w for i in range(3) for w in ("linear 8 8", "sigmoid")), "linear 8 8", "sigmoid", loss="bce")) == []


# -- order ----------------------------------------------------------------------------------------------------------


def test_order_with_batch_normalisation() -> None:
    it = found(chain("linear 8 16", "relu", "norm kind=batch", "linear 16 1"), "NL208")
    assert it.severity is Severity.INFO
    assert (
        found(chain("linear 8 16", "dropout p=0.5", "norm kind=batch", "relu", "linear 16 1"), "NL209").severity
        is Severity.WARNING
    )
    assert found(chain("linear 8 16 bias=True", "norm kind=batch", "relu", "linear 16 1"), "NL211").severity is Severity.INFO
    assert run(chain("linear 8 16 bias=False", "norm kind=batch", "relu", "dropout", "linear 16 1")) == []
    assert run(chain("linear 8 16 bias=True", "dropout p=0", "norm kind=batch", "relu", "linear 16 1")) == []
    assert run(chain("linear 8 16 bias=True", "relu", "norm kind=layer", "linear 16 1")) == []


def test_remarks_on_order_are_made_once() -> None:
    words = [w for i in range(5) for w in (f"linear {16 if i else 8} 16 bias=True", "norm kind=batch", "relu")]
    it = found(chain(*words, "linear 16 1"), "NL211")
    assert it.data["count"] == 5 and "4 more" in it.message


def test_dropout_on_logits() -> None:
    assert (
        found(chain("linear 8 16", "relu", "linear 16 10", "dropout p=0.5", loss="cross_entropy"), "NL210").place.layer
        == "dropout3"
    )
    assert codes(chain("linear 8 16", "relu", "dropout p=0.5", "linear 16 10", loss="cross_entropy")) == []
    assert codes(chain("linear 8 16", "relu", "linear 16 10", "dropout p=0.5")) == []  # the end of a block, not of a network
    assert codes(chain("linear 8 16", "relu", "linear 16 10", "dropout p=0", loss="cross_entropy")) == []


# -- recurrence ------------------------------------------------------------------------------------------------------


def test_relu_in_a_recurrent_layer() -> None:
    assert found(chain("recurrent 8 16 function=relu", "select", "linear 16 1"), "NL214").severity is Severity.WARNING
    assert codes(chain("recurrent 8 16 function=tanh", "select", "linear 16 1")) == []


def test_a_recurrent_layer_that_starts_as_the_identity_may_use_relu() -> None:
    module = nn.RNN(8, 16, nonlinearity="relu")
    made = Node("recurrent", (0,), attrs={"function": "relu"}, module=module)
    assert codes(net(made, node("linear 16 1", 1))) == ["NL214"]
    with torch.no_grad():
        module.weight_hh_l0.copy_(torch.eye(16))
    assert codes(net(made, node("linear 16 1", 1))) == []
