"""Liger: Triton kernels for language models; they need a GPU."""

from nonlin.peers.rows import Peer, row, table, to

SHORT = {"functional": "liger_kernel.transformers.functional", "transformers": "liger_kernel.transformers"}

PEER = Peer(
    "liger", "Liger", "liger_kernel", ("0.1", "0.8"), short=SHORT, checked="read in the source of 0.8.5", ignores=("in_place",),
    rows=table(SHORT, (
        row("geglu_tanh", "functional.liger_geglu transformers.LigerGEGLUMLP", gate="first", separate=True,
            note="tanh approximation; the first array is the gate"),
        row("swiglu", "functional.liger_swiglu transformers.LigerSwiGLUMLP", gate="first", separate=True,
            note="the first array is the gate"),
        row("squared_relu", "functional.liger_relu_squared transformers.LigerReLUSquared", since="0.7"),
        row("dyt", "transformers.LigerDyT", init_alpha=to("alpha", 0.5), since="0.5"),
        row("dyt", "functional.liger_dyt", alpha=to("alpha"), gamma=to("gamma"), beta=to("beta"), since="0.5"),
        row("softmax", "functional.liger_softmax transformers.LigerSoftmax", axis=("dim", -1), since="0.6"),
        row("sparsemax", "functional.liger_sparsemax transformers.LigerSparsemax", axis=("dim", -1), since="0.5"),
        row("poly_norm", "transformers.LigerPolyNorm", fixed={"bias": 1.0}, eps=to("epsilon", 1e-6), since="0.6",
            note="its bias starts at 1"),
    )),
)  # fmt: skip
