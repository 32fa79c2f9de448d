"""``nonlin diagnose``: what it is given by name, what it prints, and how it ends."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from shell import WIDE
from typer.testing import CliRunner, Result

from nonlin.cli import app

PROGRAM = """
import torch
from torch import nn

LOSS = "cross_entropy"
calls = []


def make_model():
    return nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 3), nn.Softmax(dim=1))


def make_right():
    return nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 3))


def make_data():
    x = torch.randn(120, 4, generator=torch.Generator().manual_seed(0))
    return x, x[:, :3].argmax(1)


def make_optimizer(model):
    return torch.optim.SGD(model.parameters(), lr=0.03)


def adam(model):
    return torch.optim.Adam(model.parameters(), lr=0.004)


def own_loss(output, target):
    return nn.functional.nll_loss(output.log(), target)


def broken():
    raise RuntimeError("no such checkpoint")


def nothing():
    return None
"""


@pytest.fixture(autouse=True)
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    (tmp_path / "mine.py").write_text(PROGRAM)
    monkeypatch.chdir(tmp_path)
    path = list(sys.path)
    yield
    sys.modules.pop("mine", None)
    sys.path[:] = path


def run(*args: str, model: str = "mine:make_model", data: str = "mine:make_data") -> Result:
    return CliRunner().invoke(app, ["diagnose", model, "--data", data, "--steps", "30", "--quiet", *args], env=WIDE)


def test_it_names_the_fault() -> None:
    done = run()
    assert done.exit_code == 0, done.output
    assert "softmax into cross entropy" in done.output and "NL102" in done.output
    assert "-  (3): Softmax(dim=1)" in done.output and "SGD, learning rate 0.03" in done.output


def test_json_and_page(tmp_path: Path) -> None:
    done = run("--json", "-o", "page.html")
    document = json.loads(done.output)
    assert document["entries"][0]["rule"] == "NL102"
    assert document["page"] == "page.html" and (tmp_path / "page.html").stat().st_size > 5000


def test_a_right_model_is_let_be() -> None:
    assert "No known mistake was found" in run(model="mine:make_right").output


def test_loss_optimiser_and_learning_rate_can_be_given() -> None:
    done = run("--loss", "mine:own_loss", "--optimizer", "mine:adam")
    assert "loss own_loss()" in done.output and "Adam, learning rate 0.004" in done.output
    assert "learning rate 0.5" in run("--lr", "0.5").output
    assert "loss nll" in run("--loss", "nll").output


def test_the_seed_makes_it_repeatable() -> None:
    def losses(seed: str) -> object:
        return json.loads(run("--json", "--seed", seed).output)["training"]["losses"]

    assert losses("1") == losses("1") != losses("2")


def test_without_minutes_it_is_lint_alone() -> None:
    assert json.loads(run("--minutes", "0", "--json").output)["training"]["steps"] == 0


@pytest.mark.parametrize(
    ("args", "model", "data", "code", "says"),
    [
        ((), "mine", "mine:make_data", 1, "module:function"),
        ((), "mine:make_modle", "mine:make_data", 1, "Did you mean 'make_model'"),
        ((), "mine:broken", "mine:make_data", 1, "mine:broken raised RuntimeError: no such checkpoint"),
        ((), "mine:nothing", "mine:make_data", 1, "must be a torch.nn.Module, not NoneType"),
        ((), "mine:make_model", "mine:nothing", 1, "data is NoneType"),
        ((), "mine:make_model", "mine:broken", 1, "mine:broken raised"),
        (("--loss", "entropy_cross"), "mine:make_model", "mine:make_data", 2, "is not known"),
        (("--lr", "0"), "mine:make_model", "mine:make_data", 2, "lr must be above 0"),
        (("--minutes", "-1"), "mine:make_model", "mine:make_data", 2, "minutes"),
    ],
)
def test_what_goes_wrong_is_a_sentence(args: tuple[str, ...], model: str, data: str, code: int, says: str) -> None:
    done = run(*args, model=model, data=data)
    assert done.exit_code == code
    assert says in " ".join(done.output.split())
    assert "Traceback" not in done.output


def test_a_page_that_cannot_be_written_does_not_lose_the_diagnosis() -> None:
    done = run("-o", "mine.py/page.html")
    assert done.exit_code == 1
    assert "NL102" in done.output and "error:" in done.output
