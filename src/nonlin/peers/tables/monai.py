"""MONAI: the names of its factory ``Act`` and its activation blocks. Most are PyTorch's own modules."""

from nonlin.peers.rows import Peer, renamed, row, table, to
from nonlin.peers.tables import torch

SHORT = {"blocks": "monai.networks.blocks"}
_TORCH = {"ELU": "elu", "ReLU": "relu", "LeakyReLU": "leakyrelu", "PReLU": "prelu", "ReLU6": "relu6", "SELU": "selu",
          "CELU": "celu", "GELU": "gelu", "Sigmoid": "sigmoid", "Tanh": "tanh", "Softmax": "softmax",
          "LogSoftmax": "logsoftmax"}  # fmt: skip

PEER = Peer(
    "monai", "MONAI", "monai", ("0.3", "1.6"), short=SHORT, checked="1.6.1", ignores=torch.PEER.ignores,
    rows=table(SHORT, (
        *renamed(torch.PEER.rows, {f"torch.nn.{name}": f"Act['{ours}']" for name, ours in _TORCH.items()}, since=""),
        row("silu", "Act['swish'] blocks.Swish", alpha=1.0),
        row("swish_beta", "Act['swish'] blocks.Swish", alpha=to("beta", 1.0), note="alpha is a number, not learned"),
        row("silu", "Act['memswish'] blocks.MemoryEfficientSwish"),
        row("mish", "Act['mish'] blocks.Mish"),
        row("geglu", "Act['geglu'] blocks.activation.GEGLU", since="1.2", note="exact GELU; the gate is the second half"),
    )),
)  # fmt: skip
