"""What is known of the loss: which one it is, how many classes, and its value at each step without waiting for the device."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from nonlin.errors import ParameterError
from nonlin.watch.inert import Hook

KINDS: dict[str, tuple[str, ...]] = {
    "cross_entropy": ("CrossEntropyLoss", "cross_entropy"),
    "nll": ("NLLLoss", "nll_loss", "nll"),
    "bce_logits": ("BCEWithLogitsLoss", "binary_cross_entropy_with_logits", "bce_logits"),
    "bce": ("BCELoss", "binary_cross_entropy", "bce"),
    "mse": ("MSELoss", "mse_loss", "mse"),
    "l1": ("L1Loss", "l1_loss", "l1"),
    "huber": ("HuberLoss", "SmoothL1Loss", "huber_loss", "smooth_l1_loss", "huber"),
    "kl": ("KLDivLoss", "kl_div", "kl"),
    "hinge": ("HingeEmbeddingLoss", "MultiMarginLoss", "hinge"),
    "ctc": ("CTCLoss", "ctc_loss", "ctc"),
    "poisson": ("PoissonNLLLoss", "poisson_nll_loss", "poisson"),
}
"""A loss as the rules know it, and how PyTorch and people spell it."""


def kind_of_loss(loss: Any) -> str:
    """Return the kind of a loss, empty for one that is not known.

    Raises:
        ParameterError: it is neither a text, nor a module, nor a function.
    """
    if loss is None:
        return ""
    if isinstance(loss, str):
        name = loss
    elif isinstance(loss, nn.Module):
        plain = not getattr(loss, "label_smoothing", 0.0) and getattr(loss, "weight", None) is None
        name = type(loss).__name__ if plain and getattr(loss, "reduction", "mean") == "mean" else ""
    elif callable(loss):
        name = getattr(loss, "__name__", "")
    else:
        raise ParameterError(
            "loss is the loss module (nn.CrossEntropyLoss()), its function (F.cross_entropy) or its name "
            f"('cross_entropy'), not {loss!r}; values of the loss go to w.step(loss=value)"
        )
    return next((kind for kind, names in KINDS.items() if name in names), "")


OUTPUT = "output"
"""Given for a loss: the model returns it, as those of transformers do with labels."""


class Losses:
    """Collects losses step by step; tensors stay on their device until the next sample is read.

    Args:
        loss: the loss as given to ``watch``.
    """

    def __init__(self, loss: Any = None) -> None:
        self.kind, self.criterion = kind_of_loss(loss), loss if isinstance(loss, nn.Module) else None
        self.in_output = loss == OUTPUT
        self.classes: int | None = None
        self.explicit = False
        self.broken = False
        """A loss known without waiting was NaN or infinite."""
        self._micro: list[Any] = []
        self._waiting: list[tuple[int, Any]] = []
        self._packed: list[tuple[int, Any]] = []

    @property
    def pending(self) -> bool:
        """Whether the step that is running has a loss that ``end`` must take, or one was broken."""
        return bool(self._micro) or self.broken

    def hook(self, guarded: Callable[..., Any], model: nn.Module | None = None) -> Callable[[], None]:
        """Take the loss from calls of the criterion, or from the model's output at each step; return what undoes it."""
        source, take = (model, self._returned) if self.in_output else (self.criterion, self._seen)
        if source is None:
            return lambda: None

        def see(module: nn.Module, args: Any, output: Any) -> None:
            if torch.is_grad_enabled() and not self.explicit:
                guarded(take, args, output)

        return source.register_forward_hook(Hook(see)).remove

    def _returned(self, args: Any, output: Any) -> None:
        inner = output.get("loss") if isinstance(output, dict) else getattr(output, "loss", None)
        if isinstance(inner, Tensor) and inner.numel() == 1:
            self._micro.append(_value(inner))

    def _seen(self, args: Any, output: Any) -> None:
        if self.classes is None and args and isinstance(args[0], Tensor) and args[0].ndim > 1:
            self.classes = args[0].shape[1]
        if isinstance(output, Tensor) and output.numel() == 1:
            self._micro.append(_value(output))

    def output(self, output: Any) -> None:
        """Look at a model's output: its width tells the classes; a loss in it is taken where no other is known."""
        if self.classes is None and isinstance(output, Tensor) and output.ndim > 1:
            self.classes = output.shape[1]
        if not self.explicit and not self.in_output and self.criterion is None:
            self._returned((), output)

    def end(self, step: int) -> None:
        """A step has ended: its loss is the mean over the batches it accumulated."""
        if self._micro:
            total = sum(self._micro[1:], start=self._micro[0])
            self._note(step, total / len(self._micro))
            self._micro = []

    def _note(self, step: int, loss: Any) -> None:
        self._waiting.append((step, loss))
        self.broken = self.broken or (isinstance(loss, float) and not math.isfinite(loss))

    def give(self, step: int, loss: Any) -> None:
        """Take the loss of a step from the user.

        Raises:
            ParameterError: it is not one number.
        """
        if isinstance(loss, Tensor) and loss.numel() != 1:
            raise ParameterError(f"loss must be one number, not a tensor of shape {tuple(loss.shape)}; give loss.mean()")
        if not isinstance(loss, Tensor | int | float) and not hasattr(loss, "__float__"):
            raise ParameterError(f"loss must be a number or a tensor with one, not {type(loss).__name__}")
        self.explicit = True
        if self._waiting and self._waiting[-1][0] == step:
            self._waiting.pop()
        self._note(step, _value(loss) if isinstance(loss, Tensor) else float(loss))

    def pack(self) -> Tensor | None:
        """Return the losses that are still on a device in one tensor, to be copied with the rest."""
        self._packed, self._waiting = self._waiting, []
        tensors = [v.reshape(()).float() for _, v in self._packed if isinstance(v, Tensor)]
        return torch.stack(tensors) if tensors else None

    def read(self, numbers: Any) -> list[tuple[int, float]]:
        """Return (step, loss) for all that were packed, given the copied numbers, and for those known without."""
        rest = iter(numbers)
        found = [(step, float(next(rest)) if isinstance(v, Tensor) else v) for step, v in self._packed]
        self._packed = []
        while self._waiting and not isinstance(self._waiting[0][1], Tensor):
            found.append(self._waiting.pop(0))
        return found


def _value(loss: Tensor) -> Any:
    """Return a number where reading it costs nothing, else the tensor."""
    return float(loss.detach()) if loss.device.type == "cpu" else loss.detach().clone()
