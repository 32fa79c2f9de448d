"""NNlib.jl, the activation functions of Flux (Julia)."""

from nonlin.peers.rows import Peer, row, table, to

SHORT = {"NNlib": "NNlib", "Flux": "NNlib"}
FIRST = "along Julia's first dimension, the fastest in memory: the last axis (-1) of a row-major array with the same memory"

PEER = Peer(
    "nnlib", "NNlib.jl (Flux)", "", ("0.7", "0.9"), short=SHORT, checked="read in its source",
    rows=table(SHORT, (
        row("sigmoid", "NNlib.sigmoid NNlib.σ NNlib.sigmoid_fast"),
        row("tanh", "NNlib.tanh NNlib.tanh_fast", note="tanh_fast errs by up to 5 eps"),
        row("hard_sigmoid", "NNlib.hardsigmoid NNlib.hardσ"),
        row("hard_tanh", "NNlib.hardtanh"),
        row("log_sigmoid", "NNlib.logsigmoid NNlib.logσ"),
        row("relu", "NNlib.relu"),
        row("relu6", "NNlib.relu6"),
        row("leaky_relu", "NNlib.leakyrelu", a=to("slope", 0.01)),
        row("rrelu", "NNlib.rrelu", lo=to("low", 1 / 8), hi=to("high", 1 / 3), note="random outside training too"),
        row("elu", "NNlib.elu", α=to("alpha", 1.0)),
        row("selu", "NNlib.selu"),
        row("celu", "NNlib.celu", α=to("alpha", 1.0)),
        row("gelu_tanh", "NNlib.gelu NNlib.gelu_tanh", note="gelu is the tanh approximation"),
        row("gelu_tanh", "NNlib.gelu_sigmoid", since="0.9", note="the same function, written with a sigmoid"),
        row("gelu", "NNlib.gelu_erf", since="0.9"),
        row("silu", "NNlib.swish"),
        row("hard_swish", "NNlib.hardswish"),
        row("lisht", "NNlib.lisht"),
        row("mish", "NNlib.mish"),
        row("softplus", "NNlib.softplus"),
        row("softsign", "NNlib.softsign"),
        row("log_cosh", "NNlib.logcosh"),
        row("tanhshrink", "NNlib.tanhshrink"),
        row("softshrink", "NNlib.softshrink", λ=to("threshold", 0.5)),
        row("thresholded_relu", "NNlib.trelu NNlib.thresholdrelu", theta=to("threshold", 1.0)),
        row("softmax", "NNlib.softmax", note=FIRST),
        row("log_softmax", "NNlib.logsoftmax", note=FIRST),
        row("logsumexp", "NNlib.logsumexp", note="dims=:, the default, reduces the whole array; nonlin's works on groups along one axis"),
        row("glu", "NNlib.glu", note=FIRST),
    )),
    lacks={"prelu": "Flux has none"},
)  # fmt: skip
