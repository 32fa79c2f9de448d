"""The loss to train with: given, or told from the targets; and what one and the same answer to everything would cost."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from nonlin.diagnose.losses import FUNCTIONS, baseline, objective, tell_loss
from nonlin.errors import DataError, ParameterError
from nonlin.lint.model.losses import ROWS


def test_every_kind_lint_knows_is_computed_or_left_out_knowingly() -> None:
    assert {row.kind for row in ROWS} - set(FUNCTIONS) == {"ctc", "wasserstein", "unknown"}


@pytest.mark.parametrize("kind", sorted(FUNCTIONS))
def test_each_named_loss_is_one_number_with_a_gradient(kind: str) -> None:
    z = torch.randn(6, 3, generator=torch.Generator().manual_seed(0), requires_grad=True)
    output = {"nll": z.log_softmax(1), "kl": z.log_softmax(1), "categorical": z.softmax(1), "bce": z.sigmoid()}.get(kind, z)
    whole = kind in ("cross_entropy", "nll", "categorical")
    target = torch.tensor([0, 1, 2, 0, 1, 2]) if whole else torch.full((6, 3), 1 / 3)
    loss = FUNCTIONS[kind](output, target)
    loss.backward()
    assert loss.dim() == 0 and math.isfinite(loss.item()) and z.grad is not None


def test_losses_are_given_by_name_module_or_function() -> None:
    assert objective("CrossEntropyLoss").kind == "cross_entropy"
    assert objective(nn.BCEWithLogitsLoss()).kind == "bce_logits"
    own = objective(lambda output, target: (output - target).abs().max())
    assert (own.kind, own.guessed) == ("unknown", False)
    assert objective(F.mse_loss).function is F.mse_loss
    assert objective("wasserstein").function is None


@pytest.mark.parametrize(
    ("loss", "says"), [(nn.MSELoss, "pass an instance: MSELoss()"), (3, "not int"), ("entropy_cross", "is not known")]
)
def test_what_is_no_loss_is_a_sentence(loss: object, says: str) -> None:
    with pytest.raises(ParameterError, match=says.replace("(", r"\(").replace(")", r"\)")):
        objective(loss)


@pytest.mark.parametrize(
    ("output", "targets", "last", "kind"),
    [
        (torch.zeros(4, 3), torch.tensor([0, 1, 2, 0]), "", "cross_entropy"),
        (torch.zeros(4, 3), torch.tensor([0, 1, 2, 0]), "log_softmax", "nll"),
        (torch.zeros(4, 3), torch.tensor([0, 1, 2, 0]), "softmax", "categorical"),
        (torch.zeros(2, 5, 4, 4), torch.zeros(2, 4, 4, dtype=torch.long), "", "cross_entropy"),
        (torch.zeros(4, 1), torch.tensor([[0.0], [1.0], [1.0], [0.0]]), "", "bce_logits"),
        (torch.zeros(4, 1), torch.tensor([[0.0], [1.0], [1.0], [0.0]]), "sigmoid", "bce"),
        (torch.zeros(4, 2), torch.randn(4, 2), "tanh", "mse"),
    ],
)
def test_the_loss_is_told_from_output_targets_and_last_activation(
    output: torch.Tensor, targets: torch.Tensor, last: str, kind: str
) -> None:
    told = tell_loss(output, targets, last)
    assert (told.kind, told.guessed) == (kind, True)
    assert told.given == ("mse" if kind == "mse" else None)  # a guess is never held against the output's activation


@pytest.mark.parametrize(
    ("output", "targets"),
    [((torch.zeros(1), 2), torch.zeros(1)), (torch.zeros(4, 2), torch.zeros(4)), (torch.zeros(4, 1), torch.zeros(4).long())],
)
def test_where_no_loss_can_be_told_one_is_asked_for(output: object, targets: object) -> None:
    with pytest.raises(DataError, match="--loss"):
        tell_loss(output, targets, "")


def test_baselines_are_the_least_loss_of_a_constant_answer() -> None:
    labels = torch.tensor([0, 0, 0, 1])
    logits = torch.tensor([math.log(3.0), 0.0]).expand(4, 2)
    assert baseline("cross_entropy", labels) == pytest.approx(float(F.cross_entropy(logits, labels)))
    y = torch.tensor([[0.0, 1.0], [1.0, 1.0], [0.0, 0.0], [0.0, 1.0]])
    assert baseline("bce_logits", y) == pytest.approx(float(F.binary_cross_entropy(y.mean(0).expand(4, 2), y)))
    assert baseline("mse", y) == pytest.approx(float(F.mse_loss(y.mean(0).expand(4, 2), y)))
    assert baseline("l1", torch.tensor([0.0, 0.0, 9.0])) == pytest.approx(3.0)
    assert baseline("unknown", y) is None and baseline("mse", "text") is None and baseline("mse", torch.zeros(1)) is None
    assert baseline("bce", torch.tensor([0.0, 3.0])) is None


def test_a_model_that_computes_its_own_loss_is_asked_for_it() -> None:
    class Output:
        loss = torch.tensor(3.0)

    told = tell_loss(Output(), None, "")
    assert told.function is not None and told.function(Output(), None) is Output.loss
    assert told.shown == "the model's own"
