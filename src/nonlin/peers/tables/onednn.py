"""oneDNN: the algorithm kinds of its eltwise primitive. alpha and beta have no defaults there."""

from nonlin.peers.rows import Peer, row, table, to

SHORT = {"dnnl": "dnnl"}


def _kind(*names: str) -> str:
    return " ".join(f"dnnl_eltwise_{name}" for name in names)


PEER = Peer(
    "onednn", "oneDNN", "", ("1.0", "3.9"), short=SHORT, checked="read in its documentation",
    rows=table(SHORT, (
        row("abs", _kind("abs")),
        row("hard_tanh", _kind("clip"), alpha=to("low"), beta=to("high"), note="its gradient at beta is 1"),
        row("hard_tanh", _kind("clip_v2"), alpha=to("low"), beta=to("high"), since="2.0", note="its gradient at alpha and beta is 0"),
        row("relu_n", _kind("bounded_relu"), alpha=to("high"), until="3.0"),
        row("elu", _kind("elu"), alpha=to("alpha")),
        row("exp", _kind("exp")),
        row("gelu", _kind("gelu_erf"), since="1.3"),
        row("gelu_tanh", _kind("gelu_tanh"), since="1.3"),
        row("gelu_tanh", _kind("gelu"), until="1.3"),
        row("clip(alpha*x + beta, 0, 1)", _kind("hardsigmoid"), alpha=to("alpha"), beta=to("beta"), since="2.7"),
        row("hard_sigmoid", _kind("hardsigmoid"), alpha=1 / 6, beta=0.5, since="2.7"),
        row("x*clip(alpha*x + beta, 0, 1)", _kind("hardswish"), alpha=to("alpha"), beta=to("beta"), since="2.5"),
        row("hard_swish", _kind("hardswish"), alpha=1 / 6, beta=0.5, since="2.5"),
        row("affine", _kind("linear"), alpha=to("slope"), beta=to("bias")),
        row("identity", _kind("linear"), alpha=1.0, beta=0.0),
        row("", _kind("log"), since="1.3", note="real for x > 0 only"),
        row("sigmoid", _kind("logistic")),
        row("mish", _kind("mish"), since="2.4"),
        row("", _kind("pow"), since="1.5", note="alpha*x**beta is real for every x only if beta is a whole number"),
        row("relu", _kind("relu"), alpha=0.0),
        row("leaky_relu", _kind("relu"), alpha=to("slope", 0.0)),
        row("round", _kind("round"), since="1.7"),
        row("softplus", _kind("soft_relu"), alpha=to("beta"), since="2.6", note="alpha < 0 is allowed there, beta < 0 is not here"),
        row("softplus", _kind("soft_relu"), until="2.6"),
        row("", _kind("sqrt"), note="real for x >= 0 only"),
        row("square", _kind("square")),
        row("swish_beta", _kind("swish"), alpha=to("beta"), note="alpha is a number, not learned"),
        row("silu", _kind("swish"), alpha=1.0),
        row("tanh", _kind("tanh")),
        row("softmax", "dnnl_softmax_accurate", axis=("axis", None), since="2.6"),
        row("log_softmax", "dnnl_softmax_log", axis=("axis", None), since="2.6"),
        row("prelu", "dnnl_prelu", weights=to("slope")),
    )),
)  # fmt: skip
