"""Models that are right, each a trap for a textbook rule: nothing is said of them but information, and each is read completely."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest
import torch
from torch import nn
from unit.lint.model.right_models import RIGHT

import nonlin
from nonlin.findings import Severity
from nonlin.lint.model import read


@pytest.mark.parametrize("name", list(RIGHT))
def test_nothing_is_blamed(name: str) -> None:
    told = nonlin.lint(*RIGHT[name]())
    assert not [f"{f.rule.code} {f.message}" for f in told if f.severity > Severity.INFO]


@pytest.mark.parametrize("name", list(RIGHT))
def test_every_operation_is_followed(name: str) -> None:
    net = read(*RIGHT[name]())
    assert net.complete, net.remarks
    assert net.outputs
    assert not net.settings.get("loss_error")


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (lambda m, loss: (nn.Sequential(m, nn.Softmax(dim=1)), loss), "NL102"),
        (lambda m, loss: (nn.Sequential(m, nn.Sigmoid()), loss), "NL103"),
        (lambda m, loss: (m, nn.NLLLoss()), "NL108"),
        (lambda m, loss: (nn.Sequential(m, nn.Linear(10, 1)), loss), "NL101"),
    ],
)
@pytest.mark.parametrize(
    "name", ["squeezenet_ends_in_relu_before_pooling", "functional_relu_and_nothing_else", "one_relu_object_used_again"]
)
def test_the_same_models_spoiled_are_blamed(name: str, spoil: object, code: str) -> None:
    model, loss, batch = RIGHT[name]()
    model, loss = spoil(model, loss)  # type: ignore[operator]
    assert code in {f.rule.code for f in nonlin.lint(model, loss, batch) if f.severity is Severity.ERROR}


@pytest.fixture(scope="module")
def pools() -> ModuleType:
    """The module benchmarks/pools.py, which is no part of the package."""
    spec = importlib.util.spec_from_file_location("pools", Path(__file__).parents[4] / "benchmarks" / "pools.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["pools"] = module
    spec.loader.exec_module(module)
    return module


def test_defended_warnings_are_read_and_say_why(pools: ModuleType) -> None:
    known = {*pools.TIMM, *pools.TORCHVISION, *(name for name, _, _ in pools.TRANSFORMERS)}
    assert pools.defended()
    for key, why in pools.defended().items():
        assert key.split("/")[0] in known, key
        assert len(why) > 80, key


def test_the_pools_have_no_name_twice(pools: ModuleType) -> None:
    for names in (pools.TIMM, pools.TORCHVISION, [n for n, _, _ in pools.TRANSFORMERS]):
        assert len(set(names)) == len(names)


def test_a_pool_reports_a_fault(pools: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    def softmax() -> object:
        return nn.Sequential(nn.Linear(4, 3), nn.Softmax(1)), "cross_entropy", torch.randn(2, 4)

    wrong = pools.judge(pools.Case("tests", "wrong", softmax))
    assert wrong.errors and "NL102" in wrong.errors[0]
    broken = pools.judge(pools.Case("tests", "broken", lambda: (nn.Linear(4, 3), "cross_entropy", torch.randn(2, 5))))
    assert broken.failed.startswith("not linted: DataError")
    assert pools._summary([wrong, broken], {}) == 1
    assert "1 errors" in capsys.readouterr().out
