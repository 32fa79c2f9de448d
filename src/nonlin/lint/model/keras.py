"""Reading a Keras 3 model: its functional graph, which Keras keeps, with weights, the compiled loss and the optimiser.

Sequential and functional models are read without running them; the inside of a subclassed model is not known to Keras, and
nothing is said about it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import torch

from nonlin.catalogue import Definition
from nonlin.errors import NonlinError
from nonlin.findings import Place
from nonlin.lint.model import losses as known_losses
from nonlin.lint.model.batches import split
from nonlin.lint.model.building import Builder
from nonlin.lint.model.targets import facts
from nonlin.lint.net import Loss, Net
from nonlin.lint.source.keras import LAYERS
from nonlin.lint.source.names import canonical
from nonlin.peers import find

_WRAPPERS = ("TimeDistributed", "Bidirectional", "SpectralNormalization")
_OPS = {"Add": "add", "Subtract": "add", "Multiply": "mul", "Matmul": "matmul", "Concatenate": "concat", "Reshape": "reshape",
        "Transpose": "transpose", "GetItem": "select", "Mean": "reduce", "Max": "reduce", "Sum": "reduce", "Flatten": "flatten",
        "Cast": "cast", "Squeeze": "reshape", "ExpandDims": "reshape"}  # fmt: skip
"""Operations of keras.ops that stand in a functional graph, by the name of their class."""
_LOGITS = {"categorical": "cross_entropy", "bce": "bce_logits"}
"""What a loss of probabilities is with from_logits=True."""


def read_keras(model: Any, loss: Any = None, batch: Any = None, optimizer: Any = None) -> Net:
    """Return the graph of a Keras model; ``loss`` and ``optimizer`` are those it was compiled with unless given.

    Raises:
        DataError: the targets of the batch are not numbers; ParameterError: the loss is not known by this name.
    """
    reading = _Reading()
    remarks: list[str] = []
    outputs: list[int] = []
    inner = getattr(model, "_functional", None) or model
    if hasattr(inner, "operations") and getattr(inner, "outputs", None):
        for tensor in inner.inputs:
            reading.known[id(tensor)] = reading.builder.add("input", place=Place(tensor.name), shape=tuple(tensor.shape))
        outputs = [reading.follow(tensor, "") for tensor in inner.outputs]
    elif type(model).__name__ == "Sequential":
        outputs = [reading.chain(model.layers, reading.builder.add("input", place=Place("input")), "")]
    else:
        remarks.append(
            f"{type(model).__name__} is a subclassed model, whose inside Keras does not know; make it with the functional API, or "
            "lint its source"
        )
        outputs = [reading.builder.add("unknown", place=Place(type(model).__name__))]
    nodes, ends, _ = reading.builder.finish(outputs)
    blind = [str(n.place) for n in nodes if n.op == "unknown"]
    if blind and not remarks:
        remarks.append(f"not followed: {', '.join(dict.fromkeys(blind))}; what depends on it is not judged")
    if not blind and not any(n.op in ("activation", "recurrent", "attention") for n in nodes):
        remarks.append(f"no activation function was found in {model.name}")
    given = split(batch)
    compiled = loss if loss is not None else getattr(model, "loss", None)
    return Net(
        name=str(model.name),
        nodes=nodes,
        outputs=ends,
        losses=tuple(_losses(compiled, ends)),
        targets=facts(given.targets) if given else None,
        reader="calls",
        framework="keras",
        complete=not blind,
        remarks=tuple(remarks),
        model=model,
        settings={
            **_settings(optimizer or getattr(model, "optimizer", None)),
            **({"inputs": given.tensors()} if given else {}),
        },
    )


class _Reading:
    """Follows Keras' own record of which operation made which tensor."""

    def __init__(self) -> None:
        self.builder = Builder()
        self.known: dict[int, int] = {}

    def follow(self, tensor: Any, prefix: str) -> int:
        """Return the node of a symbolic tensor, after those it depends on."""
        order, stack = [], [tensor]
        seen: set[int] = set()
        while stack:  # depth first without recursion: models may be deeper than Python's stack
            here = stack[-1]
            if id(here) in self.known or id(here) in seen:
                stack.pop()
                if id(here) not in self.known:
                    order.append(here)
                    self.known[id(here)] = self._made(here, prefix)
                continue
            seen.add(id(here))
            stack.extend(_sources(here))
        return self.known[id(tensor)]

    def _made(self, tensor: Any, prefix: str) -> int:
        operation, _, _ = tensor._keras_history
        inputs = [self.known[id(t)] for t in _sources(tensor)]
        return self.layer(operation, inputs, prefix, tuple(tensor.shape))

    def chain(self, layers: Iterable[Any], at: int, prefix: str) -> int:
        """Append layers one after the other."""
        for layer in layers:
            at = self.layer(layer, [at], prefix, None)
        return at

    def layer(self, layer: Any, inputs: list[int], prefix: str, shape: Any) -> int:
        """Append what one layer does, its activation as a node of its own, and return the last node."""
        kind = type(layer).__name__
        name = f"{prefix}{layer.name}"
        common: dict[str, Any] = {"place": Place(name), "shape": shape, "owner": name, "module": layer}
        if kind == "InputLayer":
            return inputs[0] if inputs else self.builder.add("input", place=Place(name), shape=shape)
        inner = getattr(layer, "_functional", None) or layer
        if hasattr(inner, "operations") and getattr(inner, "outputs", None):  # a model inside a model
            nested = _Reading()
            nested.builder = self.builder
            nested.known = dict(zip((id(t) for t in inner.inputs), inputs, strict=False))
            ends = [nested.follow(t, f"{name}/") for t in inner.outputs]
            return ends[0]
        if kind in _WRAPPERS:
            return self.layer(layer.forward_layer if kind == "Bidirectional" else layer.layer, inputs, f"{name}/", shape)
        made = _activation(layer, kind)
        if made is not None:
            return self._activate(made, inputs, common)
        row = LAYERS.get(f"keras.layers.{kind}")
        op = row.op if row is not None and not row.special else _OPS.get(kind, "unknown")
        attrs = {**(dict(row.facts) if row is not None else {}), **_facts(layer, op)}
        at = self.builder.add(op, inputs, attrs=attrs, **common)
        called = getattr(layer, "activation", None)
        if op in ("linear", "conv", "conv_transpose") and called is not None and _spelled(called) != "linear":
            found = _function(called)
            own = {**common, "owner": f"{name}.activation"}
            return self._activate(found, [at], own) if found else self.builder.add("activation", [at], **own)
        return at

    def _activate(self, made: tuple[Definition, Any], inputs: list[int], common: dict[str, Any]) -> int:
        definition, axis = made
        attrs: dict[str, Any] = {"definition": definition, "kind": definition.kind, "inplace": False}
        attrs["learnable"] = bool(getattr(common["module"], "trainable_weights", []))
        if definition.kind != "elementwise":
            attrs["dim"] = axis if isinstance(axis, int) else -1
        name = definition.name.partition("(")[0]
        return self.builder.add("activation", inputs, function=name, attrs=attrs, **common)


def _sources(tensor: Any) -> list[Any]:
    operation, index, _ = tensor._keras_history
    nodes = operation._inbound_nodes
    return list(nodes[index].input_tensors) if index < len(nodes) and type(operation).__name__ != "InputLayer" else []


def _spelled(function: Any) -> str:
    return str(getattr(function, "__name__", type(function).__name__))


def _function(function: Any) -> tuple[Definition, Any] | None:
    """Return the function of a layer's ``activation`` argument: a function of Keras, or a layer."""
    if not hasattr(function, "__name__"):
        return _activation(function, type(function).__name__)
    try:
        return find("keras", f"activations.{_spelled(function)}").definition, -1
    except NonlinError:
        return None


def _activation(layer: Any, kind: str) -> tuple[Definition, Any] | None:
    """Return the function of an activation layer with its arguments, or of an operation of keras.ops that is one; or None."""
    if kind == "Activation":
        return _function(layer.activation)
    if kind in LAYERS or kind in _OPS:
        return None
    given = layer.get_config() if hasattr(layer, "get_config") else {}
    public = canonical(f"keras.layers.{kind}").removeprefix("keras.")
    tries = [(public, {k: v for k, v in given.items() if isinstance(v, int | float) and k in _ARGUMENTS}), (public, {})]
    if type(layer).__module__.startswith("keras.src.ops"):
        tries = [(f"ops.{_snake(kind)}", {})]
    for name, arguments in tries:
        try:
            return find("keras", name, **arguments).definition, given.get("axis", getattr(layer, "axis", -1))
        except NonlinError:  # not one of theirs, or with arguments that the table has no name for
            continue
    return None


_ARGUMENTS = ("negative_slope", "alpha", "max_value", "threshold")


def _snake(name: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() and i else c.lower() for i, c in enumerate(name))


def _facts(layer: Any, op: str) -> dict[str, Any]:
    """Return widths and weights of a layer, the weight in PyTorch's order of axes."""
    attrs: dict[str, Any] = {"features_dim": -1} if op not in ("flatten", "reshape", "transpose", "select") else {}
    for theirs, ours in (("units", "out_features"), ("filters", "out_features"), ("output_dim", "out_features"), ("rate", "p"),
                         ("groups", "groups")):  # fmt: skip
        if isinstance(getattr(layer, theirs, None), int | float):
            attrs[ours] = getattr(layer, theirs)
    if "Depthwise" in type(layer).__name__ or "Separable" in type(layer).__name__:
        attrs["groups"] = 2  # more than one: what counts is that it is grouped
    if "use_bias" in vars(layer):
        attrs["bias"] = bool(layer.use_bias)
    kernel = (
        getattr(layer, "kernel", None)
        if getattr(layer, "built", False) and op in ("linear", "conv", "conv_transpose")
        else None
    )
    if kernel is None or attrs.get("groups", 1) != 1:
        return attrs
    values = _numbers(kernel)
    if op == "linear" and values.ndim == 2:
        attrs |= {"weight": torch.as_tensor(values.T.copy()), "in_features": values.shape[0]}
    elif op == "conv":  # (*window, in, out) -> (out, in, *window)
        attrs |= {"weight": torch.as_tensor(np.moveaxis(values, (-1, -2), (0, 1)).copy()), "in_features": values.shape[-2]}
    elif op == "conv_transpose":  # (*window, out, in) -> (in, out, *window)
        attrs |= {"weight": torch.as_tensor(np.moveaxis(values, (-1, -2), (0, 1)).copy()), "in_features": values.shape[-1]}
        attrs["stride"] = tuple(layer.strides)
    attrs["trained"] = bool(layer.trainable)
    bias = getattr(layer, "bias", None)
    if bias is not None:
        attrs["bias_weight"] = torch.as_tensor(_numbers(bias))
    return attrs


def _numbers(variable: Any) -> Any:
    """Return a Keras variable's numbers as a float64 array, whatever the backend."""
    value = getattr(variable, "value", variable)
    if hasattr(value, "detach"):
        value = value.detach().cpu().numpy()
    return np.asarray(value).astype(np.float64)


def _losses(loss: Any, ends: tuple[int, ...]) -> Iterable[Loss]:
    """Yield the losses of the outputs: one for all, a list, or a dictionary in the order of the outputs."""
    if loss is None or not ends:
        return
    each = (
        list(loss.values())
        if isinstance(loss, Mapping)
        else list(loss)
        if isinstance(loss, list | tuple)
        else [loss] * len(ends)
    )
    for end, one in zip(ends, each, strict=False):
        if one is not None:
            yield _loss(one, end)


def _loss(loss: Any, end: int) -> Loss:
    name = loss if isinstance(loss, str) else _spelled(loss)
    plain = name if name.islower() else _snake(name)
    try:
        row = known_losses.by_name(plain)
    except NonlinError:
        if isinstance(loss, str):
            raise
        return Loss("unknown", end, Place(), name)
    config = loss.get_config() if hasattr(loss, "get_config") else {}
    logits = bool(config.get("from_logits", row.attrs.get("from_logits", False)))
    attrs = {**row.attrs, **{k: v for k, v in config.items() if k in ("from_logits", "label_smoothing", "ignore_class")}}
    kind = _LOGITS.get(row.kind, row.kind) if logits else row.kind
    if row.kind in _LOGITS or row.kind in _LOGITS.values():
        attrs["from_logits"] = logits
    return Loss(
        kind, end, Place(), repr(loss) if isinstance(loss, str) else f"{name}({'from_logits=True' if logits else ''})", attrs
    )


def _settings(optimizer: Any) -> dict[str, Any]:
    if optimizer is None:
        return {}
    if isinstance(optimizer, Mapping):
        return dict(optimizer)
    if isinstance(optimizer, str):
        return {"optimizer": optimizer}
    found: dict[str, Any] = {"optimizer": type(optimizer).__name__}
    rate = getattr(optimizer, "_learning_rate", None)
    if hasattr(rate, "value") or isinstance(rate, int | float):  # a schedule is left unjudged
        found["lr"] = float(_numbers(rate)) if not isinstance(rate, int | float) else float(rate)
    return found
