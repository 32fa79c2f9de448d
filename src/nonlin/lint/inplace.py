"""NL205: in-place operations on tensors that backward, or another layer, still needs. Exact, or silent.

PyTorch keeps for backward either what an operation gets or what it gives. Overwriting either stops backward with an error;
overwriting a tensor that is read afterwards changes what the reader gets without any error.
"""

from __future__ import annotations

from collections.abc import Iterator

from nonlin.findings import Finding, Place, Remedy
from nonlin.lint.follow import called, changes_nothing, definition_of
from nonlin.lint.net import AFFINE, Net, Node
from nonlin.lint.rules import finding

KEEPS_RESULT = ("relu", "sigmoid", "tanh", "softmax", "log_softmax", "exp")
"""Functions of PyTorch whose backward reads their result; a test asks autograd."""
KEEPS_INPUT = ("elu", "selu", "celu", "leaky_relu", "gelu", "gelu_tanh", "silu", "mish", "softplus", "softsign", "hard_tanh", "relu6",
               "hard_swish", "hard_sigmoid", "log_sigmoid", "soft_shrink", "hard_shrink", "prelu")  # fmt: skip
"""Functions whose backward reads what they got; a test asks autograd."""
KEEPS_RESULT_IN_PLACE = (*KEEPS_RESULT, "leaky_relu", "elu", "selu", "celu")
"""Functions whose backward reads their result where they themselves worked in place; a test asks autograd."""
OPS_KEEP_INPUT = (*AFFINE, "norm", "max_pool", "mul", "matmul", "recurrent", "attention")
"""Operations whose backward reads what they got."""
_SHARED = ("identity",)
"""Operations whose result is the same tensor."""


def inplace_hazard(net: Net) -> Iterator[Finding]:
    """NL205: what an in-place operation overwrites is still needed."""
    if net.framework != "torch":
        return
    for index, node in enumerate(net.nodes):
        if not node.attrs.get("inplace") or not node.inputs or node.training is False:
            continue
        if node.op == "dropout" and not node.attrs.get("p"):
            continue  # with p = 0 nothing is written; an unknown p may be 0
        overwritten = node.inputs[0]
        producer = net.nodes[_root(net, overwritten)]
        shown = f"{called(node)} in place" if node.op == "activation" else f"in-place {node.op}"
        name = _name(producer)
        if name in (KEEPS_RESULT_IN_PLACE if producer.attrs.get("inplace") else KEEPS_RESULT):
            yield _told(node, f"{shown} overwrites the result of {called(producer)}, which its backward needs",
                        "backward stops with 'modified by an inplace operation'", (producer.place,))  # fmt: skip
            continue
        earlier = [i for i in _readers(net, overwritten, index) if i < index and _keeps(net.nodes[i])]
        if earlier:
            reader = net.nodes[earlier[0]]
            yield _told(node, f"{shown} overwrites what {_shown(reader)} got, which its backward needs",
                        "backward stops with 'modified by an inplace operation'", (reader.place,))  # fmt: skip
            continue
        later = [i for i in _later(net, index, overwritten) if net.nodes[i].op != "unknown"]
        if later and node.op == "activation" and not _harmless(net, node, producer, later):
            reader = net.nodes[later[0]]
            what = f"{_shown(reader)}" if later[0] != overwritten else "the output"
            yield _told(node, f"{shown} overwrites a tensor that {what} reads afterwards: it gets the activated values",
                        f"both names mean one tensor: a skip connection adds {called(node)} of what it should add", (reader.place,))  # fmt: skip


def _root(net: Net, index: int) -> int:
    while net.nodes[index].op in _SHARED and len(net.nodes[index].inputs) == 1:
        index = net.nodes[index].inputs[0]
    return index


def _name(node: Node) -> str:
    made = definition_of(node) if node.op == "activation" else None
    if made is not None:
        return made.name.partition("(")[0]
    return "exp" if node.op == "arithmetic" and node.attrs.get("kind") == "exp" else ""


def _keeps(node: Node) -> bool:
    if node.op == "activation":  # one in place has made the tensor its result
        return _name(node) in (KEEPS_RESULT_IN_PLACE if node.attrs.get("inplace") else KEEPS_INPUT)
    return node.op in OPS_KEEP_INPUT and node.training is not False


def _readers(net: Net, tensor: int, but: int) -> list[int]:
    """Return the nodes that read a tensor under any of its names, except one."""
    same, rest = {tensor}, [_root(net, tensor)]
    while rest:
        here = rest.pop()
        same.add(here)
        rest += [i for i in net.consumers(here) if net.nodes[i].op in _SHARED and i not in same]
    return sorted({i for s in same for i in net.consumers(s) if i not in same and i != but and not _exclusive(net, i, but)})


def _exclusive(net: Net, one: int, other: int) -> bool:
    """Whether two nodes stand on different sides of a branch, so that only one of them runs."""
    sides = dict(net.nodes[one].attrs.get("way", ()))
    return any(sides.get(where, side) != side for where, side in net.nodes[other].attrs.get("way", ()))


def _later(net: Net, index: int, overwritten: int) -> list[int]:
    told = net.nodes[index].attrs.get("read_later")
    if told is not None:
        return list(told)
    return [i for i in _readers(net, overwritten, index) if i > index]


def _harmless(net: Net, node: Node, producer: Node, later: list[int]) -> bool:
    """Whether overwriting changes nothing for the readers: the values were activated already, or each reader does the same."""
    made, before = definition_of(node), definition_of(producer)
    if made is None:
        return True  # an unknown function: silent
    if before is not None and changes_nothing(made, before):
        return True
    return changes_nothing(made, made) and all(_name(net.nodes[i]) == _name(node) for i in later)


def _shown(node: Node) -> str:
    if node.op == "activation":
        return called(node)
    word = {"add": "the sum", "mul": "the product", "concat": "the concatenation", "output": "the output"}.get(
        node.op, node.op
    )
    return f"{word} '{node.place.layer}'" if node.place.layer and node.op not in ("add", "mul", "concat", "output") else word


def _told(node: Node, message: str, proof: str, related: tuple[Place, ...]) -> Finding:
    return finding(
        "NL205", message, node.place, proof=proof, related=related,
        remedy=Remedy("set", node.place.layer or called(node), "leave inplace out", before="inplace=True", after="inplace=False",
                      expect="backward runs, and every reader gets the values it is meant to"),
    )  # fmt: skip


CHECKS = (inplace_hazard,)
