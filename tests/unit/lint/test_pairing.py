"""What the loss gets: each rule fires on its fault, tells the proof, and is silent on the right twin and on each exemption."""

from __future__ import annotations

import pytest

from nonlin.findings import Severity
from nonlin.lint.checks import run
from nonlin.lint.net import Node, Targets
from tests.unit.lint.handmade import chain, codes, found, net, node

BODY = ("linear 8 16", "relu", "linear 16 10")
ONE = ("linear 8 16", "relu", "linear 16 1")


def test_softmax_over_one_class_is_constant_one() -> None:
    it = found(chain(*ONE, "softmax dim=-1", loss="bce"), "NL101")
    assert it.severity is Severity.ERROR and it.proof.startswith("output is constant 1: softmax runs over 1 class")
    assert it.place.layer == "softmax3" and it.related[0].line == 9 and it.remedy is not None
    assert "constant 0" in found(chain(*ONE, "log_softmax dim=-1", loss="nll"), "NL101").proof


@pytest.mark.parametrize("dim", ["1", "-1", "None"])
def test_the_axis_of_one_class_may_be_written_in_three_ways(dim: str) -> None:
    assert codes(chain(*ONE, f"softmax dim={dim}", loss="mse")) == ["NL101"]
    assert codes(chain(*ONE, f"softmax dim={dim}", loss="cross_entropy")) == ["NL101"]


def test_one_channel_of_an_image_is_one_class_too() -> None:
    assert "NL101" in codes(chain("conv 3 8", "relu", "conv 8 1", "softmax dim=1", loss="bce"))
    assert codes(chain("conv 3 8", "relu", "conv 8 1", "softmax dim=-1")) == []  # over the columns of a map


def test_attention_over_time_is_not_over_one_class() -> None:
    scores = net(node("linear 8 16"), node("tanh", 1), node("linear 16 1", 2), node("softmax dim=1", 3), node("mul", 4, 1))
    assert codes(scores) == []
    over_last = net(
        node("linear 8 16"), node("tanh", 1), node("linear 16 1", 2), node("softmax dim=-1", 3), node("mul", 4, 1)
    )
    assert codes(over_last) == ["NL101"]  # the well-known slip: each score alone


def test_one_logit_into_cross_entropy_is_constant_zero() -> None:
    assert "constant 0" in found(chain(*ONE, loss="cross_entropy"), "NL101").message
    assert found(chain(*ONE, loss="categorical", framework="keras"), "NL101").severity is Severity.ERROR
    assert codes(chain(*ONE, "reshape", loss="cross_entropy")) == []  # view(-1, 10) may make ten of it


@pytest.mark.parametrize(("classes", "floor"), [(2, "0.3133"), (10, "1.4612"), (100, "3.6222"), (1000, "5.9095")])
def test_softmax_into_cross_entropy_tells_its_floor(classes: int, floor: str) -> None:
    it = found(chain("linear 8 16", "relu", f"linear 16 {classes}", "softmax dim=1", loss="cross_entropy"), "NL102")
    assert it.severity is Severity.ERROR
    assert it.proof == f"this loss cannot go below ln(1+{classes - 1}/e) = {floor}"


def test_the_floor_is_told_for_ten_classes_where_their_number_is_unknown() -> None:
    it = found(net(node("unknown", 0), node("softmax dim=1", 1), loss="cross_entropy"), "NL102")
    assert "with 10 classes" in it.proof and "1.4612" in it.proof


@pytest.mark.parametrize("through", ["identity", "dropout p=0.1", "select", "reshape", "cast", "avg_pool"])
def test_the_tensor_is_followed_not_the_last_module(through: str) -> None:
    assert "NL102" in codes(chain(*BODY, "softmax dim=1", through, loss="cross_entropy"))


@pytest.mark.parametrize("between", ["scale factor=30.0", "unknown", "arithmetic kind=log", "linear 10 10"])
def test_what_changes_the_values_silences_the_pairing(between: str) -> None:
    assert not {"NL102", "NL103", "NL104"} & {*codes(chain(*BODY, "softmax dim=1", between, loss="cross_entropy"))}


def test_a_softmax_in_evaluation_only_is_right() -> None:
    only = Node("activation", (3,), function="softmax", attrs={"dim": 1}, training=False)
    made = net(*(node(w, i) for i, w in enumerate(BODY)), only, loss="cross_entropy")
    assert codes(made) == []


def test_sigmoid_and_tanh_confine_the_logits() -> None:
    assert "1.4612" in found(chain(*BODY, "sigmoid", loss="cross_entropy"), "NL103").proof
    assert "0.7966" in found(chain(*BODY, "tanh", loss="cross_entropy"), "NL103").proof
    assert "ln(1+9/e)" in found(chain(*BODY, "hard_sigmoid", loss="cross_entropy"), "NL103").proof


def test_relu_before_cross_entropy_is_a_warning_unless_pooled() -> None:
    assert found(chain(*BODY, "relu", loss="cross_entropy"), "NL104").severity is Severity.WARNING
    assert found(chain(*BODY, "relu6", loss="cross_entropy"), "NL104").severity is Severity.WARNING
    assert found(chain(*BODY, "gelu", loss="cross_entropy"), "NL104").severity is Severity.INFO
    assert (
        run(chain("conv 3 8", "relu", "conv 8 10", "relu", "avg_pool global=True", "flatten", loss="cross_entropy")) == []
    )  # NiN
    assert run(chain(*BODY, "leaky_relu", loss="cross_entropy")) == []


def test_log_softmax_before_cross_entropy_is_information() -> None:
    it = found(chain(*BODY, "log_softmax dim=1", loss="cross_entropy"), "NL105")
    assert it.severity is Severity.INFO
    assert codes(chain(*BODY, "log_softmax dim=1", loss="cross_entropy")) == []


def test_activations_before_bce_with_logits() -> None:
    it = found(chain(*ONE, "sigmoid", loss="bce_logits"), "NL106")
    assert (
        it.proof
        == "this loss cannot go below ln(1+1/e) = 0.3133 for positive samples and ln 2 = 0.6931 for negative samples"
    )
    assert "0.6931 for negative" in found(chain(*ONE, "relu", loss="bce_logits"), "NL106").proof
    assert "NL106" in codes(chain(*BODY, "softmax dim=1", loss="bce_logits"))
    assert codes(chain(*ONE, loss="bce_logits")) == []
    assert codes(chain(*ONE, "leaky_relu", loss="bce_logits")) == []
    assert codes(chain("conv 3 8", "relu", "conv 8 1", "relu", "avg_pool", loss="bce_logits")) == []


def test_bce_wants_probabilities() -> None:
    assert found(chain(*ONE, loss="bce"), "NL107").severity is Severity.ERROR
    for ending in ("relu", "tanh", "silu", "log_sigmoid"):
        assert codes(chain(*ONE, ending, loss="bce")) == ["NL107"], ending
    for right in ("sigmoid", "hard_sigmoid"):
        assert run(chain(*ONE, right, loss="bce")) == [], right
    assert run(chain(*ONE, "sigmoid", "reshape", loss="bce")) == []
    assert run(chain(*ONE, "add", loss="bce")) == []  # the range of a sum is not known


def test_a_clamp_makes_no_probability() -> None:
    for wrong in ("tanh", "relu", "identity"):
        assert codes(chain(*ONE, wrong, "arithmetic kind=clamp", loss="bce")) == ["NL107"], wrong
    assert run(chain(*ONE, "sigmoid", "arithmetic kind=clamp", loss="bce")) == []
    assert run(chain(*ONE, "unknown", "arithmetic kind=clamp", loss="bce")) == []


def test_nll_wants_log_probabilities() -> None:
    assert "runs to -1 instead of 0" in found(chain(*BODY, "softmax dim=1", loss="nll"), "NL108").proof
    assert "without bound" in found(chain(*BODY, loss="nll"), "NL108").proof
    assert "without bound" in found(chain(*BODY, "relu", loss="nll"), "NL108").proof
    assert run(chain(*BODY, "log_softmax dim=1", loss="nll")) == []
    assert run(chain(*BODY, "log_softmax dim=1", "reduce kind=mean", loss="nll")) == []
    assert run(chain(*BODY, "log_sigmoid", loss="nll")) == []


def test_kl_wants_log_probabilities_in_torch() -> None:
    assert codes(chain(*BODY, "softmax dim=1", loss="kl")) == ["NL108"]
    assert codes(chain(*BODY, loss="kl")) == ["NL108"]
    assert run(chain(*BODY, "log_softmax dim=1", loss="kl")) == []  # distillation
    assert run(chain(*BODY, "softmax dim=-1", loss="kl", framework="keras")) == []


def test_from_logits_of_keras() -> None:
    assert codes(chain(*BODY, loss="categorical", framework="keras")) == ["NL109"]
    assert codes(chain(*BODY, "softmax dim=-1", loss="cross_entropy", framework="keras")) == ["NL109"]
    assert codes(chain(*ONE, "sigmoid", loss="bce_logits", framework="keras")) == ["NL109"]
    assert run(chain(*BODY, "softmax dim=-1", loss="categorical", framework="keras")) == []
    assert run(chain(*BODY, loss="cross_entropy", framework="keras")) == []
    assert codes(chain(*BODY, "sigmoid", loss="categorical", framework="keras")) == ["NL103"]
    assert codes(chain(*BODY, "relu", loss="categorical", framework="keras")) == ["NL104"]


def test_softmax_into_binary_loss_depends_on_the_targets() -> None:
    def made(targets: Targets | None) -> Severity:
        return found(chain(*BODY, "softmax dim=1", loss="bce", targets=targets), "NL111").severity

    assert made(None) is Severity.WARNING
    assert made(Targets(one_hot=True)) is Severity.INFO
    assert made(Targets(multi_hot=True)) is Severity.ERROR


def test_softmax_over_the_batch() -> None:
    assert found(chain(*BODY, "softmax dim=0", loss="mse", shapes=True), "NL113").severity is Severity.ERROR
    assert found(chain(*BODY, "softmax dim=0", loss="mse"), "NL113").severity is Severity.WARNING
    assert found(chain(*BODY, "softmax dim=None", loss="mse"), "NL113").severity is Severity.INFO
    assert run(chain(*BODY, "softmax dim=0")) == []  # one sample without a batch axis
    over_rows = Node("activation", (1,), function="softmax", attrs={"dim": 0}, shape=(2, 3, 10))
    assert run(net(node("linear 8 10"), over_rows, loss="mse")) == []  # three axes: a transpose trick may be meant
    learned = net(Node("parameter"), node("softmax dim=0", 1), node("mul", 2, 0), loss="mse")
    assert run(learned) == []


def test_softmax_without_dim_over_three_axes_runs_over_the_batch() -> None:
    guessed = Node("activation", (1,), function="softmax", attrs={"dim": None}, shape=(2, 3, 10))
    assert found(net(node("linear 8 10"), guessed, loss="mse"), "NL113").severity is Severity.ERROR
    assert run(net(node("linear 8 10"), guessed, loss="mse", framework="keras")) == []


def test_critic() -> None:
    assert "at most 1" in found(chain(*ONE, "sigmoid", loss="wasserstein"), "NL114").proof
    assert "at most 2" in found(chain(*ONE, "tanh", loss="wasserstein"), "NL114").proof
    assert run(chain(*ONE, loss="wasserstein")) == []
    assert run(chain(*ONE, "relu", loss="wasserstein")) == []


def test_logarithm_by_hand() -> None:
    assert codes(chain(*BODY, "softmax dim=1", "arithmetic kind=log", loss="nll")) == ["NL115"]
    assert codes(chain(*ONE, "sigmoid", "arithmetic kind=log")) == ["NL115"]
    assert codes(chain(*BODY, "softmax dim=1", "scale", "arithmetic kind=log", loss="nll")) == []  # with an epsilon added
    assert codes(chain(*BODY, "softplus", "arithmetic kind=log")) == []


def test_parameters_that_the_program_gives_move_the_range() -> None:
    wide = Node("activation", (3,), function="hard_tanh", attrs={"params": {"low": -20.0, "high": 20.0}})
    assert codes(net(*(node(w, i) for i, w in enumerate(BODY)), wide, loss="cross_entropy")) == []
    assert codes(chain(*BODY, "hard_tanh", loss="cross_entropy")) == ["NL103"]


@pytest.mark.parametrize(
    "loss", ["cross_entropy", "categorical", "bce", "bce_logits", "nll", "kl", "wasserstein", "mse", "unknown"]
)
@pytest.mark.parametrize("last", ["unknown", "attention", "recurrent 16 10", "concat", "matmul"])
def test_nothing_is_said_about_what_is_not_known(loss: str, last: str) -> None:
    assert run(chain("linear 8 16", "relu", last, loss=loss)) == []
