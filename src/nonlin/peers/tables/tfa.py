"""TensorFlow Addons: ``tfa.activations`` and the activation layers (no longer developed; the last version is 0.23)."""

from nonlin.peers.rows import Peer, row, table, to

SHORT = {"activations": "tfa.activations", "layers": "tfa.layers"}

PEER = Peer(
    "tfa", "TensorFlow Addons", "", ("0.6", "0.23"), short=SHORT, checked="read in its source", ignores=("training", "seed", "rng"),
    rows=table(SHORT, (
        row("gelu_tanh", "activations.gelu layers.GELU", approximate=True, note="tanh approximation by default"),
        row("gelu", "activations.gelu layers.GELU", approximate=False),
        row("hardshrink", "activations.hardshrink", lower=to("threshold", -0.5, factor=-1.0), upper=to("threshold", 0.5)),
        row("where(x < lower, x, where(x > upper, x, 0))", "activations.hardshrink", lower=to("lower", -0.5),
            upper=to("upper", 0.5)),
        row("softshrink", "activations.softshrink", lower=to("threshold", -0.5, factor=-1.0), upper=to("threshold", 0.5)),
        row("where(x < lower, x - lower, where(x > upper, x - upper, 0))", "activations.softshrink",
            lower=to("lower", -0.5), upper=to("upper", 0.5)),
        row("tanhshrink", "activations.tanhshrink"),
        row("lisht", "activations.lisht"),
        row("mish", "activations.mish"),
        row("rrelu", "activations.rrelu", lower=to("low", 1 / 8), upper=to("high", 1 / 3), since="0.7"),
        row("snake", "activations.snake", frequency=to("alpha", 1.0), since="0.12",
            note="frequency is a number here; nonlin's module learns it unless told learnable=False"),
        row("snake", "layers.Snake", frequency_initializer="ones", since="0.12"),
        row("sparsemax", "activations.sparsemax layers.Sparsemax", axis=("axis", -1)),
        row("", "layers.Maxout", axis=("axis", -1), note="the largest of every num_units-th entry; nonlin.maxout takes the largest "
            "of pieces = entries / num_units neighbours, the same after reordering the axis"),
        row("tlu", "layers.TLU", affine=False),
        row("tlu_affine", "layers.TLU", affine=True),
    )),
)  # fmt: skip
