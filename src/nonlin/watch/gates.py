"""Activations inside fused kernels, computed again on a few samples: gates of RNN, LSTM and GRU, and attention's softmax.

Nothing can be hooked inside these kernels. From the same inputs and weights the hidden states of a few samples are computed by
the same kernel, and the gates from them; attention's probabilities come from a few queries. No random number is drawn:
dropout between recurrent layers and of attention is left out.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pad_packed_sequence

SAMPLES, TIMES = 16, 128
"""Samples and time steps of a sequence at most."""
HEADS_OF, QUERIES = 4, 32
"""Samples and queries of an attention at most."""

Gate = tuple[str, str, Tensor, Tensor]
"""Name (``i_l0``), function, values and pre-activations, both (samples, units)."""
_RUN: Mapping[str, Any] = {"LSTM": torch.lstm, "GRU": torch.gru, "RNN_TANH": torch.rnn_tanh, "RNN_RELU": torch.rnn_relu}


@torch.no_grad()
def recurrent_gates(module: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Iterator[Gate]:
    """Yield every gate of a recurrent layer or cell for a few samples and time steps."""
    given = args[0] if args else kwargs.get("input")
    state = args[1] if len(args) > 1 else kwargs.get("hx")
    if isinstance(module, nn.RNNCellBase):
        yield from _cell_gates(module, given, state)
        return
    if getattr(module, "proj_size", 0):
        return
    x = _sequence(module, given)
    if x is None:
        return
    sides = 2 if module.bidirectional else 1
    for layer in range(module.num_layers):
        outputs = []
        for side in range(sides):
            suffix = f"_l{layer}" + "_reverse" * side
            weights = _weights(module, suffix)
            first = _initial(state, layer * sides + side, x, module)
            along = x.flip(0) if side else x
            hidden, before = _hidden(module, along, weights, first)
            for name, function, values, pre in _gates(module.mode, along, before, weights):
                yield f"{name}{suffix}", function, values.reshape(-1, values.shape[-1]), pre.reshape(-1, pre.shape[-1])
            outputs.append(hidden.flip(0) if side else hidden)
        x = torch.cat(outputs, -1)


def _sequence(module: Any, given: Any) -> Tensor | None:
    """Return a few samples of the input, (times, samples, features), in float32."""
    if isinstance(given, PackedSequence):
        padded, lengths = pad_packed_sequence(given)
        return padded[: min(TIMES, int(lengths.min())), :SAMPLES].detach().float()
    if not isinstance(given, Tensor) or given.ndim not in (2, 3):
        return None
    x = given.detach().float()
    x = x.unsqueeze(1) if x.ndim == 2 else x.transpose(0, 1) if module.batch_first else x
    return x[:TIMES, :SAMPLES]


def _weights(module: Any, suffix: str) -> list[Tensor]:
    """Return input weights, hidden weights and their biases (zeros where there are none), in float32."""
    found = [getattr(module, f"weight_{part}{suffix}").detach().float() for part in ("ih", "hh")]
    bias = [getattr(module, f"bias_{part}{suffix}", None) for part in ("ih", "hh")]
    return found + [
        b.detach().float() if isinstance(b, Tensor) else w.new_zeros(len(w)) for b, w in zip(bias, found, strict=True)
    ]


def _initial(state: Any, index: int, x: Tensor, module: Any) -> list[Tensor]:
    """Return the first hidden state (and an LSTM's cell state), each (1, samples, units)."""
    parts = list(state) if isinstance(state, tuple) else [state] if isinstance(state, Tensor) else []
    shape = (1, x.shape[1], module.hidden_size)
    first = []
    for part in parts:
        part = part.detach().float()
        part = part.unsqueeze(1) if part.ndim == 2 else part
        first.append(part[index : index + 1, : x.shape[1]])
    wanted = 2 if module.mode == "LSTM" else 1
    return first if len(first) == wanted and first[0].shape == shape else [x.new_zeros(shape)] * wanted


def _hidden(module: Any, x: Tensor, weights: list[Tensor], first: list[Tensor]) -> tuple[Tensor, Tensor]:
    """Return the hidden states of one layer and direction, and those each step starts from: (times, samples, units)."""
    start = tuple(first) if module.mode == "LSTM" else first[0]
    with torch.autocast(x.device.type, enabled=False):
        hidden = _RUN[module.mode](x, start, weights, True, 1, 0.0, False, False, False)[0]
    return hidden, torch.cat([first[0], hidden[:-1]])


def _gates(mode: str, x: Tensor, before: Tensor, weights: list[Tensor]) -> Iterator[Gate]:
    w_in, w_hidden, b_in, b_hidden = weights
    with torch.autocast(x.device.type, enabled=False):
        given, kept = x @ w_in.T + b_in, before @ w_hidden.T + b_hidden
    if mode == "GRU":
        (r_in, z_in, n_in), (r_kept, z_kept, n_kept) = given.chunk(3, -1), kept.chunk(3, -1)
        r, z = torch.sigmoid(r_in + r_kept), torch.sigmoid(z_in + z_kept)
        new = n_in + r * n_kept
        yield "r", "sigmoid", r, r_in + r_kept
        yield "z", "sigmoid", z, z_in + z_kept
        yield "n", "tanh", torch.tanh(new), new
    elif mode == "LSTM":
        for name, pre in zip("ifgo", (given + kept).chunk(4, -1), strict=True):
            yield name, "tanh" if name == "g" else "sigmoid", torch.tanh(pre) if name == "g" else torch.sigmoid(pre), pre
    else:
        pre, rectified = given + kept, mode == "RNN_RELU"
        yield "h", "relu" if rectified else "tanh", torch.relu(pre) if rectified else torch.tanh(pre), pre


def _cell_gates(module: Any, given: Any, state: Any) -> Iterator[Gate]:
    if not isinstance(given, Tensor):
        return
    x = given.detach().float().reshape(-1, given.shape[-1])[: SAMPLES * 4]
    hidden = state[0] if isinstance(state, tuple) else state
    before = (
        hidden.detach().float().reshape(-1, module.hidden_size)[: len(x)]
        if isinstance(hidden, Tensor)
        else x.new_zeros(len(x), module.hidden_size)
    )
    relu = getattr(module, "nonlinearity", "tanh") == "relu"
    mode = {nn.LSTMCell: "LSTM", nn.GRUCell: "GRU"}.get(type(module), "RNN_RELU" if relu else "RNN_TANH")
    yield from _gates(mode, x, before, _weights(module, ""))


@torch.no_grad()
def attention_rows(
    query: Tensor,
    key: Tensor,
    value: Tensor | None = None,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Tensor | None:
    """Return the probabilities of a few queries in ``F.scaled_dot_product_attention``: (..., queries, keys)."""
    if query.ndim < 3 or query.is_nested or key.is_nested:
        return None
    length, keys = query.shape[-2], key.shape[-2]
    step = max(1, length // QUERIES)
    q, k = query.detach()[:HEADS_OF, ..., ::step, :].float(), key.detach()[:HEADS_OF].float()
    if q.ndim == 4 and k.shape[1] != q.shape[1]:
        k = k.repeat_interleave(q.shape[1] // k.shape[1], 1)
    with torch.autocast(q.device.type, enabled=False):
        scores = q @ k.transpose(-2, -1) * (1 / math.sqrt(query.shape[-1]) if scale is None else scale)
    if is_causal:
        seen = torch.ones(length, keys, dtype=torch.bool, device=q.device).tril()[::step]
        scores = scores.masked_fill(~seen, -math.inf)
    if attn_mask is not None:
        mask = attn_mask.detach().expand(*query.shape[:-1], keys)[:HEADS_OF, ..., ::step, :]
        scores = scores.masked_fill(~mask, -math.inf) if mask.dtype == torch.bool else scores + mask
    return scores.softmax(-1).nan_to_num(0.0)  # a query that may see nothing


@torch.no_grad()
def module_attention(module: nn.MultiheadAttention, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Tensor | None:
    """Return the probabilities of a few queries in ``nn.MultiheadAttention``: (samples, heads, queries, keys)."""
    names = ("query", "key", "value", "key_padding_mask", "need_weights", "attn_mask", "average_attn_weights", "is_causal")
    given = {**dict(zip(names, args, strict=False)), **kwargs}
    query, key = given["query"], given["key"]
    if not isinstance(query, Tensor) or query.is_nested or module.bias_k is not None or module.add_zero_attn:
        return None
    if query.ndim == 2:
        query, key = query.unsqueeze(0), key.unsqueeze(0)
    elif not module.batch_first:
        query, key = query.transpose(0, 1), key.transpose(0, 1)
    width, heads = module.embed_dim, module.num_heads
    both = module.in_proj_weight
    w_q, w_k = (both[:width], both[width : 2 * width]) if both is not None else (module.q_proj_weight, module.k_proj_weight)
    bias = module.in_proj_bias
    b_q, b_k = (bias[:width].float(), bias[width : 2 * width].float()) if bias is not None else (None, None)
    query, key = query[:HEADS_OF].detach().float(), key[:HEADS_OF].detach().float()
    with torch.autocast(query.device.type, enabled=False):
        q = nn.functional.linear(query, w_q.detach().float(), b_q)
        k = nn.functional.linear(key, w_k.detach().float(), b_k)
    q, k = (t.unflatten(-1, (heads, -1)).transpose(1, 2) for t in (q, k))
    return attention_rows(q, k, attn_mask=_mask(given, q, k))


def _mask(given: Mapping[str, Any], q: Tensor, k: Tensor) -> Tensor | None:
    """Return what is added to the scores: the module's masks forbid where True, those of the function allow."""
    shape = (*q.shape[:-1], k.shape[-2])
    total: Tensor | None = None
    mask, padding = given.get("attn_mask"), given.get("key_padding_mask")
    for part, is_padding in ((mask, False), (padding, True)):
        if part is None:
            continue
        part = part.detach()
        if is_padding:
            part = (part.unsqueeze(0) if part.ndim == 1 else part)[: len(q), None, None, :]
        elif part.ndim == 3:
            part = part.unflatten(0, (-1, q.shape[1]))[: len(q)]
        added = torch.zeros_like(part, dtype=q.dtype).masked_fill(part, -math.inf) if part.dtype == torch.bool else part
        total = added.expand(shape) if total is None else total + added
    return total
