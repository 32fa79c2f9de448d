"""What a live model is: its kind, task, depth, norm and functions, read from lint's graph of it, each with how it is known."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from nonlin.advise.question import ARCHS, DEEPEST, a
from nonlin.lint.net import AFFINE, Net, Node

__all__ = ["Seen", "look"]

_ENDINGS = ("softmax", "log_softmax")
_LAYERS = (*AFFINE, "recurrent")


@dataclass(frozen=True)
class Seen:
    """What was read of a model; ``how`` says of each word why it was taken."""

    name: str
    arch: str
    task: str
    depth: int
    norm: str
    skips: bool
    functions: Mapping[str, int]
    """Function -> how often it stands in the hidden layers."""
    output: str
    """The function it ends with; empty for none."""
    width: int | None
    """Length of its output, where known."""
    inputs: int | None
    """Length of what its first layer reads, where known: features, or channels."""
    ended: bool = True
    """Whether the way from the last layer to the output could be followed."""
    how: Mapping[str, str] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    """What lint finds in it, errors and warnings, one line each."""


def look(model: Any, loss: Any = None, batch: Any = None) -> Seen:
    """Return what a model is, as ``nonlin.lint`` reads it; nothing of it is changed.

    Args:
        model: a ``torch.nn.Module`` or a Keras model.
        loss: as for ``nonlin.lint``; it tells the task best.
        batch: ``(inputs, targets)``, for models that torch.fx cannot trace.

    Raises:
        ModelError, DataError, ParameterError: as :func:`nonlin.lint.lint`.

    >>> from torch import nn
    >>> seen = look(nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 1), nn.Sigmoid()))
    >>> seen.arch, seen.task, seen.depth, dict(seen.functions)
    ('mlp', 'binary', 1, {'tanh': 1})
    """
    from nonlin.findings import Severity, ranked
    from nonlin.lint.checks import run
    from nonlin.lint.model import read

    net = read(model, loss, batch)
    end = _end(net)
    ending, width = _ending(net, end), _width(net, end)
    hidden = [n for i, n in enumerate(net.nodes) if n.op == "activation" and not _is_end(net, i, end)]
    arch, why = _arch(net, ending)
    task, told = _task(net, ending, width, arch)
    gates = _gates(net) if arch == "transformer" else {}
    counts: Counter[str] = Counter(gates.get(id(n), _name(n)) for n in hidden if n.function not in _ENDINGS)
    counts += _of_blocks(net)
    depth = _depth(net, arch)
    norm, seen = _norm(net)
    how = {
        "arch": why,
        "task": told,
        "depth": "its attention layers" if arch == "transformer" else "on its longest way",
        "norm": seen,
    }
    faults = tuple(str(f) for f in ranked(run(net)) if f.severity >= Severity.WARNING)
    skips = _bypassed(net) or bool(_blocks(net))
    return Seen(
        net.name,
        arch,
        task,
        depth,
        norm,
        skips,
        dict(counts),
        ending,
        width,
        _inputs(net),
        _ended(net, end),
        how,
        net.remarks,
        faults,
    )


def _name(node: Node) -> str:
    made = node.attrs.get("definition")
    return str(made.name) if made is not None else node.function or "an unknown function"


# -- the end ----------------------------------------------------------------------------------------------------------


def _end(net: Net) -> int | None:
    """The node that gives the output."""
    if net.outputs:
        return net.outputs[0]
    return len(net.nodes) - 1 if net.nodes else None


def _back(net: Net, index: int | None) -> list[int]:
    """The nodes from the output back to the last layer, as long as each has one input."""
    met: list[int] = []
    while index is not None:
        met.append(index)
        node = net.nodes[index]
        if node.op in _LAYERS or len(node.inputs) != 1:
            break
        index = node.inputs[0]
    return met


def _is_end(net: Net, index: int, end: int | None) -> bool:
    return index in _back(net, end)


def _ending(net: Net, end: int | None) -> str:
    return next((net.nodes[i].function for i in _back(net, end) if net.nodes[i].op == "activation"), "")


def _width(net: Net, end: int | None) -> int | None:
    return next((net.nodes[i].width for i in _back(net, end) if net.nodes[i].width is not None), None)


def _ended(net: Net, end: int | None) -> bool:
    return bool(net.outputs) and all(net.nodes[i].op != "unknown" for i in _back(net, end))


def _inputs(net: Net) -> int | None:
    first = next((n for n in net.nodes if n.op in AFFINE), None)
    found = None if first is None else first.attrs.get("in_features", getattr(first.module, "in_channels", None))
    return found if isinstance(found, int) else None


# -- what kind --------------------------------------------------------------------------------------------------------


def _ops(net: Net) -> Counter[str]:
    return Counter(n.op for n in net.nodes)


def _functions(net: Net) -> Counter[str]:
    return Counter(n.function for n in net.nodes if n.op == "activation")


def _attends(net: Net) -> bool:
    """Whether a softmax weights a product, as attention written by hand does, or there is an attention module."""
    if _ops(net)["attention"] or _holds(net, "MultiheadAttention"):
        return True
    return any(
        n.op == "activation" and n.function == "softmax" and any(net.nodes[k].op == "matmul" for k in net.consumers(i))
        for i, n in enumerate(net.nodes)
    )


def _layers(net: Net) -> list[int]:
    """For each node, layers on the longest way to it."""
    longest: list[int] = []
    for node in net.nodes:  # inputs stand before what reads them
        before = max((longest[i] for i in node.inputs), default=0)
        stacked = getattr(node.module, "num_layers", 1) if node.op == "recurrent" else 1
        longest.append(before + (stacked if node.op in _LAYERS or node.op == "attention" else 0))
    return longest


def _bypassed(net: Net) -> bool:
    """Whether a sum adds what went through more layers to what went through fewer: not a mean and noise, nor two embeddings."""
    longest = _layers(net)
    return any(n.op == "add" and len({longest[i] for i in n.inputs}) > 1 for n in net.nodes)


_GATED: Mapping[str, str] = {"silu": "swiglu", "gelu": "geglu", "gelu_tanh": "geglu", "relu": "reglu", "sigmoid": "glu"}
"""Gated units by the function of their gate."""


def _gates(net: Net) -> dict[int, str]:
    """Activations that are multiplied by another projection of the same input: gates of gated units, as SwiGLU written by hand."""
    found = {}
    for i, node in enumerate(net.nodes):
        if node.op == "activation" and node.function in _GATED and len(node.inputs) == 1:
            for k in net.consumers(i):
                others = [j for j in net.nodes[k].inputs if j != i] if net.nodes[k].op == "mul" else []
                if any(net.nodes[j].op == "linear" and j not in node.inputs for j in others):
                    found[id(node)] = _GATED[node.function]
    return found


def _blocks(net: Net) -> list[Any]:
    """PyTorch's own transformer layers, within what could not be followed."""
    modules = getattr(net.model, "modules", None)
    if modules is None or net.complete:
        return []
    return [m for m in modules() if type(m).__name__ in ("TransformerEncoderLayer", "TransformerDecoderLayer")]


def _of_blocks(net: Net) -> Counter[str]:
    """The functions of PyTorch's own transformer layers, which they hold as an attribute."""
    names = [getattr(b.activation, "__name__", type(b.activation).__name__).lower() for b in _blocks(net)]
    return Counter(names)


def _holds(net: Net, name: str) -> int:
    """How many modules of a class the model has, also within what could not be followed."""
    modules = getattr(net.model, "modules", None)
    return sum(type(m).__name__ == name for m in modules()) if modules is not None and not net.complete else 0


_KINDS: tuple[tuple[str, Callable[[Net, str], bool], str], ...] = (
    ("siren", lambda net, end: _functions(net)["sin"] >= 2, "its layers are followed by sines"),
    ("rnn", lambda net, end: _ops(net)["recurrent"] > 0, "it has recurrent layers"),
    ("transformer", lambda net, end: _attends(net), "it has attention"),
    ("gan-generator", lambda net, end: _ops(net)["conv_transpose"] >= 2 and not _ops(net)["conv"] and end in ("tanh", "sigmoid"),
     "transposed convolutions only, and a bounded end"),
    ("unet", lambda net, end: _rejoins(net), "it goes down, comes up again, and joins both ways"),
    ("gan-discriminator", lambda net, end: _judges(net, end), "strided convolutions, leaky ReLU and one output"),
    ("autoencoder", lambda net, end: _ops(net)["conv_transpose"] > 0 and _ops(net)["conv"] > 0,
     "convolutions down and transposed convolutions up"),
    ("resnet", lambda net, end: _ops(net)["conv"] > 0 and _bypassed(net), "convolutions with sums that bypass them"),
    ("cnn", lambda net, end: _ops(net)["conv"] > 0, "it has convolutions"),
    ("recommender", lambda net, end: _ops(net)["embedding"] >= 2, "it joins several embeddings"),
    ("self-normalising", lambda net, end: _functions(net)["selu"] >= 2 and not _ops(net)["norm"], "its functions are SELU, without norm"),
    ("autoencoder", lambda net, end: _hourglass(net), "it narrows and comes back to the width of its input"),
    ("mlp", lambda net, end: True, "it is made of linear layers"),
)  # fmt: skip
"""Kinds of networks and what they are known by; the first that holds."""


def _rejoins(net: Net) -> bool:
    """Whether what was made larger again is joined with what never was made smaller, as in a U-Net."""
    longest = _layers(net)
    larger = any(n.op == "conv_transpose" or n.attrs.get("kind") in ("interpolate", "upsample") for n in net.nodes)
    joined = any(n.op == "concat" and len({longest[i] for i in n.inputs}) > 1 for n in net.nodes)
    return _ops(net)["conv"] > 0 and larger and joined


def _judges(net: Net, ending: str) -> bool:
    """Whether it is built as discriminators are: convolutions with strides, no maximum pooling, leaky ReLU, and one number."""
    convolutions = [n for n in net.nodes if n.op == "conv"]
    strided = [n for n in convolutions if max(getattr(n.module, "stride", (1,))) > 1]
    between = {n.function for n in net.nodes if n.op == "activation"} - ({ending} if ending else set())
    bound = [n.attrs.get("definition") for n in net.nodes if n.function == "leaky_relu"]
    steep = any(d is not None and float(d.defaults["slope"]) >= 0.1 for d in bound)
    return (
        len(strided) >= 2
        and not _ops(net)["max_pool"]
        and between == {"leaky_relu"}
        and steep
        and _width(net, _end(net)) == 1
        and ending in ("", "sigmoid")
    )


def _hourglass(net: Net) -> bool:
    layers = [n for n in net.nodes if n.op == "linear"]
    widths = [n.attrs.get("out_features") for n in layers]
    first = layers[0].attrs.get("in_features") if layers else None
    known = [w for w in widths if isinstance(w, int)]
    return isinstance(first, int) and len(known) == len(widths) >= 3 and known[-1] == first and 2 * min(known[:-1]) <= first


def _arch(net: Net, ending: str) -> tuple[str, str]:
    return next((name, why) for name, holds, why in _KINDS if holds(net, ending))


_BY_LOSS: Mapping[str, str] = {
    "cross_entropy": "multiclass", "nll": "multiclass", "categorical": "multiclass", "mse": "regression", "l1": "regression",
    "huber": "regression", "poisson": "count",
}  # fmt: skip
_BY_ENDING: Mapping[str, str] = {
    "softmax": "multiclass", "log_softmax": "multiclass", "softplus": "positive", "exp": "positive", "tanh": "bounded",
}  # fmt: skip


def _task(net: Net, ending: str, width: int | None, arch: str) -> tuple[str, str]:
    """Return the task and how it is known: the loss tells it, else the end, else the number of outputs."""
    kind = net.losses[0].kind if net.losses else ""
    found, why = "", ""
    words = _words(net)
    if arch in ("transformer", "rnn") and width is not None and width in words and not ending:
        found, why = "generation", f"it has as many outputs as tokens: {width}"
    elif kind in _BY_LOSS:
        found, why = _BY_LOSS[kind], f"the loss is {kind}"
    elif kind in ("bce", "bce_logits"):
        found, why = _yes_or_no(width), f"the loss is {kind}, and it has {_outputs(width)}"
    elif ending in _BY_ENDING:
        found, why = _BY_ENDING[ending], f"it ends with {ending}"
    elif ending == "sigmoid":
        found, why = _yes_or_no(width), f"it ends with sigmoid, and has {_outputs(width)}"
    elif not _ended(net, _end(net)):
        found, why = "multiclass", "its end could not be followed: give the task, or a batch so that it can be run"
    elif width == 1 and arch == "unet":
        found, why = "binary", "one number a pixel, taken for a mask's logit; give --task regression if it is a quantity"
    elif width == 1:
        found, why = "regression", "it has one output and no function there; give --task binary if that is a logit"
    else:
        found, why = "multiclass", f"it has {_outputs(width)} and no function there; give --task if they mean something else"
    allowed = ARCHS[arch].tasks
    if found not in allowed:
        return allowed[0], f"the usual for {a(arch)}"
    return found, why


def _words(net: Net) -> set[int]:
    """The sizes of its vocabularies."""
    sizes = (n.attrs.get("in_features") for n in net.nodes if n.op == "embedding")
    return {n for n in sizes if isinstance(n, int) and n > 2}


def _yes_or_no(width: int | None) -> str:
    return "multilabel" if width is not None and width > 1 else "binary"


def _outputs(width: int | None) -> str:
    return "an unknown number of outputs" if width is None else f"{width} output{'s' if width > 1 else ''}"


# -- how deep, how normalised ------------------------------------------------------------------------------------------


def _depth(net: Net, arch: str) -> int:
    """Hidden layers on the longest way from input to output; of a transformer, its blocks."""
    if arch == "transformer":
        heads = (
            _holds(net, "MultiheadAttention")
            or sum(n.op == "attention" for n in net.nodes)
            or sum(
                n.op == "activation"
                and n.function == "softmax"
                and any(net.nodes[k].op == "matmul" for k in net.consumers(i))
                for i, n in enumerate(net.nodes)
            )
        )
        return max(1, heads)
    return min(max(1, max(_layers(net), default=1) - 1), DEEPEST)


def _classes(net: Net) -> list[str]:
    """The classes of all modules, also of those written by hand or not followed."""
    modules = getattr(net.model, "modules", None)
    return [type(m).__name__ for m in modules()] if modules is not None else []


def _norm(net: Net) -> tuple[str, str]:
    kinds = Counter(str(n.attrs.get("kind", "")) for n in net.nodes if n.op == "norm")
    known = {k: n for k, n in kinds.items() if k in ("batch", "layer", "rms", "group")}
    if not kinds:
        for part, kind in (("batchnorm", "batch"), ("rmsnorm", "rms"), ("layernorm", "layer"), ("groupnorm", "group")):
            held = [n for n in _classes(net) if part in n.lower()]
            if held:
                return kind, f"{len(held)} {held[0]}"
        return "none", ""
    most = max(known, key=lambda k: known[k]) if known else "none"
    others = ", ".join(f"{n} {k or 'unknown'}" for k, n in kinds.items())
    return most, f"normalisation layers: {others}"
