"""What both readers make of a program: a graph of what happens to the tensors, as far as it is known.

The source reader makes it from text and the model reader from a module; the rules see only this. A node that a reader cannot
follow is ``unknown``, and rules stay silent about what lies behind one: a wrong diagnosis is worse than none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from nonlin.findings import NOWHERE, Place

AFFINE = ("linear", "conv", "conv_transpose", "bilinear")
"""Maps with a learned weight; ``embedding`` is none: its input are indices."""
PLAIN = ("identity", "dropout", "flatten", "reshape", "transpose", "avg_pool", "pad", "cast", "scale")
"""Operations without weights that are linear, or nothing, in their input."""
OPS: Mapping[str, str] = {
    "input": "what the network is given",
    "linear": "affine map over the last axis (Linear, Dense)",
    "conv": "convolution",
    "conv_transpose": "transposed convolution",
    "bilinear": "bilinear map",
    "embedding": "table looked up by index",
    "recurrent": "RNN, LSTM, GRU layer or cell",
    "attention": "multi-head attention as one module",
    "activation": "an activation function; `function` holds its catalogue id",
    "norm": "batch, layer, group, instance or RMS normalisation; attrs['kind'] tells which",
    "dropout": "dropout of any kind; attrs['kind'] 'alpha' for AlphaDropout",
    "max_pool": "maximum over a window",
    "avg_pool": "mean over a window, or over all positions (attrs['global'])",
    "flatten": "axes joined",
    "reshape": "view, reshape, unsqueeze, squeeze, permute that keeps elements",
    "transpose": "axes exchanged",
    "pad": "padding",
    "cast": "another type or device",
    "scale": "product with or sum of constants",
    "identity": "nothing",
    "add": "sum of tensors: a skip connection",
    "mul": "product of tensors: a gate",
    "matmul": "product of two computed tensors: attention",
    "concat": "joined along an axis",
    "select": "part of a tensor or of a tuple",
    "reduce": "sum, mean, max over an axis; attrs['kind'] tells which",
    "arithmetic": "any other arithmetic whose effect is known to keep values finite",
    "parameter": "a learned tensor used directly",
    "constant": "a number or tensor that is not computed from the input",
    "output": "what the network returns",
    "unknown": "could not be followed",
}
"""The operations a graph is made of."""


@dataclass(frozen=True)
class Node:
    """One operation. ``inputs`` are indices of earlier nodes of the same graph."""

    op: str
    inputs: tuple[int, ...] = ()
    place: Place = NOWHERE
    function: str = ""
    """For activations: catalogue id (``softmax``), or empty where it is one but not known which."""
    attrs: Mapping[str, Any] = field(default_factory=dict)
    """Known facts: ``dim``, ``inplace``, ``in_features``, ``out_features``, ``groups``, ``bias``, ``kind``, ``global`` ...

    Of activations also ``params`` (catalogue parameter -> number, those the program or the library sets), ``params_unknown`` (the
    program computes one), ``definition`` (the bound definition, in the model reader), ``learnable``, and ``read_later`` (of
    in-place ones: nodes that read the overwritten tensor afterwards). ``way`` holds the branches that a node of the source reader
    stands in, as pairs of a branch and its side. A ``dim`` of None is an axis left to the framework's guess; no ``dim`` is one not
    known.
    """
    shape: tuple[int | None, ...] | None = None
    """Shape of the output, None for unknown lengths."""
    owner: str = ""
    """What object does it: equal for two calls of the same module; empty for functions."""
    module: Any = None
    """The module itself, in the model reader."""
    training: bool | None = None
    """Runs only in training (True), only in evaluation (False), or in both (None)."""

    @property
    def width(self) -> int | None:
        """Length of the axis of features or classes of the output: what ``out_features`` tells, or the shape's."""
        known = self.attrs.get("out_features")
        if isinstance(known, int):
            return known
        dim = self.attrs.get("features_dim", 1 if self.shape is not None and len(self.shape) == 4 else -1)
        return self.shape[dim] if self.shape else None


@dataclass(frozen=True)
class Loss:
    """A loss applied to what a node gives."""

    kind: str
    """``cross_entropy`` (of logits), ``nll`` (of log-probabilities), ``categorical`` (of probabilities: Keras from_logits=False),

    ``bce`` (of probabilities), ``bce_logits``, ``mse``, ``l1``, ``huber``, ``kl``, ``hinge``, ``wasserstein``, ``ctc``,
    ``poisson``, ``dice`` (of probabilities: a loss of overlap the program wrote itself), ``unknown``.
    """
    input: int
    """Index of the node whose output it gets."""
    place: Place = NOWHERE
    shown: str = ""
    """As the program spells it: ``nn.CrossEntropyLoss()``."""
    attrs: Mapping[str, Any] = field(default_factory=dict)
    """``from_logits``, ``ignore_index``, ``reduction``, ``sparse`` (Keras) ..."""


@dataclass(frozen=True)
class Targets:
    """What is known of the targets, of one batch or from the program's text."""

    low: float | None = None
    high: float | None = None
    whole: bool | None = None
    """Whether they are whole numbers."""
    classes: int | None = None
    """How many different whole numbers there are, or rows of a one-hot matrix have."""
    shape: tuple[int | None, ...] | None = None
    one_hot: bool | None = None
    """Whether each row holds a single 1 and zeros."""
    multi_hot: bool | None = None
    """Whether rows hold only 0 and 1, some not exactly one 1."""
    rows_sum_to_one: bool | None = None
    samples: int = 0
    values: Any = None
    """The targets themselves, as a flat float64 array, in the model reader: for the share outside a range."""
    outside: Mapping[str, float] = field(default_factory=dict)
    place: Place = NOWHERE


@dataclass(frozen=True)
class Net:
    """A network, how it is trained as far as that is known, and who read it."""

    name: str
    """The class or variable, as the program names it."""
    nodes: tuple[Node, ...]
    outputs: tuple[int, ...] = ()
    losses: tuple[Loss, ...] = ()
    targets: Targets | None = None
    reader: str = "source"
    """``source``, ``fx``, ``export`` or ``calls``."""
    framework: str = "torch"
    """``torch`` or ``keras``."""
    complete: bool = True
    """Whether every operation from input to output is known."""
    remarks: tuple[str, ...] = ()
    """What could not be read, one sentence each."""
    model: Any = None
    """The module, in the model reader."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """Optimiser facts known from the program or given: ``lr``, ``optimizer``, ``clip`` ..."""

    def consumers(self, index: int) -> Iterator[int]:
        """Indices of the nodes that take the output of ``index``."""
        return iter(self._readers.get(index, ()))

    @cached_property
    def _readers(self) -> Mapping[int, tuple[int, ...]]:
        """Node -> the nodes that take its output, in order."""
        found: dict[int, list[int]] = {}
        for i, node in enumerate(self.nodes):
            for index in dict.fromkeys(node.inputs):
                found.setdefault(index, []).append(i)
        return {index: tuple(readers) for index, readers in found.items()}
