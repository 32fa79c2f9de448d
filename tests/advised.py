"""The networks that ``nonlin advise`` writes, made and fed, for its tests."""

from __future__ import annotations

from typing import Any

import torch

import nonlin
from nonlin.advise.question import Question
from nonlin.advise.rules import fitting
from nonlin.advise.snippet import snippet
from nonlin.errors import NonlinError
from nonlin.findings import Severity

BATCH = 16


def written(asked: Question) -> str:
    """The program for a question, without looking for evidence."""
    rows = list(fitting(asked))
    first = {part: next(r for r in rows if r.part == part) for part in ("hidden", "output", "init", "dropout")}
    try:
        gain: float | None = nonlin.gain(first["hidden"].choose)
    except NonlinError:
        gain = None
    return snippet(asked, first, gain)


def run(asked: Question) -> dict[str, Any]:
    """Run the program for a question; return what it defines."""
    torch.manual_seed(0)
    made: dict[str, Any] = {}
    exec(compile(written(asked), "snippet.py", "exec"), made)
    return made


def inputs(asked: Question, made: dict[str, Any]) -> tuple[torch.Tensor, ...]:
    """Inputs of the kind the network reads."""
    g = torch.Generator().manual_seed(1)
    shapes: dict[str, tuple[int, ...]] = {
        "cnn": (BATCH, 3, 16, 16), "unet": (BATCH, 3, 16, 16), "resnet": (BATCH, 3, 16, 16), "diffusion": (BATCH, 3, 16, 16),
        "gan-generator": (BATCH, 64, 1, 1), "gan-discriminator": (BATCH, 3, 64, 64), "rnn": (BATCH, 12, 16),
    }  # fmt: skip
    tokens = torch.randint(0, 1000, (BATCH, 12), generator=g)
    if asked.arch == "recommender":
        return tokens[:, 0], tokens[:, 1]
    if asked.arch == "transformer" or (asked.arch == "rnn" and asked.task == "generation"):
        return (tokens,)
    if asked.arch in ("siren", "pinn"):
        return (torch.rand(BATCH, made["IN"], generator=g) * 2 - 1,)
    return (torch.randn(shapes.get(asked.arch, (BATCH, made["IN"])), generator=g),)


def targets(asked: Question, output: torch.Tensor) -> torch.Tensor:
    """Targets of the kind the loss compares with."""
    g = torch.Generator().manual_seed(2)
    if asked.arch == "autoencoder" and asked.task == "generation":
        return torch.rand(output.shape, generator=g)
    if asked.arch == "unet" and asked.task == "multiclass":
        return torch.randint(0, output.shape[1], (len(output), *output.shape[2:]), generator=g)
    if asked.task == "multiclass" or (asked.task == "generation" and asked.arch in ("transformer", "rnn")):
        return torch.randint(0, output.shape[-1], output.shape[:-1], generator=g)
    ways = {
        "binary": lambda: torch.randint(0, 2, output.shape, generator=g).float(),
        "multilabel": lambda: torch.randint(0, 2, output.shape, generator=g).float(),
        "positive": lambda: torch.rand(output.shape, generator=g) + 0.1,
        "count": lambda: torch.randint(0, 9, output.shape, generator=g).float(),
        "bounded": lambda: torch.rand(output.shape, generator=g),
    }
    return ways.get(asked.task, lambda: torch.randn(output.shape, generator=g))()


def linted(asked: Question) -> list[str]:
    """What lint says of the program's model, from warnings on."""
    made = run(asked)
    model, x = made["model"], inputs(asked, made)
    with torch.no_grad():
        output = model(*x)
    y = targets(asked, output)
    loss = made.get("loss")
    if loss is not None and output.dim() == 3 and y.dim() == 2:  # the cross-entropy of tokens, as its row says
        plain = loss

        def loss(out: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
            return plain(out.flatten(0, 1), target.flatten())

    found = nonlin.lint(model, loss, (x, y) if loss is not None else (x, None))
    return [str(f) for f in found if f.severity >= Severity.WARNING]
