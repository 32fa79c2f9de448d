"""Which loss it is: by name, by module, by function, in PyTorch's and in Keras' words."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from torch import nn
from torch.nn import functional as F

from nonlin.errors import ParameterError, near
from nonlin.findings import NOWHERE
from nonlin.lint.model.building import COMPUTED, Applied, Operand
from nonlin.nn.recognise import is_own


class Row(NamedTuple):
    """A kind of loss and its spellings: modules of torch.nn, functions of torch.nn.functional, names of Keras and others."""

    kind: str
    modules: str = ""
    functions: str = ""
    names: str = ""
    attrs: Mapping[str, Any] = {}


ROWS: tuple[Row, ...] = (
    Row("cross_entropy", "CrossEntropyLoss", "cross_entropy", "ce crossentropy cross_entropy_loss"),
    Row("nll", "NLLLoss NLLLoss2d", "nll_loss", "nll"),
    Row("bce", "BCELoss", "binary_cross_entropy", "bce binary_crossentropy", {"from_logits": False}),
    Row("bce_logits", "BCEWithLogitsLoss MultiLabelSoftMarginLoss",
        "binary_cross_entropy_with_logits multilabel_soft_margin_loss sigmoid_focal_loss", "bce_logits bce_with_logits"),
    Row("categorical", "", "", "categorical categorical_crossentropy", {"from_logits": False, "sparse": False}),
    Row("categorical", "", "", "sparse_categorical_crossentropy", {"from_logits": False, "sparse": True}),
    Row("mse", "MSELoss", "mse_loss", "mse mean_squared_error l2"),
    Row("l1", "L1Loss", "l1_loss", "l1 mae mean_absolute_error"),
    Row("huber", "HuberLoss SmoothL1Loss", "huber_loss smooth_l1_loss", "huber smooth_l1"),
    Row("kl", "KLDivLoss", "kl_div", "kl kl_div kl_divergence kldiv kullback_leibler_divergence"),
    Row("hinge", "HingeEmbeddingLoss SoftMarginLoss", "hinge_embedding_loss soft_margin_loss", "hinge squared_hinge"),
    Row("ctc", "CTCLoss", "ctc_loss", "ctc"),
    Row("poisson", "PoissonNLLLoss", "poisson_nll_loss", "poisson poisson_nll"),
    Row("wasserstein", "", "", "wasserstein"),
    Row("unknown", "MultiMarginLoss MultiLabelMarginLoss GaussianNLLLoss MarginRankingLoss CosineEmbeddingLoss TripletMarginLoss "
        "TripletMarginWithDistanceLoss AdaptiveLogSoftmaxWithLoss LinearCrossEntropyLoss"),
)  # fmt: skip
"""The losses that are known; ``unknown`` ones are losses about which no rule speaks."""


@lru_cache(maxsize=1)
def _classes() -> list[tuple[type[nn.Module], Row]]:
    return [(getattr(nn, name), row) for row in ROWS for name in row.modules.split() if hasattr(nn, name)]


@lru_cache(maxsize=1)
def _functions() -> dict[Any, Row]:
    found = {getattr(F, name, None): row for row in ROWS for name in row.functions.split()}
    return {f: row for f, row in found.items() if f is not None}


@lru_cache(maxsize=1)
def _names() -> dict[str, Row]:
    """Return every spelling in small letters: kinds, functions, modules and further names."""
    found: dict[str, Row] = {}
    for row in ROWS:
        if row.kind != "unknown":
            for name in (row.kind, *row.functions.split(), *row.modules.split(), *row.names.split()):
                found.setdefault(name.lower(), row)
    return found


def by_name(name: str) -> Row:
    """Return the loss with this name.

    Raises:
        ParameterError: there is none; the message names a near one.

    >>> by_name("nn.BCELoss").kind, by_name("cross-entropy").kind
    ('bce', 'cross_entropy')
    """
    plain = name.rpartition(".")[2].strip().lower().replace("-", "_").replace(" ", "_").removesuffix("()")
    row = _names().get(plain)
    if row is None:
        known = sorted({r.kind for r in ROWS} - {"unknown"})
        hint = near(plain, _names())
        raise ParameterError(f"loss {name!r} is not known.{hint} Known are {', '.join(known)}; or pass the loss itself")
    return row


def of_module(module: Any) -> Row | None:
    """Return the row of a loss module, or None if it is none of PyTorch's."""
    return next((row for cls, row in _classes() if is_own(module, cls)), None)


def of_function(func: Any) -> Row | None:
    """Return the row of a function of torch.nn.functional, or None."""
    try:
        return _functions().get(func)
    except TypeError:  # not hashable
        return None


def attrs_of(row: Row, source: Any) -> dict[str, Any]:
    """Return what a module or keywords tell of a loss."""
    told = source if isinstance(source, Mapping) else vars(source)
    names = ("ignore_index", "reduction", "label_smoothing", "log_target")
    return {**row.attrs, **{n: told[n] for n in names if n in told}}


def loss_module(module: Any, operands: list[Operand]) -> Applied | None:
    """Return the loss that calling ``module`` applies to the first of its operands, if it is one."""
    row = of_module(module)
    if row is None or not operands or operands[0].role != COMPUTED:
        return None
    return Applied(row.kind, operands[0].node, NOWHERE, f"nn.{type(module).__name__}()", attrs_of(row, module))


def loss_call(func: Any, name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Applied | None:
    """Return the loss that calling ``func`` applies, if it is one and its input is computed by the network."""
    row = of_function(func)
    if row is None and name == "sigmoid_focal_loss":
        row = by_name("bce_logits")
    if row is None:
        return None
    given = args[0] if args else kwargs.get("input", kwargs.get("log_probs"))
    if not isinstance(given, Operand) or given.role != COMPUTED:
        return None
    return Applied(row.kind, given.node, NOWHERE, f"F.{name}", attrs_of(row, kwargs))
