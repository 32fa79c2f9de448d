"""Initialise the weights of each layer for the activation that follows it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

import numpy as np
import torch
from torch import nn
from torch.fx import Graph, Node, Tracer
from torch.nn.modules.lazy import LazyModuleMixin
from torch.overrides import TorchFunctionMode

from nonlin.errors import ModelError, ParameterError
from nonlin.facts.moments import EDGE, GainKind
from nonlin.facts.moments import gain as gain_of
from nonlin.nn.base import ActivationModule
from nonlin.nn.maxout import MaxoutLinear
from nonlin.nn.recognise import Found, recognise, recognise_call

_CONVS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)
_TRANSPOSED = (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)
_LAYERS = (nn.Linear, *_CONVS, *_TRANSPOSED, MaxoutLinear)
_STOPS = (*_LAYERS, nn.Embedding, nn.RNNBase, nn.RNNCellBase, nn.MultiheadAttention, nn.Bilinear)
"""Modules with weights of their own: what follows them does not follow the layer before them."""
_SEES_THROUGH = ("view", "reshape", "flatten", "permute", "transpose", "contiguous", "squeeze", "unsqueeze", "dropout",
                 "add", "iadd", "sub", "batch_norm", "layer_norm", "group_norm", "instance_norm", "max_pool", "avg_pool",
                 "interpolate", "pad", "to", "float", "chunk", "split", "getitem", "cat")  # fmt: skip
"""Beginnings of the names of functions that pass a pre-activation on to the activation."""


class Initialised(NamedTuple):
    """One layer: its path, the activation found after it ("linear" for none), gain, and standard deviation."""

    path: str
    activation: str
    gain: float
    std: float
    note: str = ""


@dataclass
class InitReport:
    """What ``init_`` did: ``layers``, ``skipped`` (path, reason), and ``order``: how it knew what follows what."""

    order: str
    layers: list[Initialised] = field(default_factory=list)
    skipped: list[tuple[str, str]] = field(default_factory=list)

    def __str__(self) -> str:
        lines = [f"initialised {len(self.layers)} layers; what follows each was read from {self.order}"]
        for row in self.layers:
            note = f" ({row.note})" if row.note else ""
            lines.append(
                f"  {row.path or '(the model itself)'}: {row.activation}, gain {row.gain:.6g}, std {row.std:.4g}{note}"
            )
        return "\n".join(lines + [f"  left alone {path or '(the model itself)'}: {why}" for path, why in self.skipped])


class _Follower(NamedTuple):
    """What comes after a layer, and anything a reader should know about how that was decided."""

    found: Found | None
    note: str = ""


def init_(
    model: nn.Module,
    *,
    mode: Literal["fan_in", "fan_out", "fan_avg"] = "fan_in",
    distribution: Literal["normal", "uniform", "orthogonal"] = "normal",
    kind: GainKind | Literal["linear"] = "forward",
    embeddings: bool = False,
    seed: int | None = None,
    example: Any = None,
) -> InitReport:
    """Draw the weights of every linear and convolutional layer for the activation that follows it; biases become 0.

    ``std = gain / sqrt(fan)`` with the gain of :func:`nonlin.facts.gain`: what the Gaussian moments of the function give
    (ReLU sqrt(2), SELU 1 (LeCun normal), tanh 1.593, sigmoid 1.846), not the conventions of ``calculate_gain``. No
    activation before the next layer or the output: gain 1. Normalisation, dropout, pooling, reshaping and sums are
    looked through. Normalisation layers and recurrent layers are left alone.

    The schemes with names are choices of these: He ``mode="fan_in"`` (the default), Glorot (Xavier) ``mode="fan_avg"``, LeCun
    ``kind="linear"``, orthogonal ``distribution="orthogonal"``; each with the gain of the function that is really there.

    Args:
        model: changed in place.
        mode: ``"fan_in"`` keeps the size of signals forward, ``"fan_out"`` that of gradients backward, ``"fan_avg"``, their mean,
            is between them. Of a transposed convolution the fan in is the average number of weights that reach an output.
        distribution: ``"normal"``; ``"uniform"``, or ``"orthogonal"`` (rows, or columns if there are fewer, orthogonal, in each
            group of a convolution), with the same standard deviation.
        kind: which gain: ``"forward"``, ``"variance"``, ``"backward"`` (goes with ``mode="fan_out"``), or ``"linear"``: 1 for all.
        embeddings: draw embeddings as well: one weight meets in an output, so their fan in is 1; the row of padding stays 0.
            Else they are left alone, as they are where their weight is that of a layer, too.
        seed: makes the weights repeatable, the same on every device; None draws from PyTorch's global generator.
        example: an input, or tuple of inputs. The model is run on it once, in evaluation mode, which sizes lazy
            layers and, where torch.fx cannot trace the model, tells the order in which layers and activations run.

    Raises:
        ModelError: no layer to initialise, lazy parameters without ``example``, or parameters on the meta device.
        ParameterError: an option that is not allowed, or an activation without a gain of this kind.

    >>> print(init_(nn.Sequential(nn.Linear(50, 50), nn.ReLU(), nn.Linear(50, 1)), seed=0))
    initialised 2 layers; what follows each was read from the traced graph
      0: relu, gain 1.41421, std 0.2
      2: linear, gain 1, std 0.1414
    """
    _check(model, mode, distribution, kind)
    if not isinstance(embeddings, bool):
        raise ParameterError(f"embeddings must be True or False, not {embeddings!r}")
    events = _run(model, example) if example is not None else None
    layers = _layers(model, embeddings)
    order, followers = _followers(model, layers, events)
    followers |= _in_transformers(model)
    rows, skipped = [], []
    for path, layer in layers.items():
        follower = followers.get(path, _Follower(None, "never reached from the input"))
        if "weight" not in layer._parameters:
            skipped.append((path, "its weight is computed from other parameters (a parametrisation)"))
            continue
        rows.append((layer, _row(path, layer, follower, mode, kind)))
    generator = None if seed is None else torch.Generator().manual_seed(seed)
    for layer, row in rows:  # only now, so that an error changes nothing
        _draw(layer, row.std, distribution, generator)
    report = InitReport(order, [row for _, row in rows], skipped)
    left = [
        (p, m) for p, m in model.named_modules() if isinstance(m, _STOPS) and not isinstance(m, _LAYERS) and p not in layers
    ]
    report.skipped += [(p, f"{type(m).__name__} has a rule of its own") for p, m in left]
    return report


def _check(model: Any, mode: str, distribution: str, kind: str) -> None:
    if not isinstance(model, nn.Module):
        raise ModelError(f"model must be a torch.nn.Module, not {type(model).__name__}")
    for name, value, allowed in (
        ("mode", mode, ("fan_in", "fan_out", "fan_avg")),
        ("distribution", distribution, ("normal", "uniform", "orthogonal")),
        ("kind", kind, ("forward", "variance", "backward", "linear")),
    ):
        if value not in allowed:
            raise ParameterError(f"{name} must be one of {', '.join(map(repr, allowed))}, not {value!r}")


def _layers(model: nn.Module, embeddings: bool) -> dict[str, nn.Module]:
    """Return path -> layer to initialise, after checking that each has weights to draw."""
    attention = tuple(f"{path}." for path, m in model.named_modules() if isinstance(m, nn.MultiheadAttention))
    layers: dict[str, nn.Module] = {}
    for path, m in model.named_modules():
        if isinstance(m, _LAYERS) and not f"{path}.".startswith(attention or ("\0",)):
            layers[path] = m
    if embeddings:
        tied = {id(p) for m in layers.values() for p in m.parameters()}
        own = {path: m for path, m in model.named_modules() if isinstance(m, nn.Embedding) and id(m.weight) not in tied}
        layers |= own
    for path, m in model.named_modules():
        if isinstance(m, LazyModuleMixin) and m.has_uninitialized_params():  # type: ignore[misc]
            raise ModelError(
                f"the layer {path!r} ({type(m).__name__}) does not know its size yet; pass example=an input, or run the "
                "model once before initialising it"
            )
    for path, m in layers.items():
        if any(p.is_meta for p in m.parameters()):
            raise ModelError(
                f"the layer {path!r} is on the meta device, without memory for weights; call model.to_empty(device=...)"
            )
    if not layers:
        raise ModelError(f"{type(model).__name__} has no linear or convolutional layer to initialise")
    return layers


def _row(path: str, layer: nn.Module, follower: _Follower, mode: str, kind: GainKind | Literal["linear"]) -> Initialised:
    found, note = follower
    name, value = "linear", 1.0
    if kind == "linear":
        name = name if found is None else found.definition.name
    elif isinstance(layer, MaxoutLinear):
        name, value = f"maxout of {layer.pieces}", _maxout_gain(layer.pieces, kind)
    elif found is not None and found.definition.kind == "elementwise":
        name, value = found.definition.name, gain_of(found.definition, kind)
    return Initialised(path, name, value, value / math.sqrt(_fan(layer, mode)), note)


def _maxout_gain(pieces: int, kind: GainKind) -> float:
    """Return the gain of the largest of ``pieces`` independent normal numbers; backward, only one piece counts per unit."""
    from scipy.special import ndtr

    if kind == "backward":
        return 1.0
    z, w = np.polynomial.legendre.leggauss(256)
    z, w = EDGE * z, EDGE * w
    density = pieces * np.exp(-z * z / 2) / math.sqrt(2 * math.pi) * ndtr(z) ** (pieces - 1) * w
    mean, square = float((z * density).sum()), float((z * z * density).sum())
    return 1 / math.sqrt(square if kind == "forward" else square - mean**2)


def _fan(layer: Any, mode: str) -> float:
    """Return the number of weights that meet in one output (fan in), that leave one input (fan out), or their mean."""
    if mode == "fan_avg":
        return (_fan(layer, "fan_in") + _fan(layer, "fan_out")) / 2
    if isinstance(layer, nn.Embedding):
        return 1.0 if mode == "fan_in" else float(layer.embedding_dim)
    if isinstance(layer, MaxoutLinear):
        return float(layer.in_features if mode == "fan_in" else layer.out_features)
    if isinstance(layer, nn.Linear):
        return float(layer.in_features if mode == "fan_in" else layer.out_features)
    window = math.prod(layer.kernel_size) / layer.groups
    if isinstance(layer, _TRANSPOSED) and mode == "fan_in":
        window /= math.prod(layer.stride)
    return float(window * (layer.in_channels if mode == "fan_in" else layer.out_channels))


def _draw(layer: Any, std: float, distribution: str, generator: torch.Generator | None) -> None:
    with torch.no_grad():
        # on the CPU and in float32, so that a seed means the same weights on every device and for every dtype
        fresh = torch.empty(layer.weight.shape, dtype=torch.float32)
        if distribution == "uniform":
            fresh.uniform_(-std * math.sqrt(3), std * math.sqrt(3), generator=generator)
        else:
            fresh.normal_(0.0, std, generator=generator)
        if distribution == "orthogonal":
            groups = getattr(layer, "groups", 1)
            fresh = torch.cat([_orthogonal(part, std) for part in fresh.chunk(groups)])
        if getattr(layer, "padding_idx", None) is not None:
            fresh[layer.padding_idx] = 0
        layer.weight.copy_(fresh)
        if getattr(layer, "bias", None) is not None:
            layer.bias.zero_()


def _orthogonal(normal: Any, std: float) -> Any:
    """Turn normal numbers into a matrix with orthogonal rows (or columns) whose entries have this standard deviation."""
    flat = normal.reshape(len(normal), -1).double()
    tall = flat if flat.shape[0] >= flat.shape[1] else flat.T
    q, r = torch.linalg.qr(tall)
    q = q * r.diagonal().sign()  # else the law would not be uniform over all orthogonal matrices
    q = q if tall is flat else q.T
    return (q * (std * math.sqrt(max(flat.shape)))).reshape(normal.shape).float()


# -- what follows what ---------------------------------------------------------------------------------------


class _Leaves(Tracer):
    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        return isinstance(m, (*_STOPS, ActivationModule)) or super().is_leaf_module(m, module_qualified_name)


def _followers(model: nn.Module, layers: dict[str, nn.Module], events: list[Any] | None) -> tuple[str, dict[str, _Follower]]:
    """Return how the order was found, and path -> what follows the layer."""
    if "" in layers:
        return "the model, which is one layer", {"": _Follower(None)}
    try:
        graph = _Leaves().trace(model)
        return "the traced graph", _from_graph(model, graph, layers)
    except Exception as err:  # the user's code runs on proxies here and may raise anything
        first = (str(err).strip().splitlines() or [""])[0]
        why = f"torch.fx cannot trace it ({type(err).__name__}: {first})"
    if events is not None:
        return f"the order in which the example ran; {why}", _from_events(events, layers)
    order = "the order of the Sequential" if type(model) is nn.Sequential else "the order of registration"
    return f"{order}, functional calls unseen; {why}", _from_events(_registered(model), layers)


def _from_graph(model: nn.Module, graph: Graph, layers: dict[str, nn.Module]) -> dict[str, _Follower]:
    paths = {id(m): path for path, m in layers.items()}
    order = {n: i for i, n in enumerate(graph.nodes)}
    followers: dict[str, _Follower] = {}
    for node in graph.nodes:
        if node.op == "call_module":
            path = paths.get(id(model.get_submodule(str(node.target))))
            if path is not None and path not in followers:
                met = sorted(_after(model, node), key=lambda item: order[item[0]])
                names = list(dict.fromkeys(f.name for _, f in met))
                note = f"also followed by {', '.join(names[1:])}" if len(names) > 1 else ""
                followers[path] = _Follower(met[0][1] if met else None, note)
    return followers


def _after(model: nn.Module, start: Node) -> list[tuple[Node, Found]]:
    """Return the activations that a layer's output reaches without passing another layer."""
    met: list[tuple[Node, Found]] = []
    seen: set[Node] = set()
    stack = list(start.users)
    while stack:
        node = stack.pop()
        if node in seen or node.op == "output":
            continue
        seen.add(node)
        if node.op == "call_module":
            module = model.get_submodule(str(node.target))
            found = recognise(module)
            through = not isinstance(module, _STOPS)
        else:
            found = recognise_call(node.target, tuple(node.args), node.kwargs)
            name = node.target if isinstance(node.target, str) else getattr(node.target, "__name__", "")
            through = name.startswith(_SEES_THROUGH) or "pool" in name
        if found is not None:
            met.append((node, found))
        elif through:
            stack.extend(node.users)
    return met


def _in_transformers(model: nn.Module) -> dict[str, _Follower]:
    """Return what follows the layers of torch's transformer blocks, which no trace enters."""
    followers: dict[str, _Follower] = {}
    for path, m in model.named_modules():
        if isinstance(m, nn.TransformerEncoderLayer | nn.TransformerDecoderLayer):
            held: Any = m.activation
            found = recognise(held) if isinstance(held, nn.Module) else recognise_call(held)
            start = f"{path}." if path else ""
            followers |= {f"{start}linear1": _Follower(found), f"{start}linear2": _Follower(None)}
    return followers


def _from_events(events: Iterable[Any], layers: dict[str, nn.Module]) -> dict[str, _Follower]:
    """Read followers off a list of modules and activations in the order they come."""
    paths = {id(m): path for path, m in layers.items()}
    followers: dict[str, _Follower] = {}
    waiting: str | None = None
    for event in events:
        if isinstance(event, Found):
            if waiting is not None:
                followers[waiting] = _Follower(event)
            waiting = None
        else:
            waiting = paths.get(id(event))
            waiting = None if waiting in followers else waiting
            if waiting is not None:
                followers[waiting] = _Follower(None)
    return followers


def _registered(model: nn.Module) -> list[Any]:
    found = [(m, recognise(m)) for m in model.modules()]
    return [met or m for m, met in found if met is not None or isinstance(m, _STOPS)]


class _Recorder(TorchFunctionMode):
    """Notes every functional activation that runs, also the ones that torch's activation modules call."""

    def __init__(self, events: list[Any]) -> None:
        super().__init__()
        self.events = events

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        found = recognise_call(func, tuple(a for a in args), kwargs)
        if found is None and getattr(func, "__objclass__", None) is torch._C.TensorBase:
            found = recognise_call(func.__name__, tuple(args), kwargs)
        if found is not None:
            self.events.append(found)
        return func(*args, **(kwargs or {}))


def _run(model: nn.Module, example: Any) -> list[Any]:
    """Run the model once and return its layers and activations in the order they ran."""
    events: list[Any] = []

    def before(module: nn.Module, args: Any) -> None:
        met = recognise(module) if isinstance(module, ActivationModule) else None
        if met is not None or isinstance(module, _STOPS):
            events.append(met or module)

    modes = [(m, m.training) for m in model.modules()]
    handles = [m.register_forward_pre_hook(before) for m in model.modules()]
    try:
        with torch.no_grad(), _Recorder(events):
            model.eval()(*(example if isinstance(example, tuple) else (example,)))
    except Exception as err:  # the user's model may raise anything
        raise ModelError(f"the model cannot run on the example given: {type(err).__name__}: {err}") from err
    finally:
        for handle in handles:
            handle.remove()
        for m, training in modes:
            m.training = training
    return events
