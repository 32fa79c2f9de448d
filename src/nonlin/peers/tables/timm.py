"""timm: the names ``timm.layers.get_act_fn`` and ``get_act_layer`` take, and gated layers. Most are PyTorch's own functions."""

from nonlin.peers.rows import Peer, row, table, to

SHORT = {"layers": "timm.layers", "models": "timm.models"}
GATED = "a whole feed-forward layer; the activation function inside it is this"


def _named(*names: str) -> str:
    return " ".join(f"get_act_fn['{name}']" for name in names)


PEER = Peer(
    "timm", "timm", "timm", ("0.4", "1.0"), short=SHORT, checked="1.0.31", ignores=("inplace",),
    rows=table(SHORT, (
        row("silu", _named("silu", "swish")),
        row("mish", _named("mish")),
        row("relu", _named("relu")),
        row("relu6", _named("relu6")),
        row("leaky_relu", _named("leaky_relu"), negative_slope=to("slope", 0.01)),
        row("elu", _named("elu"), alpha=to("alpha", 1.0)),
        row("celu", _named("celu"), alpha=to("alpha", 1.0)),
        row("selu", _named("selu")),
        row("gelu", _named("gelu")),
        row("gelu_tanh", _named("gelu_tanh"), since="0.8"),
        row("quick_gelu", _named("quick_gelu"), since="0.9"),
        row("sigmoid", _named("sigmoid")),
        row("tanh", _named("tanh")),
        row("hard_sigmoid", _named("hard_sigmoid", "hardsigmoid")),
        row("hard_swish", _named("hard_swish", "hardswish")),
        row("hard_mish", _named("hard_mish")),
        row("prelu", "get_act_layer['prelu'] layers.PReLU", init=to("slope", 0.25), num_parameters=1),
        row("identity", "get_act_layer['identity']"),
        row("star_relu", "models.metaformer.StarReLU", scale_value=to("scale", 1.0), bias_value=to("bias", 0.0), since="0.9",
            note="starts as the squared ReLU: scale 1 and bias 0, where the paper has 0.8944 and -0.4472"),
        row("squared_relu", "models.metaformer.SquaredReLU", since="0.9"),
        row("glu", "layers.GluMlp", gate_last=True, layer=True, note=f"{GATED}, by default a sigmoid"),
        row("glu", "layers.GluMlp", gate="first", gate_last=False, layer=True, note=f"{GATED}, by default a sigmoid"),
        row("swiglu", "layers.SwiGLUPacked", gate="first", layer=True, since="0.9", note=f"{GATED}, the gate first"),
        row("swiglu", "layers.SwiGLU", gate="first", separate=True, layer=True, since="0.9",
            note=f"{GATED}: silu(fc1_g(x)) * fc1_x(x), in two matrices"),
    )),
)  # fmt: skip
