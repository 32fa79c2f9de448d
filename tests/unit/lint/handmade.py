"""Networks made by hand for the tests of the checks: a chain of words, or nodes one by one."""

from __future__ import annotations

from typing import Any

from nonlin.findings import Finding, Place
from nonlin.lint.checks import run
from nonlin.lint.net import AFFINE, Loss, Net, Node, Targets

OPS = {"linear", "conv", "conv_transpose", "embedding", "norm", "dropout", "max_pool", "avg_pool", "flatten", "reshape", "transpose",
       "pad", "cast", "scale", "identity", "add", "mul", "matmul", "concat", "select", "reduce", "arithmetic", "parameter", "constant",
       "recurrent", "attention", "unknown", "output"}  # fmt: skip


def node(word: str, *inputs: int, place: str = "", **fields: Any) -> Node:
    """Make a node from ``linear 8 16 groups=2``, ``softmax dim=1`` or ``norm kind=batch``; numbers are in and out features."""
    name, *rest = word.split()
    attrs: dict[str, Any] = {}
    numbers = [int(r) for r in rest if "=" not in r]
    if numbers:
        attrs.update(in_features=numbers[0], out_features=numbers[1])
    for key, _, value in (r.partition("=") for r in rest if "=" in r):
        attrs[key] = {"None": None, "True": True, "False": False}.get(value, _number(value))
    if name.startswith("conv"):
        attrs.setdefault("features_dim", 1)
    op = name if name in OPS else "activation"
    return Node(op, inputs, Place(place or name), "" if op == name else name, attrs, **fields)


def _number(text: str) -> Any:
    try:
        return int(text)
    except ValueError:
        try:
            return float(text)
        except ValueError:
            return text


def chain(
    *words: str, loss: str = "", targets: Targets | None = None, framework: str = "torch", shapes: bool = False, **more: Any
) -> Net:
    """Make a net that runs straight through; with ``shapes`` each node has the shape (batch, features)."""
    nodes = [Node("input")]
    for i, word in enumerate(words):
        made = node(word, i, place=f"{word.split()[0]}{i}")
        if made.op not in (*AFFINE, "flatten") and nodes[-1].attrs.get("out_features") and made.op != "select":
            kept = {k: nodes[-1].attrs[k] for k in ("out_features", "features_dim") if k in nodes[-1].attrs}
            made = Node(made.op, made.inputs, made.place, made.function, {**kept, **made.attrs})
        if shapes:
            made = Node(made.op, made.inputs, made.place, made.function, made.attrs, (None, made.width))
        nodes.append(made)
    end = len(nodes) - 1
    losses = (Loss(loss, end, Place(line=9, file="train.py"), shown=loss, attrs={}),) if loss else ()
    return Net("net", tuple(nodes), (end,), losses, targets, framework=framework, **more)


def net(*nodes: Node, loss: str = "", at: int = -1, **more: Any) -> Net:
    """Make a net of nodes; the first is the input, the last the output."""
    every = (Node("input"), *nodes)
    end = at % len(every)
    losses = (Loss(loss, end, Place(line=9, file="train.py"), shown=loss),) if loss else ()
    return Net("net", every, (len(every) - 1,), losses, **more)


def codes(made: Net) -> list[str]:
    """Return the codes found, sorted, without information."""
    return sorted({f.rule.code for f in run(made) if f.severity.word != "info"})


def found(made: Net, code: str) -> Finding:
    """Return the one finding of a rule."""
    (only,) = [f for f in run(made) if f.rule.code == code]
    return only
