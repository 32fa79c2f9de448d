"""The recommended networks run as they are written, learn, and are without fault for lint, for every network and task."""

from __future__ import annotations

import ast

import pytest
import torch
from advised import inputs, linted, run, targets, written

import nonlin
from nonlin.advise.answer import answer
from nonlin.advise.question import ARCHS, NORMS, ask
from nonlin.advise.spelling import torch_call
from nonlin.errors import ParameterError

CASES = [(a.name, t) for a in ARCHS.values() for t in a.tasks]


@pytest.mark.parametrize(("arch", "task"), CASES, ids=[f"{a}-{t}" for a, t in CASES])
def test_a_recommended_network_has_no_fault(arch: str, task: str) -> None:
    asked = ask(arch, task, depth=4)
    assert linted(asked) == []


@pytest.mark.parametrize("arch", [a for a in ARCHS if a not in ("transformer", "gan-generator", "gan-discriminator")])
def test_so_has_it_with_every_norm_and_constraint(arch: str) -> None:
    seen = 0
    for norm in NORMS:
        for constraints in ((), ("int8",), ("latency",), ("smooth",)):
            try:
                asked = ask(arch, depth=3, norm=norm, constraints=constraints)
            except ParameterError:
                continue
            if constraints and norm != ARCHS[arch].norm:
                continue
            assert linted(asked) == [], asked
            seen += 1
    assert seen >= 2


def test_a_deep_network_without_norm_keeps_its_signal() -> None:
    made = run(ask("mlp", "regression", depth=40, norm="none"))
    x = torch.randn(512, made["IN"], generator=torch.Generator().manual_seed(3))
    model = made["model"].eval()
    with torch.no_grad():
        assert 0.3 < float(model(x).std()) < 3


@pytest.mark.parametrize(("arch", "task"), [("mlp", "multiclass"), ("gan-discriminator", "binary"), ("rnn", "regression")])
def test_it_learns_a_batch_by_heart(arch: str, task: str) -> None:
    asked = ask(arch, task, depth=2)
    made = run(asked)
    model, loss, x = made["model"].eval(), made["loss"], inputs(asked, made)
    y = targets(asked, model(*x).detach())
    optimizer = torch.optim.Adam(model.parameters(), 1e-2)
    first = loss(model(*x), y).item()
    for _ in range(60):
        optimizer.zero_grad()
        loss(model(*x), y).backward()
        optimizer.step()
    assert loss(model(*x), y).item() < 0.5 * first


def test_lint_would_have_found_the_wrong_pairing() -> None:
    made = run(ask("mlp", "multiclass"))
    wrong = torch.nn.Sequential(*made["model"], torch.nn.Softmax(dim=1))
    assert next(f.rule.code for f in nonlin.lint(wrong, made["loss"])) == "NL102"


def test_the_siren_starts_as_its_paper_says() -> None:
    model = run(ask("siren", depth=4))["model"]
    x = torch.rand(4096, 2, generator=torch.Generator().manual_seed(0)) * 2 - 1
    for layer in model[:-1]:
        before, x = x, layer(x)
        if isinstance(layer, torch.nn.Linear) and layer.in_features > 2:
            phase = 30 * before @ layer.weight.T  # biases only move it
            assert 0.7 < float(phase.square().mean().sqrt().detach()) < 1.3  # Sitzmann et al. 2020, 3.2: about 1


def test_programs_are_python_of_ordinary_width() -> None:
    for name, task in CASES:
        text = written(ask(name, task, depth=3))
        ast.parse(text)
        assert max(map(len, text.splitlines())) <= 78, text  # a terminal of 80, indented by 2


def test_functions_are_spelled_as_torch_has_them() -> None:
    for spec in (
        "relu",
        "gelu",
        "gelu_tanh",
        "leaky_relu(slope=0.2)",
        "clipped_gelu",
        "squareplus",
        "elu(alpha=0.5)",
        "hard_tanh(low=-2)",
    ):
        module = eval(torch_call(spec), {"nn": torch.nn, "nonlin": nonlin})
        x = torch.linspace(-4, 12, 101, dtype=torch.float64)
        torch.testing.assert_close(module(x), nonlin.get(spec)(x))
    assert torch_call("identity") == ""


def test_the_answer_has_the_program() -> None:
    asked = ask("cnn")
    assert answer(asked).snippet == written(asked)
