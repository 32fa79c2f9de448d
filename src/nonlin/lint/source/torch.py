"""What PyTorch's layers, functions and losses are: tables of names, signatures and operations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from nonlin.lint.source.arguments import words


@dataclass(frozen=True)
class Row:
    """A layer class: the operation it is, its arguments in order, and facts that hold for all its objects."""

    name: str
    op: str
    signature: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    special: str = ""
    """A key of the tables of calls, for layers that are more than one operation."""


def _rows(*groups: tuple[str, str, str, Mapping[str, Any]]) -> dict[str, Row]:
    return {
        f"torch.nn.{name}": Row(f"torch.nn.{name}", op, signature, {**facts, "shown": f"nn.{name}"})
        for names, op, signature, facts in groups
        for name in names.split()
    }


CONV = "in_features out_features kernel_size stride padding dilation groups bias padding_mode"
TRANSPOSED = "in_features out_features kernel_size stride padding output_padding groups bias dilation"
LAYERS: dict[str, Row] = {
    **_rows(
        ("Linear", "linear", "in_features out_features bias", {}),
        ("LazyLinear", "linear", "out_features bias", {}),
        ("Bilinear", "bilinear", "in1_features in2_features out_features bias", {}),
        ("Conv1d", "conv", CONV, {"rank": 1}),
        ("Conv2d", "conv", CONV, {"rank": 2}),
        ("Conv3d", "conv", CONV, {"rank": 3}),
        ("LazyConv1d", "conv", CONV[12:], {"rank": 1}),
        ("LazyConv2d", "conv", CONV[12:], {"rank": 2}),
        ("LazyConv3d", "conv", CONV[12:], {"rank": 3}),
        ("ConvTranspose1d", "conv_transpose", TRANSPOSED, {"rank": 1}),
        ("ConvTranspose2d", "conv_transpose", TRANSPOSED, {"rank": 2}),
        ("ConvTranspose3d", "conv_transpose", TRANSPOSED, {"rank": 3}),
        ("BatchNorm1d BatchNorm2d BatchNorm3d SyncBatchNorm", "norm", "num_features eps momentum affine", {"kind": "batch"}),
        ("LazyBatchNorm1d LazyBatchNorm2d LazyBatchNorm3d", "norm", "eps momentum affine", {"kind": "batch"}),
        ("LayerNorm", "norm", "normalized_shape eps elementwise_affine", {"kind": "layer"}),
        ("GroupNorm", "norm", "num_groups num_features eps affine", {"kind": "group"}),
        ("InstanceNorm1d InstanceNorm2d InstanceNorm3d", "norm", "num_features eps momentum affine", {"kind": "instance"}),
        ("RMSNorm", "norm", "normalized_shape eps elementwise_affine", {"kind": "rms"}),
        ("LocalResponseNorm", "norm", "size alpha beta k", {"kind": "local"}),
        ("Dropout Dropout1d Dropout2d Dropout3d", "dropout", "p inplace", {}),
        ("AlphaDropout FeatureAlphaDropout", "dropout", "p inplace", {"kind": "alpha"}),
        ("MaxPool1d MaxPool2d MaxPool3d FractionalMaxPool2d", "max_pool", "kernel_size stride padding", {}),
        ("AvgPool1d AvgPool2d AvgPool3d", "avg_pool", "kernel_size stride padding", {}),
        ("LPPool1d LPPool2d", "avg_pool", "norm_type kernel_size stride", {"kind": "lp"}),
        ("AdaptiveAvgPool1d AdaptiveAvgPool2d AdaptiveAvgPool3d", "avg_pool", "output_size", {}),
        ("AdaptiveMaxPool1d AdaptiveMaxPool2d AdaptiveMaxPool3d", "max_pool", "output_size", {}),
        ("MaxUnpool1d MaxUnpool2d MaxUnpool3d", "reshape", "kernel_size stride padding", {"kind": "unpool"}),
        ("Flatten", "flatten", "start_dim end_dim", {}),
        ("Unflatten", "reshape", "dim unflattened_size", {}),
        ("Identity", "identity", "", {}),
        ("Embedding EmbeddingBag", "embedding", "num_embeddings out_features padding_idx", {}),
        ("RNN", "recurrent", "in_features out_features num_layers nonlinearity bias batch_first", {"kind": "rnn"}),
        ("LSTM", "recurrent", "in_features out_features num_layers bias batch_first dropout bidirectional", {"kind": "lstm"}),
        ("GRU", "recurrent", "in_features out_features num_layers bias batch_first dropout bidirectional", {"kind": "gru"}),
        ("RNNCell", "recurrent", "in_features out_features bias nonlinearity", {"kind": "rnn", "cell": True}),
        ("LSTMCell", "recurrent", "in_features out_features bias", {"kind": "lstm", "cell": True}),
        ("GRUCell", "recurrent", "in_features out_features bias", {"kind": "gru", "cell": True}),
        ("MultiheadAttention", "attention", "out_features num_heads dropout bias", {"kind": "multihead"}),
        ("TransformerEncoderLayer TransformerDecoderLayer", "attention", "out_features nhead dim_feedforward dropout activation",
         {"kind": "transformer"}),
        ("TransformerEncoder TransformerDecoder", "attention", "layer num_layers norm", {"kind": "transformer"}),
        ("Transformer", "attention", "out_features nhead", {"kind": "transformer"}),
        ("Upsample UpsamplingNearest2d UpsamplingBilinear2d", "reshape", "size scale_factor mode", {"kind": "interpolate"}),
        ("PixelShuffle PixelUnshuffle ChannelShuffle Fold Unfold", "reshape", "factor", {}),
        ("ZeroPad1d ZeroPad2d ZeroPad3d ReflectionPad1d ReflectionPad2d ReflectionPad3d ReplicationPad1d ReplicationPad2d "
         "ReplicationPad3d ConstantPad1d ConstantPad2d ConstantPad3d CircularPad1d CircularPad2d", "pad", "padding value", {}),
        ("CosineSimilarity PairwiseDistance", "arithmetic", "dim eps", {"kind": "distance"}),
    ),
    **{
        f"torch.nn.{name}": Row(f"torch.nn.{name}", "identity", "", {"shown": f"nn.{name}"}, special)
        for name, special in (("Sequential", "chain"), ("ModuleList", "list"), ("ModuleDict", "dict"), ("ParameterList", "list"))
    },
}  # fmt: skip
"""PyTorch's layers; activations come from the peers' table instead."""

WRAPPERS = words(
    "torch.nn.DataParallel torch.nn.parallel.DistributedDataParallel torch.nn.parallel.DataParallel torch.compile torch.jit.script "
    "torch.jit.trace torch.nn.utils.spectral_norm torch.nn.utils.weight_norm torch.nn.utils.parametrizations.weight_norm "
    "torch.nn.utils.parametrizations.spectral_norm torch.nn.utils.parametrizations.orthogonal torch.nn.utils.remove_weight_norm "
    "torch.quantization.QuantWrapper torch.optim.swa_utils.AveragedModel torch.nn.SyncBatchNorm.convert_sync_batchnorm torch.fx.symbolic_trace "
    "torch.distributed.fsdp.FullyShardedDataParallel tensorflow_addons.layers.SpectralNormalization tensorflow.function"
)
"""Functions and classes that give back what a model computes."""


@dataclass(frozen=True)
class LossRow:
    """A loss: its kind, the arguments of its class or function in order, and where prediction and target stand."""

    kind: str
    signature: str
    facts: Mapping[str, Any] = field(default_factory=dict)


CALL = "input target "
LOSSES: dict[str, LossRow] = {
    "CrossEntropyLoss": LossRow("cross_entropy", "weight size_average ignore_index reduce reduction label_smoothing"),
    "NLLLoss": LossRow("nll", "weight size_average ignore_index reduce reduction"),
    "NLLLoss2d": LossRow("nll", "weight size_average ignore_index reduce reduction"),
    "BCELoss": LossRow("bce", "weight size_average reduce reduction"),
    "BCEWithLogitsLoss": LossRow("bce_logits", "weight size_average reduce reduction pos_weight"),
    "MSELoss": LossRow("mse", "size_average reduce reduction"),
    "L1Loss": LossRow("l1", "size_average reduce reduction"),
    "SmoothL1Loss": LossRow("huber", "size_average reduce reduction beta"),
    "HuberLoss": LossRow("huber", "reduction delta"),
    "KLDivLoss": LossRow("kl", "size_average reduce reduction log_target"),
    "PoissonNLLLoss": LossRow("poisson", "log_input full"),
    "CTCLoss": LossRow("ctc", "blank reduction"),
    "HingeEmbeddingLoss": LossRow("hinge", "margin"),
    "SoftMarginLoss": LossRow("bce_logits", "size_average reduce reduction", {"signed": True}),
    "MultiLabelSoftMarginLoss": LossRow("bce_logits", "weight", {"multi_label": True}),
    "MultiMarginLoss": LossRow("hinge", "p margin"),
}
"""Loss classes of ``torch.nn``, from its documentation; torch.nn.SoftMarginLoss is the logistic loss of targets -1 and 1."""
LOSS_FUNCTIONS: dict[str, LossRow] = {
    "cross_entropy": LossRow("cross_entropy", CALL + "weight size_average ignore_index reduce reduction label_smoothing"),
    "nll_loss": LossRow("nll", CALL + "weight size_average ignore_index reduce reduction"),
    "binary_cross_entropy": LossRow("bce", CALL + "weight size_average reduce reduction"),
    "binary_cross_entropy_with_logits": LossRow("bce_logits", CALL + "weight size_average reduce reduction pos_weight"),
    "mse_loss": LossRow("mse", CALL + "size_average reduce reduction"),
    "l1_loss": LossRow("l1", CALL + "size_average reduce reduction"),
    "smooth_l1_loss": LossRow("huber", CALL + "size_average reduce reduction beta"),
    "huber_loss": LossRow("huber", CALL + "reduction delta"),
    "kl_div": LossRow("kl", CALL + "size_average reduce reduction log_target"),
    "poisson_nll_loss": LossRow("poisson", CALL + "log_input full"),
    "ctc_loss": LossRow("ctc", "input target input_lengths target_lengths blank"),
    "soft_margin_loss": LossRow("bce_logits", CALL, {"signed": True}),
    "multilabel_soft_margin_loss": LossRow("bce_logits", CALL, {"multi_label": True}),
}
"""Loss functions of ``torch.nn.functional``."""


@dataclass(frozen=True)
class Does:
    """What a function or method does: an operation, its arguments after the tensor, facts, and how many tensors it takes."""

    op: str
    signature: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    tensors: int = 1
    special: str = ""


def _does(*groups: tuple[str, Does]) -> dict[str, Does]:
    return {name: row for names, row in groups for name in names.split()}


FUNCTIONS: dict[str, Does] = _does(
    ("view reshape view_as reshape_as", Does("reshape", special="reshape")),
    ("unsqueeze squeeze expand expand_as repeat repeat_interleave tile narrow unfold fold pixel_shuffle roll flip index_select gather "
     "broadcast_to diagonal tril triu swapdims atleast_2d", Does("reshape")),
    ("interpolate upsample grid_sample", Does("reshape", facts={"kind": "interpolate"})),
    ("permute transpose t swapaxes movedim", Does("transpose")),
    ("flatten", Does("flatten", "start_dim end_dim")),
    ("float half double long int to cuda cpu type bfloat16 type_as", Does("cast")),
    ("contiguous clone detach requires_grad_ numpy retain_grad detach_ checkpoint", Does("identity")),
    ("sum mean max min amax amin prod logsumexp std var norm median cumsum any all argmax argmin topk sort argsort count_nonzero",
     Does("reduce", "dim keepdim", special="reduce")),
    ("matmul bmm mm mv dot baddbmm", Does("matmul", tensors=2, special="matmul")),
    ("einsum", Does("matmul", special="einsum")),
    ("scaled_dot_product_attention", Does("matmul", tensors=3, facts={"kind": "attention"})),
    ("cat concat concatenate stack hstack vstack", Does("concat", "dim", special="concat")),
    ("chunk split unbind tensor_split split_with_sizes", Does("select", "count dim", special="parts")),
    ("add sub subtract mul multiply div divide true_divide matmul pow rsub add_ sub_ mul_ div_ neg",
     Does("arithmetic", special="operator")),
    ("log log2 log10 log1p", Does("arithmetic", facts={"kind": "log"})),
    ("exp", Does("arithmetic", facts={"kind": "exp"})),
    ("clamp clip clamp_ clamp_min clamp_max", Does("arithmetic", "min max", {"kind": "clamp"})),
    ("abs sqrt rsqrt square sign round floor ceil reciprocal erf expm1 pow_ where masked_fill masked_fill_ maximum minimum cdist "
     "cosine_similarity lerp addcmul nan_to_num fmod remainder cos arctan atan", Does("arithmetic", tensors=2)),
    ("sin", Does("activation", facts={"function": "sin"})),
    ("dropout dropout1d dropout2d dropout3d", Does("dropout", "p training inplace")),
    ("alpha_dropout feature_alpha_dropout", Does("dropout", "p training inplace", {"kind": "alpha"})),
    ("pad", Does("pad", "pad mode value")),
    ("max_pool1d max_pool2d max_pool3d", Does("max_pool", "kernel_size stride padding")),
    ("avg_pool1d avg_pool2d avg_pool3d", Does("avg_pool", "kernel_size stride padding")),
    ("adaptive_avg_pool1d adaptive_avg_pool2d adaptive_avg_pool3d", Does("avg_pool", "output_size")),
    ("adaptive_max_pool1d adaptive_max_pool2d adaptive_max_pool3d", Does("max_pool", "output_size")),
    ("batch_norm", Does("norm", facts={"kind": "batch"})),
    ("layer_norm", Does("norm", facts={"kind": "layer"})),
    ("group_norm", Does("norm", facts={"kind": "group"})),
    ("instance_norm", Does("norm", facts={"kind": "instance"})),
    ("rms_norm", Does("norm", facts={"kind": "rms"})),
    ("normalize", Does("norm", facts={"kind": "l2"})),
    ("linear", Does("linear", special="linear")),
    ("conv1d conv2d conv3d", Does("conv", special="conv")),
    ("conv_transpose1d conv_transpose2d conv_transpose3d", Does("conv_transpose", special="conv")),
    ("embedding embedding_bag", Does("embedding")),
)  # fmt: skip
"""Functions of torch and torch.nn.functional and methods of tensors, by their last name."""
HOMES = ("torch", "torch.nn.functional", "torch.special", "torch.Tensor", "torch.utils.checkpoint", "torch.linalg")
"""Modules whose functions are looked up in ``FUNCTIONS`` by their last name."""

INITS: Mapping[str, str] = {
    "zeros_": "zeros",
    "ones_": "ones",
    "constant_": "constant",
    "normal_": "normal",
    "uniform_": "uniform",
    "trunc_normal_": "truncated_normal",
    "xavier_uniform_": "glorot_uniform",
    "xavier_normal_": "glorot_normal",
    "kaiming_uniform_": "he_uniform",
    "kaiming_normal_": "he_normal",
    "orthogonal_": "orthogonal",
    "eye_": "identity",
    "dirac_": "identity",
}
"""Functions of ``torch.nn.init`` and what Keras calls the same."""
