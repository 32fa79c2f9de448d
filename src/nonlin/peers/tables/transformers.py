"""Hugging Face transformers: the names of ``ACT2FN`` (what ``hidden_act`` in a model's configuration means), and gated units."""

from nonlin.peers.rows import Peer, row, table

SHORT = {"activations": "transformers.activations"}
MLP = "inside the feed-forward layer of these models"


def _named(*names: str) -> str:
    return " ".join(f"ACT2FN['{name}']" for name in names)


PEER = Peer(
    "transformers", "Hugging Face transformers", "transformers", ("4.0", "5.23"), short=SHORT, checked="5.23.0",
    rows=table(SHORT, (
        row("gelu", _named("gelu", "gelu_python")),
        row("gelu_tanh", _named("gelu_new", "gelu_pytorch_tanh", "gelu_accurate", "gelu_python_tanh")),
        row("gelu_tanh", _named("gelu_fast"), note="its constant is 0.7978845608, sqrt(2/pi) cut at 10 digits: 3.6e-11 off"),
        row("clipped_gelu", _named("gelu_10"), fixed={"low": -10.0, "high": 10.0}),
        row("quick_gelu", _named("quick_gelu")),
        row("hard_swish", _named("hardswish")),
        row("laplace", _named("laplace"), fixed={"mu": 0.707107, "sigma": 0.282095}),
        row("leaky_relu", _named("leaky_relu")),
        row("identity", _named("linear")),
        row("mish", _named("mish")),
        row("relu", _named("relu")),
        row("squared_relu", _named("relu2")),
        row("relu6", _named("relu6")),
        row("sigmoid", _named("sigmoid")),
        row("silu", _named("silu", "swish")),
        row("sqrt(softplus(x))", _named("sqrtsoftplus"), since="5.0"),
        row("tanh", _named("tanh")),
        row("prelu", _named("prelu")),
        row("xielu", _named("xielu"), since="4.56",
            note="its parameters start in bfloat16 and pass through a softplus, which rounds 0.8 and 0.5 to 3 digits"),
        row("gelu_tanh", "transformers.models.bloom.modeling_bloom.BloomGelu",
            note="its constant is 0.79788456, sqrt(2/pi) cut at 8 digits: 8e-10 off"),
        row("snake", "transformers.models.dac.modeling_dac.Snake1d", layer=True, since="4.44", note="alpha starts at 1, one per channel"),
        row("snake_beta", "transformers.models.qwen2_5_omni.modeling_qwen2_5_omni.SnakeBeta", layer=True, since="4.52",
            note="alpha and beta are logarithms, starting at 0, one per channel"),
        row("swiglu", "transformers.models.llama.modeling_llama.LlamaMLP", gate="first", separate=True, layer=True,
            note=f"{MLP}: silu(gate_proj(x)) * up_proj(x), in two matrices; Llama, Mistral, Qwen and most others"),
        row("swiglu", "transformers.models.cohere2_vision.modeling_cohere2_vision.Cohere2VisionMultiModalProjector",
            layer=True, since="4.55", note="x, gate = chunk(2): the gate second"),
        row("swiglu", "transformers.models.dinov2.modeling_dinov2.Dinov2SwiGLUFFN", gate="first", layer=True,
            note="x1, x2 = chunk(2); silu(x1) * x2: the gate first"),
        row("swiglu_clamped", "transformers.models.gpt_oss.modeling_gpt_oss.GptOssExperts", gate="even", layer=True, since="4.55",
            note="gate and value alternate along the axis, gate first"),
    )),
)  # fmt: skip
