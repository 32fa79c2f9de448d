"""fastai: ``fastai.layers``; for everything else it uses ``torch.nn``."""

from nonlin.peers.rows import Peer, row, table, to

SHORT = {"layers": "fastai.layers"}

PEER = Peer(
    "fastai", "fastai", "fastai", ("2.0", "2.8"), short=SHORT, checked="2.8.12", ignores=("inplace",),
    rows=table(SHORT, (
        row("identity", "layers.Identity layers.noop"),
        row("leaky_relu", "layers.vleaky_relu", fixed={"slope": 0.3}, note="0.3, fixed"),
        row("clip(sigmoid(x), eps, 1 - eps)", "layers.sigmoid layers.sigmoid_", eps=to("eps", 1e-7),
            note="clipped to (1e-7, 1 - 1e-7), unlike every other library's sigmoid: no gradient beyond |x| = 16.1"),
        row("sigmoid_range", "layers.SigmoidRange layers.sigmoid_range", low=to("low"), high=to("high")),
        row("silu", "layers.swish layers.Swish layers.SwishJit"),
        row("mish", "layers.mish layers.Mish layers.MishJit"),
    )),
    lacks={"relu": "it uses torch.nn.ReLU; see the peer torch", "leakyrelu": "use vleaky_relu (slope 0.3) or the peer torch", "gelu": "see the peer torch"},
)  # fmt: skip
