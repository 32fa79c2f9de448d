"""Flax: ``flax.linen`` and ``flax.nnx``, which pass on most functions of ``jax.nn`` and add PReLU."""

from nonlin.peers.rows import Peer, bare, renamed, row, table, to
from nonlin.peers.tables import jax

SHORT = {"linen": "flax.linen", "nnx": "flax.nnx"}
BOTH = ("relu", "relu6", "leaky_relu", "elu", "selu", "celu", "gelu", "silu", "swish", "softplus", "soft_sign", "sigmoid",
        "log_sigmoid", "tanh", "hard_sigmoid", "hard_swish", "hard_silu", "hard_tanh", "glu", "softmax", "log_softmax",
        "logsumexp", "standardize")  # fmt: skip
_SAME = {name: f"linen.{bare(name)} nnx.{bare(name)}" for row in jax.PEER.rows for name in row.names if bare(name) in BOTH}

PEER = Peer(
    "flax", "Flax", "flax", ("0.6", "0.12"), short=SHORT, checked="0.12.8", ignores=(*jax.PEER.ignores, "param_dtype"),
    rows=table(SHORT, (
        *renamed(jax.PEER.rows, {name: new for name, new in _SAME.items() if name.startswith("jax.nn.")}, since=""),
        row("identity", "nnx.identity"),
        row("prelu", "linen.PReLU nnx.PReLU", negative_slope_init=to("slope", 0.01), note="one slope; 0.25 in PyTorch"),
    )),
)  # fmt: skip
