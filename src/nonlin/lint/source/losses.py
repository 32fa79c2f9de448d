"""Losses: criterion objects and functions, and the moment a tensor reaches one."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from typing import Any

from nonlin.findings import Place
from nonlin.lint.net import Loss, Targets
from nonlin.lint.source import data
from nonlin.lint.source.arguments import bind
from nonlin.lint.source.machine import Frame, Run
from nonlin.lint.source.tape import Step
from nonlin.lint.source.torch import LOSS_FUNCTIONS, LOSSES
from nonlin.lint.source.values import Criterion, Either, Tensor, Unknown, known

FACTS = (
    "ignore_index",
    "reduction",
    "label_smoothing",
    "from_logits",
    "log_target",
    "log_input",
    "sparse",
    "signed",
    "multi_label",
)
"""Settings of a loss that rules ask for; a weight is only said to be there."""


def facts(given: dict[str, Any]) -> dict[str, Any]:
    """Return the known settings of a loss among its arguments."""
    found = {k: v for k, v in given.items() if k in FACTS and known(v)}
    return {**found, **{k: True for k in ("weight", "pos_weight") if given.get(k) is not None}}


def torch_loss(run: Run, name: str, args: list[Any], kwargs: dict[str, Any], frame: Frame, node: ast.AST | None) -> Any:
    """Return a criterion or take a loss, where a name of torch is one; else None."""
    module, _, last = name.rpartition(".")
    if module == "torch.nn" and last in LOSSES:
        row = LOSSES[last]
        given = bind(row.signature, args, kwargs)
        return Criterion(row.kind, {**row.facts, **facts(given)}, run.place(frame, node), run.shown(frame, node))
    if module in ("torch.nn.functional", "torch") and last in LOSS_FUNCTIONS:
        row = LOSS_FUNCTIONS[last]
        given = bind(row.signature, args, kwargs)
        found = Criterion(row.kind, {**row.facts, **facts(given)}, run.place(frame, node), run.shown(frame, node.func)
                          if isinstance(node, ast.Call) else last)  # fmt: skip
        return take(run, found, given.get("input"), given.get("target"), frame, node)
    return None


def call(run: Run, loss: Criterion, args: list[Any], kwargs: dict[str, Any], frame: Frame, node: ast.AST | None) -> Any:
    """Call a criterion: find its prediction and its target among the arguments."""
    if loss.function is not None:
        return run.call(loss.function, args, kwargs, frame, node)
    values = []
    for position, names in zip(loss.order, loss.names, strict=True):
        named = [kwargs[n] for n in names if n in kwargs]
        values.append(named[0] if named else args[position] if position < len(args) else None)
    return take(run, loss, values[0], values[1], frame, node)


def take(run: Run, loss: Criterion, prediction: Any, target: Any, frame: Frame, node: ast.AST | None) -> Any:
    """Record a loss of a prediction; what is no tensor is not recorded."""
    run.events += 1
    place = run.place(frame, node)
    kind = loss.kind
    if isinstance(prediction, Either):
        inner = [o for o in prediction.options if isinstance(o, Tensor)]
        prediction = run.joined(inner, place) if len(inner) == len(prediction.options) else None
    if isinstance(prediction, Tensor) and prediction.tape is run.tape:
        record(run, kind, prediction, place, loss, data.targets(target))
    return Unknown("loss", True)


def record(
    run: Run, kind: str, prediction: Tensor, place: Place, loss: Criterion, targets: Targets | None = None, model: Any = None
) -> None:
    """Note that a loss is taken at a node."""
    attrs = dict(loss.attrs)
    if loss.place.line and loss.place != place:
        attrs["made_line"] = loss.place.line
        attrs["made_file"] = loss.place.file
    found = Loss(kind, prediction.index, place, loss.shown, attrs)
    run.tape.steps.append(Step(found, tuple(run.way), targets, model))


OVERLAP = re.compile(r"dice|jaccard|iou|tversky", re.IGNORECASE)
"""Names of losses of overlap, which people write themselves: they take probabilities."""


def by_name(run: Run, name: str, args: list[Any], before: int, place: Place, order: tuple[int, int] = (0, 1)) -> None:
    """Note a loss that the program wrote itself and whose name says which it is, once its body has run from node ``before`` on.

    Where the body applies a softmax or sigmoid to the prediction, the loss is of that; where the body was not followed, nothing is said.
    """
    if (
        not OVERLAP.search(name)
        or len(args) < 2
        or not isinstance(args[order[0]], Tensor)
        or args[order[0]].tape is not run.tape
    ):
        return
    inside = range(before, len(run.tape.nodes))
    if any(run.tape.nodes[i].op == "unknown" and run.tape.nodes[i].inputs for i in inside) or any(
        s.loss.input >= before for s in run.tape.steps
    ):
        return
    given = args[order[0]]
    squashed = [i for i in inside if run.tape.nodes[i].op == "activation" and given.index in run.tape.behind(i)]
    prediction = Tensor(run.tape, squashed[0]) if squashed else given
    record(run, "dice", prediction, place, Criterion("dice", {}, place, name), data.targets(args[order[1]]))


def wasserstein(run: Run, nodes: Iterable[int], place: Place) -> None:
    """Note a Wasserstein loss: the difference of a critic's means."""
    for index in nodes:
        loss = Criterion("wasserstein", {}, place, "mean(critic(real)) - mean(critic(fake))")
        record(run, "wasserstein", Tensor(run.tape, index), place, loss)
