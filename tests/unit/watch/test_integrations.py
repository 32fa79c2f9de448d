"""Callbacks of Lightning, Hugging Face and Keras, each against the real library where it is installed."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import nonlin.watch as room
from nonlin.errors import MissingExtraError, ParameterError
from nonlin.findings import Severity

OF_KERAS = pytest.mark.filterwarnings("ignore:The structure of", "ignore:__array__ implementation")
"""Warnings that Keras itself causes: single inputs, and NumPy 2's copy keyword."""


def test_a_missing_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("lightning.pytorch", "pytorch_lightning", "transformers", "keras"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(MissingExtraError, match="needs lightning or pytorch_lightning, which is not installed"):
        room.lightning_callback()
    with pytest.raises(MissingExtraError, match="needs transformers"):
        room.huggingface_callback()
    with pytest.raises(MissingExtraError, match="needs keras"):
        room.keras_callback(None)


@pytest.mark.parametrize(
    "make", [room.lightning_callback, room.huggingface_callback, lambda **o: room.keras_callback(0, **o)]
)
def test_what_the_trainer_gives_is_refused(make: Any) -> None:
    with pytest.raises(ParameterError, match="takes model from its trainer"):
        make(model=3)


@pytest.mark.filterwarnings("ignore")
def test_lightning(tmp_path: Path) -> None:
    lightning = pytest.importorskip("lightning.pytorch")

    class Module(lightning.LightningModule):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))

        def training_step(self, batch: Any, _: int) -> Any:
            return self.net(batch[0]).square().mean()

        def configure_optimizers(self) -> Any:
            return torch.optim.SGD(self.parameters(), 0.1)

    data = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(torch.randn(96, 4)), 16)
    callback = room.lightning_callback(every=1)
    module = Module()
    trainer = lightning.Trainer(max_epochs=2, callbacks=[callback], accelerator="cpu", logger=False, enable_checkpointing=False,
                                enable_progress_bar=False, enable_model_summary=False, default_root_dir=tmp_path)  # fmt: skip
    trainer.fit(module, data)
    w = callback.watch
    assert w.steps == 12 and not w.remarks
    assert [layer.name for layer in w.layers] == ["net.0", "net.1", "net.2"]
    assert w.samples[-1].model["loss"] < w.samples[1].model["loss"]
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in module.modules())


@pytest.mark.filterwarnings("ignore")
def test_hugging_face(tmp_path: Path) -> None:
    transformers = pytest.importorskip("transformers")
    pytest.importorskip("accelerate")
    config = transformers.BertConfig(vocab_size=20, hidden_size=16, num_hidden_layers=2, num_attention_heads=2,
                                     intermediate_size=32, max_position_embeddings=16, num_labels=2)  # fmt: skip
    model = transformers.BertForSequenceClassification(config)
    rows = [{"input_ids": torch.randint(0, 20, (8,)), "labels": i % 2} for i in range(32)]
    callback = room.huggingface_callback(every=1)
    args = transformers.TrainingArguments(output_dir=str(tmp_path), num_train_epochs=2, per_device_train_batch_size=8, use_cpu=True,
                                          report_to=[], save_strategy="no", disable_tqdm=True)  # fmt: skip
    transformers.Trainer(model, args, train_dataset=rows, callbacks=[callback]).train()
    w = callback.watch
    assert w.steps == 8 and not w.remarks, w.remarks
    kinds = {layer.kind for layer in w.layers}
    assert {"affine", "activation", "attention"} <= kinds
    assert "bert.encoder.layer.0.intermediate.dense" in [layer.name for layer in w.layers]
    assert w._evaluator.state.trend.count == 8, "the loss of every step"
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in model.modules())


def keras_model(activation: str = "relu") -> Any:
    keras = pytest.importorskip("keras")
    keras.utils.set_random_seed(0)
    layers = keras.layers
    model = keras.Sequential(
        [
            layers.Input((8,)),
            layers.Dense(32, activation),
            layers.Dense(16),
            layers.LeakyReLU(negative_slope=0.2),
            layers.Dense(4),
        ]
    )
    model.compile(keras.optimizers.SGD(0.05), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return model


def keras_data() -> tuple[Any, Any]:
    x = np.random.default_rng(0).normal(size=(256, 8)).astype("float32")
    return x, (x[:, 0] > 0).astype("int32") + 2 * (x[:, 1] > 0)


@OF_KERAS
def test_keras_sees_activations_losses_and_updates(tmp_path: Path) -> None:
    x, y = keras_data()
    weights = []
    for watched in (False, True):
        model = keras_model()
        callback = room.keras_callback(x[:128], every=4)
        own = [layer.activation for layer in model.layers if hasattr(layer, "activation")]
        model.fit(x, y, batch_size=32, epochs=3, verbose=0, callbacks=[callback] if watched else [], shuffle=False)
        weights.append(model.get_weights())
        assert own == [layer.activation for layer in model.layers if hasattr(layer, "activation")]
        assert not any("call" in vars(layer) for layer in model.layers)
    assert all(np.array_equal(a, b) for a, b in zip(*weights, strict=True)), "the training is the same to the bit"
    w = callback.watch
    assert not w.remarks and w.steps == 24 and [s.step for s in w.samples] == [0, 4, 8, 12, 16, 20]
    assert [(n.kind, n.function, n.units) for n in w.layers] == [
        ("affine", "", 32), ("activation", "relu", 32), ("affine", "", 16), ("activation", "leaky_relu(slope=0.2)", 16),
        ("affine", "", 4),
    ]  # fmt: skip
    first = w.samples[0].layers[w.layers[1].name]
    assert 0.2 < first["rate"] < 0.8 and w.samples[-1].layers[w.layers[0].name]["update"] < 0
    assert w._evaluator.state.trend.count == 24 and w._evaluator.state.loss_kind == "cross_entropy"
    assert w._evaluator.state.classes == 4
    assert w.report(tmp_path / "keras.html").exists() and "24 steps" in w.summary()


@OF_KERAS
def test_keras_finds_dead_units() -> None:
    x, y = keras_data()
    model = keras_model()
    kernel, bias = model.layers[0].get_weights()
    model.layers[0].set_weights([kernel, bias - 100])
    callback = room.keras_callback(x, every=2)
    model.fit(x, y, batch_size=16, epochs=1, verbose=0, callbacks=[callback])
    (alert,) = [a for a in callback.watch.alerts if a.rule.code == "NW101"]
    assert alert.layer.endswith(".relu") and alert.severity is Severity.INFO


@OF_KERAS
def test_keras_goes_on_when_the_probe_does_not_fit() -> None:
    x, y = keras_data()
    callback = room.keras_callback(x[:, :3], every=2)
    with pytest.warns(RuntimeWarning, match="stopped at batch 0; the training goes on unwatched"):
        history = keras_model().fit(x, y, batch_size=64, epochs=1, verbose=0, callbacks=[callback])
    assert len(history.history["loss"]) == 1
