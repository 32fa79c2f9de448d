"""Keras 3 on the TensorFlow CPU backend: the study the way its text writes it, one ``fit`` after another."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf

from benchmarks.peers.common import BATCH, VALIDATION, Job, Outcome, arguments, side


class FirstCall:
    """Wrap a train or test function and keep the seconds of its first call, which traces and compiles."""

    def __init__(self, function: Callable[[Any], Any]) -> None:
        self.function, self.seconds = function, 0.0

    def __call__(self, iterator: Any) -> Any:
        """Call the wrapped function; only the first call is timed."""
        if self.seconds:
            return self.function(iterator)
        start = time.perf_counter()
        out = self.function(iterator)
        self.seconds = time.perf_counter() - start
        return out


def model(activation: str) -> Any:
    """Build and compile the text's network; its leaky ReLU is the Keras layer with its own slope, 0.3."""

    def act() -> Any:
        return keras.layers.LeakyReLU() if activation == "leaky_relu" else activation

    net = keras.Sequential(
        [
            keras.Input((28, 28)),
            keras.layers.Flatten(),
            keras.layers.Dense(128, activation=act()),
            keras.layers.Dense(64, activation=act()),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
    net.compile(optimizer=keras.optimizers.Adam(), loss="categorical_crossentropy", metrics=["accuracy"])
    return net


def run(job: Job) -> Outcome:
    """Train every (activation, seed) with ``fit``; tracing is taken off the time and stated apart."""
    tf.config.threading.set_intra_op_parallelism_threads(job.threads)
    with np.load(job.npz) as z:
        x, xt = (z[k].reshape(-1, 28, 28) / 255.0 for k in ("x_train", "x_test"))
        y, yt = (keras.utils.to_categorical(z[k], 10) for k in ("y_train", "y_test"))
    seconds = setup = 0.0
    accuracy: dict[str, list[float]] = {name: [] for name in job.activations}
    for name in job.activations:
        for seed in range(job.seeds):
            keras.utils.set_random_seed(seed)
            net = model(name)
            net.make_train_function()
            net.make_test_function()
            net.train_function, net.test_function = (
                FirstCall(net.train_function),
                FirstCall(net.test_function),
            )
            start = time.perf_counter()
            net.fit(x, y, epochs=job.epochs, batch_size=BATCH, validation_split=VALIDATION, verbose=0)
            traced = net.train_function.seconds + net.test_function.seconds
            seconds += time.perf_counter() - start - traced
            setup += traced
            accuracy[name].append(float(net.evaluate(xt, yt, verbose=0)[1]))
            keras.backend.clear_session()
    return Outcome(seconds, setup, accuracy)


if __name__ == "__main__":
    side("keras fit", {"keras": keras.__version__, "tensorflow": tf.__version__}, run, arguments())
