"""TensorFlow: ``tf.nn`` and ``tf.math``. For ``tf.keras`` see the peer keras, version 2."""

from nonlin.peers.rows import Peer, row, table, to

SHORT = {"tf": "tensorflow", "nn": "tensorflow.nn", "math": "tensorflow.math"}
ROWWISE = ("axis", -1)

PEER = Peer(
    "tensorflow", "TensorFlow", "tensorflow", ("1.15", "2.21"), short=SHORT, checked="2.21.0", ignores=("name",),
    rows=table(SHORT, (
        row("identity", "tf.identity"),
        row("relu", "nn.relu"),
        row("relu6", "nn.relu6"),
        row("leaky_relu", "nn.leaky_relu", alpha=to("slope", 0.2), note="0.2; 0.01 in PyTorch and JAX"),
        row("elu", "nn.elu", note="without alpha"),
        row("selu", "nn.selu"),
        row("gelu", "nn.gelu", approximate=False, since="2.4"),
        row("gelu_tanh", "nn.gelu", approximate=True, since="2.4"),
        row("silu", "nn.silu nn.swish", beta=1.0, since="2.8"),
        row("swish_beta", "nn.silu nn.swish", beta=to("beta", 1.0), since="2.8", note="beta is a number, not learned"),
        row("silu", "nn.swish", until="2.8"),
        row("silu", "nn.silu", since="2.4", until="2.8"),
        row("softplus", "nn.softplus math.softplus"),
        row("softsign", "nn.softsign"),
        row("sigmoid", "nn.sigmoid math.sigmoid"),
        row("log_sigmoid", "math.log_sigmoid"),
        row("tanh", "nn.tanh math.tanh"),
        row("crelu", "nn.crelu", axis=ROWWISE),
        row("softmax", "nn.softmax", axis=ROWWISE),
        row("log_softmax", "nn.log_softmax", axis=ROWWISE),
        row("abs", "math.abs"),
        row("arctan", "math.atan"),
        row("arcsinh", "math.asinh"),
        row("cos", "math.cos"),
        row("sin", "math.sin"),
        row("erf", "math.erf"),
        row("exp", "math.exp"),
        row("square", "math.square"),
        row("sign", "math.sign"),
        row("round", "math.round"),
    )),
    lacks={"hardsigmoid": "see the peer keras", "mish": "see the peers keras and tfa", "prelu": "see the peer keras"},
)  # fmt: skip
