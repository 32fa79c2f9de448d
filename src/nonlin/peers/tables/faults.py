"""What is wrong in the peers: each row was measured, with the inputs that show it, in the version the peer's table was checked with.

``nonlin verify`` finds most of them by itself; the tests expect every row to fail, and say so when a peer has mended it.
"""

import math

from nonlin.peers.faults import fault

INF = math.inf
T, F, J, K = "torch.nn", "torch.nn.functional", "jax.nn", "keras"
AT_INFINITY = "NaN instead of the limit at an infinite input"
_SMOOTH = ("SiLU", "silu"), ("Mish", "mish"), ("Hardswish", "hardswish")

FAULTS = (
    # -- PyTorch
    *(fault("torch", f"{T}.{cls} {F}.{name}", "limit", f"{name}(-inf) is {AT_INFINITY}", [-INF]) for cls, name in _SMOOTH),
    fault("torch", f"{T}.GELU {F}.gelu", "limit", f"gelu(-inf) is {AT_INFINITY}", [-INF]),
    fault("torch", f"{T}.Softsign {F}.softsign", "limit", f"softsign at both infinities is {AT_INFINITY}", [-INF, INF]),
    fault("torch", f"{T}.GELU {F}.gelu", "limit", "gelu(+inf) is NaN in a float32 tensor of 16 elements on a CPU, inf in one of "
          "1: the result depends on the size of the tensor", [INF], dtype="float32", size=16, since="2.0",
          reference="pytorch/pytorch#185770"),
    fault("torch", f"{T}.GELU {F}.gelu", "accuracy", "gelu's left tail cancels: x*(1 + erf(x/sqrt(2)))/2 is 7 % off at -8.3 in "
          "float64 and 0 from -8.4 on", [-8.3, -9.0, -20.0], reference="pytorch/pytorch#187806"),
    fault("torch", f"{T}.GELU {F}.gelu", "accuracy", "gelu's left tail cancels in float32: 17 % off at -5 and 0 from -5.6 on", [-5.0, -5.4, -6.0],
          dtype="float32", size=16, reference="pytorch/pytorch#187806"),
    fault("torch", f"{T}.Tanhshrink {F}.tanhshrink", "accuracy", "tanhshrink near 0 is 0, or wrong in most digits, where it should be "
          "x**3/3", [1e-4, 1e-6, 1e-8]),
    fault("torch", f"{T}.Softplus {F}.softplus", "accuracy", "softplus is x itself from beta*x = 20 on: 5e5 ulps off in float64",
          [20.1, 21.0], reference="pytorch/pytorch#31110"),
    fault("torch", f"{T}.Softplus {F}.softplus", "gradient", "softplus'' is 0 from 20 on", [20.5, 30.0], order=2),
    fault("torch", f"{T}.Hardsigmoid {F}.hardsigmoid", "missing", "hardsigmoid cannot be differentiated twice", [0.5], order=2),
    fault("torch", f"{T}.Hardsigmoid {F}.hardsigmoid", "accuracy", "hardsigmoid' in float64 is 1/6 in single precision", [0.5],
          order=1),
    fault("torch", f"{T}.Sigmoid {F}.sigmoid torch.sigmoid", "accuracy", "sigmoid' of large inputs, s*(1 - s), loses its digits and is "
          "0 from 37 on", [30.0, 38.0], order=1, reference="pytorch/pytorch#195527"),
    fault("torch", f"{T}.Tanh {F}.tanh torch.tanh", "accuracy", "tanh', 1 - tanh**2, loses its digits and is 0 from 19.1 on",
          [15.0, 20.0], order=1),
    fault("torch", f"{T}.SiLU {F}.silu", "accuracy", "silu'' of large inputs loses its digits", [30.0, 37.0], order=2),
    fault("torch", f"{T}.LogSigmoid {F}.logsigmoid", "accuracy", "logsigmoid'' of large inputs loses its digits", [30.0, 35.0], order=2),
    # -- JAX
    *(fault("jax", f"{J}.{name}", "limit", f"{name}(-inf) is {AT_INFINITY}", [-INF]) for name in
      ("silu", "swish", "mish", "gelu", "hard_swish", "hard_silu", "squareplus")),
    fault("jax", f"{J}.soft_sign", "limit", f"soft_sign at both infinities is {AT_INFINITY}", [-INF, INF]),
    fault("jax", f"{J}.elu {J}.selu {J}.celu", "gradient", "the gradient is 0 from -37.5 on in float64 (-17.5 in float32), because it is "
          "computed as expm1(x) + 1", [-38.0, -50.0], order=1, reference="jax-ml/jax#39795"),
    fault("jax", f"{J}.sigmoid", "accuracy", "sigmoid' of large inputs, s*(1 - s), loses its digits", [30.0, 38.0], order=1,
          reference="jax-ml/jax#40385"),
    fault("jax", f"{J}.tanh jax.numpy.tanh", "accuracy", "tanh', 1 - tanh**2, loses its digits", [15.0, 20.0], order=1),
    fault("jax", f"{J}.gelu", "accuracy", "the tanh approximation's left tail cancels and is 0 from -7.7 on in float64", [-7.0, -8.0],
          given={"approximate": True}),
    fault("jax", f"{J}.squareplus", "accuracy", "squareplus cancels far left and is 0 from -1e9 on", [-1e4, -1e9]),
    fault("jax", f"{J}.leaky_relu", "convention", "leaky_relu'(0) is 1; PyTorch and nonlin have the negative slope", [0.0], order=1),
    fault("jax", f"{J}.hard_tanh", "convention", "hard_tanh'(+-1) is 1; PyTorch and nonlin have 0", [-1.0, 1.0], order=1),
    fault("jax", "jax.numpy.abs", "convention", "abs'(0) is 1; PyTorch and nonlin have 0", [0.0], order=1),
    fault("jax", f"{J}.sparse_sigmoid", "convention", "sparse_sigmoid'(+-1) is 1/4, half of the slope beside it", [-1.0, 1.0], order=1),
    # -- Keras
    fault("keras", f"{K}.activations.sparsemax {K}.ops.sparsemax", "value", "sparsemax is wrong wherever more than one entry is not "
          "zero: [0.3, 0.1] gives [0.45, 0.25], not [0.6, 0.4]", [0.5, 0.4, 0.3, 0.2], since="3.8", reference="keras-team/keras#23425"),
    fault("keras", f"{K}.activations.tanh_shrink {K}.ops.tanh_shrink", "accuracy", "tanh_shrink near 0 is 0, or wrong in most digits",
          [1e-4, 1e-6, 1e-8]),
    fault("keras", f"{K}.activations.hard_sigmoid {K}.ops.hard_sigmoid", "missing", "on the torch backend it cannot be "
          "differentiated twice", [0.5], order=2, backend="torch", since="3.0"),
    fault("keras", f"{K}.activations.hard_sigmoid {K}.ops.hard_sigmoid", "accuracy", "on the torch backend its gradient in float64 is "
          "1/6 in single precision", [0.5], order=1, backend="torch", since="3.0"),
    fault("keras", f"{K}.activations.softsign {K}.ops.softsign", "missing", "on the TensorFlow backend it cannot be differentiated twice",
          [0.5], order=2, backend="tensorflow", since="3.0"),
    fault("keras", f"{K}.activations.tanh {K}.ops.tanh", "accuracy", "on the JAX backend tanh of float64 is computed, and returned, "
          "in float32", [-1.0, 0.5], backend="jax", since="3.0"),
    fault("keras", f"{K}.activations.gelu", "accuracy", "gelu's left tail cancels on the torch backend", [-8.3, -9.0],
          backend="torch", since="3.0"),
    # -- TensorFlow
    fault("tensorflow", "tensorflow.nn.gelu", "accuracy", "gelu in float64 is computed with constants in single precision: 1e-7 off",
          [-1.0, 1.0]),
    fault("tensorflow", "tensorflow.nn.leaky_relu", "accuracy", "alpha is kept in single precision: leaky_relu in float64 is 1.5e-8 off",
          [-1.0]),
    fault("tensorflow", "tensorflow.nn.silu tensorflow.nn.swish", "accuracy", "beta other than 1 is kept in single precision: 1e-7 off in float64",
          [-3.0], given={"beta": 0.7}),
    fault("tensorflow", "tensorflow.nn.softsign", "missing", "softsign cannot be differentiated twice", [0.5], order=2),
    fault("tensorflow", "tensorflow.nn.selu", "convention", "selu'(0) is scale; PyTorch, JAX and nonlin have scale*alpha", [0.0], order=1),
    # -- timm, which passes on PyTorch's
    fault("timm", "get_act_fn['hard_sigmoid'] get_act_fn['hardsigmoid']", "missing", "hardsigmoid cannot be differentiated twice",
          [0.5], order=2),
    fault("timm", "get_act_fn['hard_sigmoid'] get_act_fn['hardsigmoid']", "accuracy", "hardsigmoid' in float64 is 1/6 in single "
          "precision", [0.5], order=1),
    # -- Hugging Face transformers
    fault("transformers", "ACT2FN['xielu']", "gradient", "between -1e-6 and 0 the slope is -0.3 instead of 0.5", [-1e-7], order=1,
          since="4.56"),
    # -- fastai
    fault("fastai", "fastai.layers.swish", "value", "swish returns None", [1.0]),
    fault("fastai", "fastai.layers.sigmoid_", "missing", "sigmoid_ has no gradient: it clips in place what its backward pass needs",
          [0.5], order=1),
)  # fmt: skip
