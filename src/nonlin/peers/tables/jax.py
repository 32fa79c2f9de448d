"""JAX: ``jax.nn``, with tanh and the like from ``jax.numpy``."""

from nonlin.peers.rows import Peer, row, table, to

SHORT = {"jnn": "jax.nn", "jnp": "jax.numpy"}
ALL = "axis=None, their default, reduces the whole array to one number; nonlin's works on groups along one axis"

PEER = Peer(
    "jax", "JAX", "jax", ("0.2", "0.10"), short=SHORT, checked="0.10.2; names also in 0.3.25 to 0.7.0", ignores=("where", "keepdims"),
    rows=table(SHORT, (
        row("identity", "jnn.identity", since="0.6"),
        row("relu", "jnn.relu"),
        row("relu6", "jnn.relu6"),
        row("leaky_relu", "jnn.leaky_relu", negative_slope=to("slope", 0.01)),
        row("elu", "jnn.elu", alpha=to("alpha", 1.0)),
        row("selu", "jnn.selu"),
        row("celu", "jnn.celu", alpha=to("alpha", 1.0)),
        row("gelu_tanh", "jnn.gelu", approximate=True, note="tanh approximation by default, unlike PyTorch and Keras"),
        row("gelu", "jnn.gelu", approximate=False),
        row("silu", "jnn.silu jnn.swish"),
        row("mish", "jnn.mish", since="0.4.30"),
        row("softplus", "jnn.softplus"),
        row("squareplus", "jnn.squareplus", b=to("b", 4.0), since="0.4.25"),
        row("sparse_plus", "jnn.sparse_plus", since="0.4.26"),
        row("sparse_sigmoid", "jnn.sparse_sigmoid", since="0.4.30"),
        row("softsign", "jnn.soft_sign"),
        row("sigmoid", "jnn.sigmoid"),
        row("log_sigmoid", "jnn.log_sigmoid"),
        row("tanh", "jnn.tanh jnp.tanh"),
        row("hard_sigmoid", "jnn.hard_sigmoid"),
        row("hard_swish", "jnn.hard_swish jnn.hard_silu"),
        row("hard_tanh", "jnn.hard_tanh"),
        row("glu", "jnn.glu", axis=("axis", -1)),
        row("softmax", "jnn.softmax", axis=("axis", -1)),
        row("log_softmax", "jnn.log_softmax", axis=("axis", -1)),
        row("logsumexp", "jnn.logsumexp", axis=("axis", None), note=ALL),
        row("log_mean_exp", "jnn.logmeanexp", axis=("axis", None), note=ALL, since="0.7.1"),
        row("standardize", "jnn.standardize", axis=("axis", -1), epsilon=to("epsilon", 1e-5)),
        row("", "jnn.log1mexp", note="log(1 - exp(-x)) is real for x > 0 only", since="0.7.1"),
        row("abs", "jnp.abs"),
        row("arctan", "jnp.arctan jnp.atan"),
        row("arcsinh", "jnp.arcsinh jnp.asinh"),
        row("cos", "jnp.cos"),
        row("sin", "jnp.sin"),
        row("exp", "jnp.exp"),
        row("square", "jnp.square"),
        row("sign", "jnp.sign"),
        row("round", "jnp.round", decimals=0),
    )),
    lacks={"sparsemax": "JAX has none", "prelu": "it holds a parameter; see flax.linen.PReLU"},
)  # fmt: skip
