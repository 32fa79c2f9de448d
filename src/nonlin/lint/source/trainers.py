"""Networks of other libraries, optimisers, learned tensors, and libraries that train."""

from __future__ import annotations

import ast
from typing import Any

from nonlin.lint.source.arguments import bind
from nonlin.lint.source.machine import Frame, Run
from nonlin.lint.source.values import (
    Data,
    Instance,
    Layer,
    Settings,
    Unknown,
    Weight,
)

TRAINERS = {
    "Learner": "dls model loss_func",
    "vision_learner": "dls model loss_func",
    "create_supervised_trainer": "model optimizer loss_func",
}
"""Functions of fastai and Ignite that train a model with a loss, and their arguments."""


def trained(run: Run, signature: str, args: list[Any], kwargs: dict[str, Any], frame: Frame, node: ast.AST | None) -> Any:
    """A library trains a model: its output goes to the loss."""
    given = bind(signature, args, {("loss_func" if k in ("loss_fn", "loss") else k): v for k, v in kwargs.items()})
    model, loss = given.get("model"), given.get("loss_func")
    if isinstance(model, Instance | Layer) and loss is not None:
        run.call(
            loss, [run.call(model, [Unknown("input", True)], {}, frame, node), Unknown("target", True)], {}, frame, node
        )
    return Unknown("trainer", True)


BACKBONES = frozenset(("create_model", "from_pretrained"))
"""Functions that give a network of another library."""


HEADS = ("fc", "classifier", "head", "heads", "_fc", "last_linear")
"""Attributes under which networks of torchvision, timm and others keep their last layer."""


def with_head(run: Run, model: Unknown, args: list[Any], kwargs: dict[str, Any], frame: Frame, node: ast.AST | None) -> Any:
    """Call a network that was not read: an unknown operation, then the head the program gave it, where it did."""
    values = [run.tensor(a, run.place(frame, node), "input") for a in args[:1]]
    body = run.emit("unknown", list(values), run.place(frame, node), attrs={"shown": model.name})
    for name in HEADS:
        head = model.parts.get(name)
        if isinstance(head, Layer | Instance):
            return run.call(head, [body], {}, frame, node)
        last = (
            [v for k, v in head.parts.items() if isinstance(k, tuple) and isinstance(v, Layer | Instance)]
            if head is not None
            else []
        )
        if last:
            return run.call(last[-1], [body], {}, frame, node)
    return body


def parameter(value: Any) -> Weight:
    """Return a learned tensor that the program makes from a value."""
    shape = value.shape if isinstance(value, Data) else None
    facts = {"init": "zeros"} if isinstance(value, Data) and value.low == value.high == 0 else {}
    return Weight("parameter", dict(facts), shape)


def optimiser(run: Run, name: str, args: list[Any], kwargs: dict[str, Any]) -> Settings:
    """Return an optimiser, and note it for the model whose parameters it gets."""
    given = bind("params lr", args, kwargs)
    facts: dict[str, Any] = {"optimizer": name.lower()}
    if isinstance(given.get("lr"), int | float):
        facts["lr"] = float(given["lr"])
    params = given.get("params")
    owner = params.name.partition(":")[2] if isinstance(params, Unknown) and params.name.startswith("parameters:") else ""
    run.optimisers[owner] = facts
    return Settings(name, facts)
