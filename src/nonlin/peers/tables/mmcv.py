"""mmcv: the types ``build_activation_layer`` takes. Most are PyTorch's own modules."""

from nonlin.peers.rows import Peer, renamed, row, to
from nonlin.peers.tables import torch

_TORCH = ("ReLU", "LeakyReLU", "PReLU", "RReLU", "ReLU6", "ELU", "Sigmoid", "Tanh", "SiLU", "GELU")
RIVALS = "three functions bear this name: (x + 1)/2 here before 1.4.4, 0.2*x + 0.5 in Keras 2, (x + 3)/6 in PyTorch"

PEER = Peer(
    "mmcv", "mmcv", "mmcv", ("1.0", "2.2"), checked="read in its source", ignores=torch.PEER.ignores,
    rows=(
        *renamed(torch.PEER.rows, {f"torch.nn.{name}": f"MODELS['{name}']" for name in _TORCH}, since=""),
        row("hard_tanh", "MODELS['Clamp'] MODELS['Clip']", min=to("low", -1.0), max=to("high", 1.0)),
        row("hard_sigmoid", "MODELS['HSigmoid']", bias=3.0, divisor=6.0, min_value=0.0, max_value=1.0, since="1.4.4", note=RIVALS),
        row("clip((x + bias)/divisor, min_value, max_value)", "MODELS['HSigmoid']", bias=to("bias", 3.0),
            divisor=to("divisor", 6.0), min_value=to("min_value", 0.0), max_value=to("max_value", 1.0), since="1.4.4"),
        row("sparse_sigmoid", "MODELS['HSigmoid']", bias=1.0, divisor=2.0, min_value=0.0, max_value=1.0, until="1.4.4",
            note=RIVALS),
        row("hard_swish", "MODELS['HSwish']"),
        row("silu", "MODELS['Swish']"),
    ),
)  # fmt: skip
