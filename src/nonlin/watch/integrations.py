"""Watching inside trainers that own the loop: callbacks for Lightning, Hugging Face and Keras.

Each is a function that makes the callback when its library is there; nothing is imported before. All have the watch as
``callback.watch`` once training has begun, with ``alerts``, ``samples``, ``summary()`` and ``report(path)``.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from nonlin.errors import MissingExtraError, ParameterError

__all__ = ["huggingface_callback", "keras_callback", "lightning_callback"]


def _library(names: tuple[str, ...], what: str) -> Any:
    for name in names:
        try:
            return import_module(name)
        except ImportError:
            continue
    raise MissingExtraError(f"{what} needs {' or '.join(n.partition('.')[0] for n in names)}, which is not installed")


def lightning_callback(**options: Any) -> Any:
    """Return a Lightning ``Callback`` that watches ``trainer.fit``; ``options`` are those of :func:`nonlin.watch`.

    The loss is what ``training_step`` returns. The first optimiser of the trainer is the one whose steps count.

    Raises:
        MissingExtraError: neither ``lightning`` nor ``pytorch_lightning`` is installed.
        ParameterError: an option that the callback itself gives (``model``, ``optimizer``).
    """
    _check(options)
    library = _library(("lightning.pytorch", "pytorch_lightning"), "watching in Lightning")

    class LightningWatch(library.Callback):  # type: ignore[misc,name-defined]
        """Watches a training by Lightning."""

        def __init__(self) -> None:
            self.watch: Any = None

        def on_train_start(self, trainer: Any, pl_module: Any) -> None:
            self._end()
            self.watch = _start(pl_module, trainer.optimizers[0] if trainer.optimizers else None, options)

        def on_train_batch_end(self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, batch_idx: int) -> None:
            loss = outputs.get("loss") if isinstance(outputs, dict) else outputs
            if self.watch is not None and self.watch.steps and loss is not None:
                self.watch.step(loss=loss)

        def on_train_end(self, trainer: Any, pl_module: Any) -> None:
            self._end()

        def on_exception(self, trainer: Any, pl_module: Any, exception: BaseException) -> None:
            self._end()

        def _end(self) -> None:
            if self.watch is not None:
                self.watch.close()

    return LightningWatch()


def huggingface_callback(**options: Any) -> Any:
    """Return a ``TrainerCallback`` of transformers that watches ``trainer.train``; ``options`` are those of :func:`nonlin.watch`.

    The loss is the one the model returns for labels, at every step, without waiting for the device.

    Raises:
        MissingExtraError: ``transformers`` is not installed.
        ParameterError: an option that the callback itself gives (``model``, ``optimizer``).
    """
    _check(options)
    library = _library(("transformers",), "watching in a Hugging Face Trainer")

    class HuggingFaceWatch(library.TrainerCallback):  # type: ignore[misc,name-defined]
        """Watches a training by a Hugging Face Trainer."""

        def __init__(self) -> None:
            self.watch: Any = None

        def on_train_begin(
            self, args: Any, state: Any, control: Any, model: Any = None, optimizer: Any = None, **_: Any
        ) -> None:
            if self.watch is not None:
                self.watch.close()
            self.watch = _start(model, optimizer, {"loss": "output", **options})

        def on_train_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            if self.watch is not None:
                self.watch.close()

    return HuggingFaceWatch()


def keras_callback(probe: Any, **options: Any) -> Any:
    """Return a Keras 3 ``Callback`` that watches ``model.fit`` on every backend.

    Keras computes inside compiled steps that nothing can be hooked into, so every so often the model is run, in inference mode,
    on ``probe``, and its activations are counted there; the loss is that of each batch, and the size of updates comes from the
    weights between two such runs. Gradients are not seen.

    Args:
        probe: inputs of some samples, as the model takes them; 64 or more, so that dead units can be told soon.
        **options: ``every``, ``budget``, ``loss``, ``sinks``, ``ignore`` of :func:`nonlin.watch`.

    Raises:
        MissingExtraError: ``keras`` is not installed.
        ParameterError: an option that the callback itself gives (``model``, ``optimizer``), or an unknown one.
    """
    _check(options)
    library = _library(("keras",), "watching in Keras")
    from nonlin.watch.keras import KerasWatch

    class KerasCallback(library.callbacks.Callback):  # type: ignore[misc,name-defined]
        """Watches a training by Keras."""

        def __init__(self) -> None:
            super().__init__()
            self.watch: Any = None

        def on_train_begin(self, logs: Any = None) -> None:
            self.watch = KerasWatch(self.model, probe, **options)

        def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
            self.watch.begin_batch()

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            self.watch.end_batch(batch, logs or {})

        def on_train_end(self, logs: Any = None) -> None:
            self.watch.close()

    return KerasCallback()


def _check(options: dict[str, Any]) -> None:
    for name in ("model", "optimizer"):
        if name in options:
            raise ParameterError(f"the callback takes {name} from its trainer; leave it out")


def _start(model: Any, optimizer: Any, options: dict[str, Any]) -> Any:
    from nonlin.watch.watcher import watch

    return watch(model, optimizer, **options).start()
