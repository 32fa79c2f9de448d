"""The reader of Keras 3 models: functional graphs, weights, compiled losses; on whatever backend is installed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import nonlin
from nonlin.findings import Severity
from nonlin.lint.model import read

keras = pytest.importorskip("keras")
layers = keras.layers


def dense(*more: Any, last: str | None = None, units: int = 10) -> Any:
    return keras.Sequential(
        [keras.Input((8,)), layers.Dense(16, activation="relu"), *more, layers.Dense(units, activation=last)]
    )


def codes(model: Any, *args: Any) -> set[str]:
    return {f.rule.code for f in nonlin.lint(model, *args) if f.severity > Severity.INFO}


def test_a_sequential_model() -> None:
    net = read(dense(layers.Dropout(0.2), last="softmax"))
    assert [n.op for n in net.nodes] == ["input", "linear", "activation", "dropout", "linear", "activation"]
    assert [n.function for n in net.nodes if n.op == "activation"] == ["relu", "softmax"]
    assert (net.framework, net.reader, net.complete) == ("keras", "calls", True)
    assert net.nodes[1].attrs["weight"].shape == (16, 8)
    assert net.nodes[1].attrs["bias_weight"].shape == (16,)
    assert net.nodes[-1].attrs["dim"] == -1
    assert net.nodes[-1].shape == (None, 10)


def test_a_functional_model_with_branches_and_a_model_inside() -> None:
    x = keras.Input((16, 16, 3))
    inner = keras.Sequential(
        [layers.Conv2D(4, 3, padding="same", activation="gelu"), layers.BatchNormalization()], name="block"
    )
    h = inner(layers.Conv2D(4, 3, padding="same")(x))
    h = layers.Add()([h, layers.LeakyReLU(negative_slope=0.1)(h)])
    h = layers.GlobalAveragePooling2D()(layers.Multiply()([h, layers.Activation("sigmoid")(h)]))
    net = read(keras.Model(x, layers.Dense(3)(keras.ops.relu(h))))
    assert net.complete, net.remarks
    found = [n.function or n.op for n in net.nodes]
    assert found == [
        "input",
        "conv",
        "conv",
        "gelu",
        "norm",
        "leaky_relu",
        "add",
        "sigmoid",
        "mul",
        "avg_pool",
        "relu",
        "linear",
    ]
    assert net.nodes[2].place.layer.startswith("block/")
    assert net.nodes[5].attrs["definition"].defaults["slope"] == pytest.approx(0.1)
    assert [net.nodes[i].op for i in net.nodes[6].inputs] == ["norm", "activation"]


@pytest.mark.parametrize(
    ("last", "units", "loss", "wrong"),
    [
        ("softmax", 10, "categorical_crossentropy", ""),
        (None, 10, "categorical_crossentropy", "NL109"),
        ("softmax", 1, "binary_crossentropy", "NL101"),
        ("sigmoid", 1, "binary_crossentropy", ""),
        ("softmax", 10, keras.losses.CategoricalCrossentropy(from_logits=True), "NL109"),
        (None, 10, keras.losses.SparseCategoricalCrossentropy(from_logits=True), ""),
        (None, 1, "mse", ""),
    ],
)
def test_pairings(last: str | None, units: int, loss: Any, wrong: str) -> None:
    model = dense(last=last, units=units)
    model.compile(optimizer="adam", loss=loss)
    assert codes(model) == ({wrong} if wrong else set())
    assert codes(dense(last=last, units=units), loss) == ({wrong} if wrong else set())


def test_the_learning_rate_and_the_labels() -> None:
    model = dense(last="softmax")
    model.compile(optimizer=keras.optimizers.Adam(5.0), loss="sparse_categorical_crossentropy")
    assert codes(model) == {"NL401"}
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    x = np.random.default_rng(0).normal(size=(20, 8)).astype("float32")
    assert codes(model, None, (x, np.arange(20) % 10)) == set()
    assert codes(model, None, (x, np.eye(10)[np.arange(20) % 10])) == {"NL403"}


def test_weights_are_judged() -> None:
    deep = [
        layers.Dense(64, activation="relu", kernel_initializer=keras.initializers.RandomNormal(stddev=0.02, seed=k))
        for k in range(12)
    ]
    assert "NL301" in codes(keras.Sequential([keras.Input((64,)), *deep, layers.Dense(1)]))
    same = [layers.Dense(16, activation="relu", kernel_initializer="ones") for _ in range(2)]
    assert "NL302" in codes(keras.Sequential([keras.Input((8,)), *same, layers.Dense(1)]))


def test_a_subclassed_model_is_not_judged() -> None:
    class Own(keras.Model):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.a = layers.Dense(4, activation="softmax")

        def call(self, x: Any) -> Any:
            return self.a(x)

    net = read(Own(), "mse")
    assert not net.complete
    assert "subclassed model" in net.remarks[0]


def test_an_unbuilt_model_is_read_without_weights() -> None:
    net = read(keras.Sequential([layers.Dense(4, activation="tanh"), layers.LSTM(3)]))
    assert [n.op for n in net.nodes] == ["input", "linear", "activation", "recurrent"]
    assert "weight" not in net.nodes[1].attrs
