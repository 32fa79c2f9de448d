"""Keras 2 and 3: the activations of ``keras.activations`` (what a string such as 'gelu' means), layers, and ``keras.ops``."""

from typing import Any

from nonlin.peers.rows import Peer, Row, row, table, to

SHORT = {"activations": "keras.activations", "layers": "keras.layers", "ops": "keras.ops"}
LAYER_GELU = "the layers' string 'gelu' means keras.activations.gelu, which is exact"


def _relu(names: str, slope: str, **columns: Any) -> tuple[Row, ...]:
    """The cases of Keras' relu, whose slope is called ``slope``: negative_slope in Keras 3, alpha in the function of Keras 2."""
    steep: Any = {slope: to("slope", 0.0)}
    free: Any = {slope: to("negative_slope", 0.0)}
    none: Any = {slope: 0.0}
    below = "negative_slope*max(threshold - x, 0)"
    return (
        row("relu", names, **none, max_value=None, threshold=0.0, **columns),
        row("leaky_relu", names, **steep, max_value=None, threshold=0.0, **columns),
        row("relu6", names, **none, max_value=6.0, threshold=0.0, **columns),
        row("relu_n", names, **none, max_value=to("high", None), threshold=0.0, **columns),
        row("thresholded_relu", names, **none, max_value=None, threshold=to("threshold", 0.0), **columns),
        row(f"where(x > threshold, x, 0) - {below}", names, **free, max_value=None, threshold=to("threshold", 0.0), **columns),
        row(f"where(x > threshold, clip(x, 0, max_value), 0) - {below}", names, **free, max_value=to("max_value", None),
            threshold=to("threshold", 0.0), **columns),
    )  # fmt: skip


def _both(ours: str, name: str, since: str = "3.0", **columns: Any) -> Row:
    """A function that keras.activations and keras.ops have alike, in Keras 3."""
    return row(ours, f"activations.{name} ops.{name}", since=since, **columns)


PEER = Peer(
    "keras", "Keras", "keras", ("2.0", "3.15"), short=SHORT, checked="3.15.1; names also in 2.6 to 2.15 and 3.0 to 3.8",
    ignores=("name", "dtype"),
    rows=table(SHORT, (
        # -- Keras 3
        row("identity", "activations.linear"),
        *_relu("activations.relu", "negative_slope", since="3.0"),
        *_relu("layers.ReLU", "negative_slope"),
        row("relu", "ops.relu", since="3.0"),
        _both("relu6", "relu6"),
        _both("leaky_relu", "leaky_relu", negative_slope=to("slope", 0.2),
              note="0.2 here and 0.3 in keras.layers.LeakyReLU; 0.01 in PyTorch and JAX"),
        row("leaky_relu", "layers.LeakyReLU", negative_slope=to("slope", 0.3), since="3.0",
            note="0.3 here and 0.2 in keras.activations.leaky_relu; 0.01 in PyTorch and JAX"),
        row("prelu", "layers.PReLU", fixed={"slope": 0.0}, shared_axes=None,
            note="slopes start at 0, one for every element unless shared_axes is given"),
        row("elu", "layers.ELU activations.elu", alpha=to("alpha", 1.0)),
        row("elu", "ops.elu", alpha=to("alpha", 1.0), since="3.0"),
        row("selu", "activations.selu"),
        row("selu", "ops.selu", since="3.0"),
        _both("celu", "celu", alpha=to("alpha", 1.0), since="3.7"),
        row("gelu", "activations.gelu", approximate=False, since="2.4"),
        row("gelu_tanh", "activations.gelu", approximate=True, since="2.4"),
        row("gelu_tanh", "ops.gelu", approximate=True, since="3.0", note=f"tanh approximation by default; {LAYER_GELU}"),
        row("gelu", "ops.gelu", approximate=False, since="3.0"),
        row("silu", "activations.swish"),
        _both("silu", "silu"),
        row("silu", "ops.swish", since="3.0"),
        row("mish", "activations.mish", since="2.13"),
        row("softplus", "activations.softplus"),
        row("softplus", "ops.softplus", since="3.0"),
        row("softsign", "activations.softsign"),
        row("softsign", "ops.softsign", since="3.0"),
        _both("squareplus", "squareplus", b=to("b", 4.0), since="3.7"),
        _both("sparse_plus", "sparse_plus", since="3.8"),
        _both("sparse_sigmoid", "sparse_sigmoid", since="3.9"),
        row("sigmoid", "activations.sigmoid"),
        row("sigmoid", "ops.sigmoid", since="3.0"),
        row("log_sigmoid", "activations.log_sigmoid", since="3.7"),
        row("log_sigmoid", "ops.log_sigmoid", since="3.0"),
        row("tanh", "activations.tanh"),
        row("tanh", "ops.tanh", since="3.0"),
        _both("hard_sigmoid", "hard_sigmoid", note="relu6(x + 3)/6 since Keras 3; Keras 2 has 0.2*x + 0.5, clipped"),
        _both("hard_swish", "hard_swish"),
        _both("hard_swish", "hard_silu"),
        _both("hard_tanh", "hard_tanh", since="3.7"),
        _both("tanhshrink", "tanh_shrink", since="3.7"),
        _both("softshrink", "soft_shrink", threshold=to("threshold", 0.5), since="3.7"),
        _both("hardshrink", "hard_shrink", threshold=to("threshold", 0.5), since="3.7"),
        _both("threshold", "threshold", threshold=to("threshold"), default_value=to("value"), since="3.8"),
        row("exp", "activations.exponential"),
        row("exp", "ops.exp", since="3.0"),
        row("softmax", "layers.Softmax activations.softmax", axis=("axis", -1)),
        row("softmax", "ops.softmax", axis=("axis", -1), since="3.0"),
        _both("log_softmax", "log_softmax", axis=("axis", -1)),
        _both("sparsemax", "sparsemax", axis=("axis", -1), since="3.8"),
        _both("glu", "glu", axis=("axis", -1), since="3.7"),
        # -- Keras 2
        *_relu("activations.relu", "alpha", until="3.0"),
        row("leaky_relu", "layers.LeakyReLU", alpha=to("slope", 0.3), until="3.0", note="0.3; 0.01 in PyTorch and JAX"),
        row("thresholded_relu", "layers.ThresholdedReLU", theta=to("threshold", 1.0), until="3.0"),
        row("hard_sigmoid_02", "activations.hard_sigmoid", until="3.0",
            note="0.2*x + 0.5, clipped; Keras 3 and PyTorch have relu6(x + 3)/6"),
    )),
    lacks={"rrelu": "Keras has none", "swiglu": "Keras has none"},
)  # fmt: skip
