"""Activation functions whose parameters are computed from the whole input: modules that hold the network that does it.

The bend itself is the catalogue's definition; what stands here is only where its parameters come from.
"""

from __future__ import annotations

from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from nonlin.backends.torch import checked, evaluate
from nonlin.catalogue import Definition, definitions
from nonlin.errors import DataError, ParameterError


def _whole(owner: str, name: str, value: object, least: int = 1) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise ParameterError(f"{owner}: {name} must be a whole number of at least {least}, not {value!r}")
    return value


class _Contextual(nn.Module):
    """What the modules here share: the definition, the check of the input's channels, and a learned value per channel."""

    definition: Definition
    channels: int

    def __init__(self, name: str, channels: int) -> None:
        super().__init__()
        self.definition = definitions()[name]
        self.channels = _whole(type(self).__name__, "channels", channels)

    def _learned(self, name: str) -> nn.Parameter:
        return nn.Parameter(torch.full((self.channels,), float(self.definition.params[name].default)))

    def _checked(self, x: Tensor) -> Tensor:
        x = checked(x)
        if x.dim() < 2 or x.shape[1] != self.channels:
            raise DataError(
                f"{type(self).__name__} has {self.channels} channels; x must have shape (samples, {self.channels}, ...), "
                f"not {tuple(x.shape)}"
            )
        return x

    def _bent(self, x: Tensor, **params: Tensor) -> Tensor:
        """Evaluate the definition, parameters of shape (samples or 1, channels or 1) spread over the rest of ``x``."""
        spread = {n: p.reshape(*p.shape, *(1,) * (x.dim() - p.dim())) for n, p in params.items()}
        return evaluate(self.definition.expr, x, spread)

    def extra_repr(self) -> str:
        return f"channels={self.channels}"


def _pooled(x: Tensor) -> Tensor:
    """Mean over everything but samples and channels: (samples, channels)."""
    return x.flatten(2).mean(-1) if x.dim() > 2 else x


class DynamicReLU(_Contextual):
    """Dynamic ReLU: the larger of two lines whose slopes and biases a squeeze-and-excitation network gives.

    Formula: ``max(a1*x + b1, a2*x + b2)`` with ``a = a0 + theta`` and ``b = theta/2``, theta in (-1, 1) from two linear
    layers on the mean of each channel; at first it is near ReLU (a0 = 1, 0).

    Shapes: input and output (samples, channels, ...).

    Args:
        channels: size of dimension 1.
        shared: True for one set of coefficients for a sample (DY-ReLU-A), False for one for each channel (DY-ReLU-B).
        reduction: how many times narrower the hidden layer is.

    Raises:
        ParameterError: an argument is not a whole number in range.
        DataError: the input has other channels.

    Reference: Y. Chen et al., Dynamic ReLU, ECCV 2020, arXiv:2003.10027

    >>> DynamicReLU(8)(torch.zeros(2, 8, 4, 4)).shape
    torch.Size([2, 8, 4, 4])
    """

    REACH = (1.0, 1.0, 0.5, 0.5)  # how far theta moves a1, a2, b1, b2 from their first values

    def __init__(self, channels: int, *, shared: bool = False, reduction: int = 8) -> None:
        super().__init__("dynamic_relu", channels)
        self.shared = bool(shared)
        hidden = max(1, channels // _whole("DynamicReLU", "reduction", reduction))
        self.squeeze = nn.Linear(channels, hidden)
        self.excite = nn.Linear(hidden, 4 if shared else 4 * channels)

    def forward(self, x: Tensor) -> Tensor:
        """Return the function at ``x`` of shape (samples, channels, ...)."""
        x = self._checked(x)
        theta = 2 * torch.sigmoid(self.excite(torch.relu(self.squeeze(_pooled(x))))) - 1
        names = ("a1", "a2", "b1", "b2")
        first = [float(self.definition.params[n].default) for n in names]
        moved = zip(names, theta.unflatten(1, (4, -1)).unbind(1), self.REACH, first, strict=True)
        return self._bent(x, **{n: start + reach * t for n, t, reach, start in moved})

    def extra_repr(self) -> str:
        return f"channels={self.channels}, shared={self.shared}"


class FunnelReLU(_Contextual):
    """Funnel activation: the larger of x and a condition of its surroundings, a normalised depthwise convolution.

    Formula: ``max(x, T(x))``. Shapes: input and output (samples, channels, height, width), or one to three further axes
    with ``space``.

    Args:
        channels: size of dimension 1.
        kernel_size: side of the window, an odd number.
        space: number of axes after the channels: 1, 2 or 3.

    Raises:
        ParameterError: an argument is not a whole number in range.
        DataError: the input has other channels or axes.

    Reference: N. Ma, X. Zhang, J. Sun, Funnel Activation for Visual Recognition, ECCV 2020, arXiv:2007.11824

    >>> FunnelReLU(3)(torch.zeros(2, 3, 8, 8)).shape
    torch.Size([2, 3, 8, 8])
    """

    _LAYERS: ClassVar[Any] = {1: (nn.Conv1d, nn.BatchNorm1d), 2: (nn.Conv2d, nn.BatchNorm2d), 3: (nn.Conv3d, nn.BatchNorm3d)}

    def __init__(self, channels: int, *, kernel_size: int = 3, space: int = 2) -> None:
        super().__init__("funnel_relu", channels)
        if _whole("FunnelReLU", "kernel_size", kernel_size) % 2 == 0:
            raise ParameterError(f"FunnelReLU: kernel_size must be odd, so that the window has a centre, not {kernel_size}")
        if space not in self._LAYERS:
            raise ParameterError(f"FunnelReLU: space must be 1, 2 or 3, not {space!r}")
        self.space = space
        convolution, norm = self._LAYERS[space]
        self.condition = nn.Sequential(
            convolution(channels, channels, kernel_size, padding=kernel_size // 2, groups=channels, bias=False),
            norm(channels),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return the function at ``x`` of shape (samples, channels, ...)."""
        x = self._checked(x)
        if x.dim() != self.space + 2:
            raise DataError(f"FunnelReLU: x must have {self.space} axes after the channels, not {x.dim() - 2}; see space=")
        return self._bent(x, surround=self.condition(x))


class MetaACON(_Contextual):
    """Meta-ACON-C: ACON-C whose switching factor is computed for each channel of a sample.

    Formula: ``(p1 - p2)*x*sigmoid(beta*(p1 - p2)*x) + p2*x``, p1 and p2 learned for each channel, beta the sigmoid of two
    normalised linear layers on the mean of each channel. Shapes: input and output (samples, channels, ...); while training
    at least two samples, since the normalisation is over them.

    Args:
        channels: size of dimension 1.
        reduction: how many times narrower the hidden layer is, at least 16 wide.

    Raises:
        ParameterError: an argument is not a whole number in range.
        DataError: the input has other channels.

    Reference: N. Ma et al., Activate or Not: Learning Customized Activation, CVPR 2021, arXiv:2009.04759

    >>> MetaACON(8)(torch.zeros(2, 8, 4, 4)).shape
    torch.Size([2, 8, 4, 4])
    """

    def __init__(self, channels: int, *, reduction: int = 16) -> None:
        super().__init__("meta_acon", channels)
        hidden = max(16, channels // _whole("MetaACON", "reduction", reduction))
        self.p1, self.p2 = self._learned("p1"), self._learned("p2")
        self.switch = nn.Sequential(
            nn.Linear(channels, hidden), nn.BatchNorm1d(hidden), nn.Linear(hidden, channels), nn.BatchNorm1d(channels)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return the function at ``x`` of shape (samples, channels, ...)."""
        x = self._checked(x)
        return self._bent(x, p1=self.p1[None], p2=self.p2[None], beta=torch.sigmoid(self.switch(_pooled(x))))


class Dice(_Contextual):
    """Dice: PReLU whose switch between its two slopes is the sigmoid of the batch-normalised input.

    Formula: ``p*x + (1 - p)*alpha*x`` with ``p = sigmoid((x - mean)/sqrt(variance + epsilon))``; mean and variance are those
    of each channel over the batch while training, and running averages otherwise. Shapes: (samples, channels, ...).

    Args:
        channels: size of dimension 1.
        momentum: share of a new batch in the running averages.

    Raises:
        ParameterError: an argument is not a number in range.
        DataError: the input has other channels.

    Reference: G. Zhou et al., Deep Interest Network for Click-Through Rate Prediction, KDD 2018, arXiv:1706.06978

    >>> Dice(4)(torch.zeros(3, 4)).shape
    torch.Size([3, 4])
    """

    mean: Tensor
    variance: Tensor

    def __init__(self, channels: int, *, momentum: float = 0.1) -> None:
        super().__init__("dice", channels)
        if isinstance(momentum, bool) or not isinstance(momentum, int | float) or not 0 <= momentum <= 1:
            raise ParameterError(f"Dice: momentum must be a number from 0 to 1, not {momentum!r}")
        self.momentum = float(momentum)
        self.alpha = self._learned("alpha")
        self.register_buffer("mean", torch.zeros(channels))
        self.register_buffer("variance", torch.ones(channels))

    def forward(self, x: Tensor) -> Tensor:
        """Return the function at ``x`` of shape (samples, channels, ...)."""
        x = self._checked(x)
        mean, variance = self.mean, self.variance
        if self.training and x.numel():
            rows = x.flatten(2).transpose(1, 2).flatten(0, 1) if x.dim() > 2 else x
            variance, mean = torch.var_mean(rows, 0, correction=0)
            with torch.no_grad():
                self.mean.lerp_(mean.to(self.mean.dtype), self.momentum)
                self.variance.lerp_(variance.to(self.variance.dtype), self.momentum)
        epsilon = torch.tensor(float(self.definition.params["epsilon"].default), dtype=mean.dtype, device=x.device)
        return self._bent(x, mean=mean[None], variance=variance[None], alpha=self.alpha[None], epsilon=epsilon[None, None])


CLASSES: dict[str, type[_Contextual]] = {
    "dynamic_relu": DynamicReLU,
    "funnel_relu": FunnelReLU,
    "meta_acon": MetaACON,
    "dice": Dice,
}
"""Definition -> the module that computes its parameters."""
