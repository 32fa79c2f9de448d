"""From a tape to networks: what hangs together is one network, and a network read twice is kept once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from nonlin.lint.net import Loss, Net, Node
from nonlin.lint.source.tape import Step, Tape

LEAVES = ("input", "constant", "unknown", "parameter")
"""Nodes that may stand in several networks: what comes from outside."""


def networks(tape: Tape, optimisers: Mapping[str, Mapping[str, Any]]) -> list[Net]:
    """Return the networks on a tape that hold more than what is given to them."""
    groups = _groups(tape)
    found = []
    for members in groups:
        net = _network(tape, members, optimisers)
        if net is not None:
            found.append(net)
    return found


def _groups(tape: Tape) -> list[list[int]]:
    """Indices of the nodes that hang together, leaves aside."""
    parent = list(range(len(tape.nodes)))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    leaves = {i for i, node in enumerate(tape.nodes) if not node.inputs and node.op in LEAVES}
    for i, node in enumerate(tape.nodes):
        for j in node.inputs:
            if j not in leaves and i not in tape.absorbed:
                parent[root(i)] = root(j)
    groups: dict[int, list[int]] = {}
    for i in range(len(tape.nodes)):
        if i not in leaves and i not in tape.absorbed:
            groups.setdefault(root(i), []).append(i)
    for members in groups.values():
        needed = {j for i in members for j in tape.nodes[i].inputs if j in leaves}
        members[:] = sorted({*members, *needed})
    return list(groups.values())


def _network(tape: Tape, members: list[int], optimisers: Mapping[str, Mapping[str, Any]]) -> Net | None:
    at = {old: new for new, old in enumerate(members)}
    nodes = tuple(_renumbered(tape.nodes[i], at) for i in members)
    steps = [s for s in tape.steps if s.loss.input in at]
    outputs = tuple(dict.fromkeys(at[i] for i in tape.outputs if i in at))
    if not any(n.op not in LEAVES for n in nodes):
        return None
    owners = [tape.models[i] for i in members if tape.models[i][0]]
    name = next((n for _, n in owners if n), "") or tape.name
    losses = _losses(steps, at)
    if not outputs:
        used = {j for n in nodes for j in n.inputs}
        outputs = tuple(dict.fromkeys([loss.input for loss in losses] or [i for i in range(len(nodes)) if i not in used]))
    settings = next((s.settings for s in steps if s.settings), None) or _settings(owners, optimisers, bool(losses))
    targets = next((s.targets for s in steps if s.targets is not None), None)
    complete = not any(n.op == "unknown" for n in nodes)
    remarks = tuple(dict.fromkeys(_remark(n) for n in nodes if n.op == "unknown" and _remark(n)))[:3]
    return Net(name, nodes, outputs, losses, targets, "source", tape.framework, complete, remarks, None, dict(settings))


def _renumbered(node: Node, at: Mapping[int, int]) -> Node:
    return replace(node, inputs=tuple(at[i] for i in node.inputs if i in at))


def _remark(node: Node) -> str:
    shown = node.attrs.get("shown", "")
    return f"{shown} (line {node.place.line}) could not be followed." if shown else ""


def _settings(
    owners: list[tuple[str, str]], optimisers: Mapping[str, Mapping[str, Any]], trained: bool
) -> Mapping[str, Any]:
    for uid, _ in owners:
        if uid in optimisers:
            return optimisers[uid]
    return next(iter(optimisers.values())) if len(optimisers) == 1 and trained else {}


def _losses(steps: list[Step], at: Mapping[int, int]) -> tuple[Loss, ...]:
    """The losses; where branches that exclude each other take different losses of one tensor, which is right is not known."""
    found: list[Loss] = []
    for step in steps:
        rivals = [
            s for s in steps if s.loss.input == step.loss.input and s.loss.kind != step.loss.kind and _exclusive(s, step)
        ]
        loss = replace(step.loss, input=at[step.loss.input], kind="unknown" if rivals else step.loss.kind)
        if not any((f.kind, f.input, f.place) == (loss.kind, loss.input, loss.place) for f in found):
            found.append(loss)
    return tuple(found)


def _exclusive(a: Step, b: Step) -> bool:
    ways = dict(a.way)
    return any(where in ways and ways[where] != which for where, which in b.way)


def unique(nets: Iterable[Net]) -> list[Net]:
    """Return networks without those that say nothing new: the same places and losses, or a part of one that has losses."""
    found: list[Net] = []
    seen: set[Any] = set()
    ordered = sorted(nets, key=lambda n: (not n.losses, -len(n.nodes)))
    covered: set[Any] = set()
    for net in ordered:
        shape = tuple((n.op, n.function, n.place.file, n.place.line, n.place.column) for n in net.nodes)
        key = (shape, tuple((loss.kind, loss.input, loss.attrs.get("from_logits")) for loss in net.losses))
        spots = {(*s[2:], s[0]) for s, n in zip(shape, net.nodes, strict=True) if n.op not in LEAVES}
        if key in seen or (not net.losses and spots <= covered):
            continue
        seen.add(key)
        covered |= spots
        found.append(net)
    return found
