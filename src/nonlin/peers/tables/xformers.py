"""xFormers: the feed-forward unit SwiGLU."""

from nonlin.peers.rows import Peer, row, table

SHORT = {"ops": "xformers.ops"}

PEER = Peer(
    "xformers", "xFormers", "xformers", ("0.0.13", "0.0.33"), short=SHORT, checked="read in its source",
    rows=table(SHORT, (
        row("swiglu", "ops.swiglu ops.SwiGLU", gate="first", layer=True,
            note="a whole feed-forward layer: silu(x @ w1) * (x @ w2), then w3; packed as w12, the gate is the first half"),
    )),
)  # fmt: skip
