"""What PyTorch's modules and functions do to a tensor, in the words of :data:`nonlin.lint.net.OPS`: two tables and their facts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from torch import nn

from nonlin.nn.recognise import is_own

MODULES: tuple[tuple[str, str, str], ...] = (
    # operation, kind, names in torch.nn
    ("linear", "", "Linear"),
    ("bilinear", "", "Bilinear"),
    ("conv", "", "Conv1d Conv2d Conv3d"),
    ("conv_transpose", "", "ConvTranspose1d ConvTranspose2d ConvTranspose3d"),
    ("embedding", "", "Embedding EmbeddingBag"),
    ("recurrent", "", "RNN LSTM GRU RNNCell LSTMCell GRUCell"),
    ("attention", "module", "MultiheadAttention"),
    ("norm", "batch", "BatchNorm1d BatchNorm2d BatchNorm3d SyncBatchNorm"),
    ("norm", "layer", "LayerNorm"),
    ("norm", "group", "GroupNorm"),
    ("norm", "instance", "InstanceNorm1d InstanceNorm2d InstanceNorm3d"),
    ("norm", "rms", "RMSNorm"),
    ("norm", "local", "LocalResponseNorm CrossMapLRN2d"),
    ("dropout", "plain", "Dropout Dropout1d Dropout2d Dropout3d"),
    ("dropout", "alpha", "AlphaDropout FeatureAlphaDropout"),
    ("max_pool", "", "MaxPool1d MaxPool2d MaxPool3d AdaptiveMaxPool1d AdaptiveMaxPool2d AdaptiveMaxPool3d FractionalMaxPool2d "
     "FractionalMaxPool3d"),
    ("avg_pool", "", "AvgPool1d AvgPool2d AvgPool3d AdaptiveAvgPool1d AdaptiveAvgPool2d AdaptiveAvgPool3d"),
    ("flatten", "", "Flatten"),
    ("reshape", "", "Unflatten PixelShuffle PixelUnshuffle ChannelShuffle"),
    ("arithmetic", "fold", "Fold Unfold"),
    ("arithmetic", "interpolate", "Upsample UpsamplingNearest2d UpsamplingBilinear2d"),
    ("arithmetic", "lp_pool", "LPPool1d LPPool2d LPPool3d"),
    ("arithmetic", "distance", "CosineSimilarity PairwiseDistance"),
    ("pad", "", "ZeroPad1d ZeroPad2d ZeroPad3d ConstantPad1d ConstantPad2d ConstantPad3d ReflectionPad1d ReflectionPad2d "
     "ReflectionPad3d ReplicationPad1d ReplicationPad2d ReplicationPad3d CircularPad1d CircularPad2d CircularPad3d"),
    ("identity", "", "Identity"),
)  # fmt: skip
"""PyTorch's modules; their activations are those of :mod:`nonlin.nn.recognise`."""

FUNCTIONS: tuple[tuple[str, str, str], ...] = (
    # operation, kind, names of functions of torch and torch.nn.functional, methods, and operators of aten
    ("linear", "", "linear"),
    ("bilinear", "", "bilinear"),
    ("conv", "", "conv1d conv2d conv3d conv_tbc"),
    ("conv_transpose", "", "conv_transpose1d conv_transpose2d conv_transpose3d"),
    ("embedding", "", "embedding embedding_bag"),
    ("recurrent", "", "rnn_tanh rnn_relu lstm gru lstm_cell gru_cell rnn_tanh_cell rnn_relu_cell"),
    ("attention", "module", "multi_head_attention_forward"),
    ("attention", "sdpa", "scaled_dot_product_attention"),
    ("matmul", "", "matmul mm bmm grouped_mm _grouped_mm _scaled_mm einsum addmm addbmm baddbmm mv dot tensordot inner outer chain_matmul"),
    ("norm", "batch", "batch_norm"),
    ("norm", "layer", "layer_norm native_layer_norm"),
    ("norm", "group", "group_norm"),
    ("norm", "instance", "instance_norm"),
    ("norm", "rms", "rms_norm"),
    ("norm", "local", "local_response_norm"),
    ("norm", "unit", "normalize"),
    ("dropout", "plain", "dropout dropout1d dropout2d dropout3d feature_dropout"),
    ("dropout", "alpha", "alpha_dropout feature_alpha_dropout"),
    ("max_pool", "", "max_pool1d max_pool2d max_pool3d adaptive_max_pool1d adaptive_max_pool2d adaptive_max_pool3d "
     "max_pool2d_with_indices max_pool1d_with_indices max_pool3d_with_indices fractional_max_pool2d fractional_max_pool3d "
     "max_unpool1d max_unpool2d"),
    ("avg_pool", "", "avg_pool1d avg_pool2d avg_pool3d adaptive_avg_pool1d adaptive_avg_pool2d adaptive_avg_pool3d"),
    ("flatten", "", "flatten ravel"),
    ("reshape", "view", "view view_as unsqueeze squeeze unflatten expand expand_as"),
    ("reshape", "", "reshape reshape_as pixel_shuffle pixel_unshuffle channel_shuffle repeat repeat_interleave tile roll flip "
     "rot90 _pack_padded_sequence _pad_packed_sequence broadcast_to atleast_1d atleast_2d atleast_3d broadcast_tensors"),
    ("transpose", "view", "transpose permute t T mT H mH movedim moveaxis swapaxes swapdims adjoint"),
    ("pad", "", "pad constant_pad_nd"),
    ("cast", "", "to float half double bfloat16 type type_as cuda cpu long int bool short byte _to_copy"),
    ("identity", "view", "data detach alias real"),
    ("identity", "", "fake_quantize_per_tensor_affine fake_quantize_per_channel_affine contiguous clone checkpoint "
     "requires_grad lift_fresh_copy"),
    ("concat", "", "cat concat concatenate stack hstack vstack dstack column_stack setitem block_diag meshgrid scatter "
     "scatter_add index_add index_copy index_put copy scatter_reduce masked_scatter select_scatter slice_scatter"),
    ("select", "", "getitem select narrow chunk split split_with_sizes unbind gather index_select take take_along_dim "
     "masked_select tensor_split diagonal diag tril triu unfold slice view_as_real view_as_complex topk sort "
     "hsplit vsplit dsplit as_strided where unsafe_split unsafe_chunk"),
    ("reduce", "", "sum mean amax amin max min prod logsumexp var std norm median mode var_mean std_mean aminmax any all "
     "count_nonzero nansum nanmean cumsum cumprod cummax cummin logcumsumexp vector_norm matrix_norm"),
    ("add", "", "add sub subtract rsub"),
    ("mul", "", "mul multiply"),
    ("arithmetic", "", "div divide true_divide truediv floordiv floor_divide rfloordiv remainder fmod mod pow float_power exp "
     "exp2 expm1 log log2 log10 log1p sqrt rsqrt reciprocal abs absolute neg negative square sin cos tan asin acos atan "
     "atan2 sinh cosh asinh acosh atanh erf erfc erfinv sign sgn floor ceil round trunc frac clamp clip clamp_min clamp_max "
     "maximum minimum fmax fmin addcmul addcdiv lerp masked_fill nan_to_num interpolate upsample grid_sample affine_grid "
     "fold cosine_similarity pairwise_distance cdist cross logaddexp logit xlogy bucketize one_hot argmax argmin argsort "
     "eq ne lt le gt ge greater less greater_equal less_equal not_equal equal isnan isinf isfinite logical_and logical_or "
     "logical_not logical_xor bitwise_and bitwise_or bitwise_not bitwise_xor and or xor invert lshift rshift "
     "bernoulli multinomial normal fill zero hypot angle conj fft_fft fft_rfft fft_irfft fft_ifft fft_rfft2 fft_irfft2 "
     "fft_fft2 fft_ifft2 fft_fftn fft_ifftn fft_rfftn fft_irfftn stft "
     "istft complex imag isin searchsorted unique pinverse inverse inv det logdet cholesky solve "
     "trace kron vander diff histc bincount sinc gumbel_softmax nonzero allclose _is_all_true _is_any_true "
     "sigmoid_focal_loss lp_pool2d lp_pool1d "
     "new_tensor rrelu_with_noise unique_consecutive polar im2col col2im "
     "rad2deg deg2rad positive heaviside digamma lgamma i0 mvlgamma nms dist triangular_solve svd eigh qr"),
    ("constant", "", "zeros ones full empty arange linspace logspace eye rand randn randint randperm tensor as_tensor zeros_like "
     "ones_like full_like empty_like rand_like randn_like randint_like new_zeros new_ones new_full new_empty from_numpy "
     "tril_indices triu_indices hann_window hamming_window new scalar_tensor cartesian_prod empty_strided"),
)  # fmt: skip
"""PyTorch's functions by name; what is in neither table nor :mod:`nonlin.nn.recognise` is ``unknown``."""

_SCALARS = (
    "size dim numel item shape dtype device ndim is_cuda is_floating_point is_complex len stride requires_grad layout tolist "
    "is_contiguous nelement ndimension element_size storage_offset storage data_ptr names is_sparse is_nested "
    "is_quantized is_leaf grad_fn grad is_same_size get_device is_meta itemsize nbytes untyped_storage _version "
    "is_grad_enabled is_tensor result_type backward _is_view is_signed is_conj is_neg numpy"
)
SCALARS = frozenset(_SCALARS.split())
"""Names that ask a tensor something and give no tensor."""

VIEWS = ("reshape", "transpose", "identity", "flatten")
"""Operations whose result may share every number with their input."""


class Kind(NamedTuple):
    """A row that was met: the operation and its kind."""

    op: str
    kind: str


@lru_cache(maxsize=1)
def functions() -> dict[str, Kind]:
    """Return the table of functions by name."""
    return {name: Kind(op, kind) for op, kind, names in FUNCTIONS for name in names.split()}


@lru_cache(maxsize=1)
def _classes() -> list[tuple[type[nn.Module], Kind]]:
    return [
        (getattr(nn, name), Kind(op, kind)) for op, kind, names in MODULES for name in names.split() if hasattr(nn, name)
    ]


def of_module(module: nn.Module) -> Kind | None:
    """Return what a module of PyTorch, or one that inherits its forward, does; None where the table has it not."""
    for cls, kind in _classes():
        if is_own(module, cls):
            return kind
    return None


class Spelled(NamedTuple):
    """A function's name without decoration, as it is shown, and whether it works in place."""

    name: str
    shown: str
    inplace: bool


@lru_cache(maxsize=4096)
def _spelled(name: str) -> tuple[str, bool]:
    plain = name.partition(".")[0].strip("_") if name.startswith("__") else name.partition(".")[0]
    table = functions()
    if plain.endswith("_") and not plain.startswith("_"):
        return plain[:-1], True
    if plain not in table and plain[:1] in ("i", "r") and plain[1:] in table:
        return plain[1:], plain[0] == "i"
    return plain, plain == "setitem"


def spelled(func: Any) -> Spelled:
    """Return how a function or method is called: ``Tensor.add_`` is ``add`` in place, ``Tensor.T.__get__`` is ``T``."""
    name = func if isinstance(func, str) else str(getattr(func, "__name__", type(func).__name__))
    if name == "__get__":
        name = str(getattr(getattr(func, "__self__", None), "__name__", "unknown"))
    plain, inplace = _spelled(name)
    module = str(getattr(func, "__module__", "") or "")
    spot = "F." if module.startswith("torch.nn.functional") else "torch." if module.startswith("torch") else ""
    return Spelled(plain, f"{spot}{name.strip('_') if name.startswith('__') else name}", inplace)


# -- facts ------------------------------------------------------------------------------------------------------------


def _linear(m: Any) -> dict[str, Any]:
    return {"in_features": m.in_features, "out_features": m.out_features, "bias": m.bias is not None}


def _conv(m: Any) -> dict[str, Any]:
    return {"in_features": m.in_channels, "out_features": m.out_channels, "groups": m.groups, "bias": m.bias is not None,
            "kernel_size": tuple(m.kernel_size), "stride": tuple(m.stride), "features_dim": 1}  # fmt: skip


def _pool(m: Any) -> dict[str, Any]:
    size = getattr(m, "output_size", None)
    if size is not None:
        return {"global": all(s == 1 for s in (size if isinstance(size, tuple | list) else (size,)))}
    return {"global": False, "kernel_size": m.kernel_size}


MODULE_FACTS: Mapping[str, Callable[[Any], dict[str, Any]]] = {
    "linear": _linear,
    "bilinear": lambda m: {"out_features": m.out_features, "bias": m.bias is not None},
    "conv": _conv,
    "conv_transpose": _conv,
    "embedding": lambda m: {"in_features": m.num_embeddings, "out_features": m.embedding_dim},
    "recurrent": lambda m: {
        "kind": type(m).__name__.removesuffix("Cell").lower(),
        "function": getattr(m, "nonlinearity", "tanh"),
        "in_features": m.input_size,
        "out_features": m.hidden_size * (2 if getattr(m, "bidirectional", False) else 1),
    },
    "attention": lambda m: {"out_features": m.embed_dim},
    "norm": lambda m: {"affine": getattr(m, "weight", None) is not None},
    "dropout": lambda m: {"p": m.p},
    "max_pool": _pool,
    "avg_pool": _pool,
}
"""What is read off a module of each operation."""


def module_facts(module: nn.Module, kind: Kind) -> dict[str, Any]:
    """Return the facts of a module that is of this kind."""
    found = {"kind": kind.kind} if kind.kind else {}
    return {**found, **MODULE_FACTS.get(kind.op, lambda m: {})(module)}
