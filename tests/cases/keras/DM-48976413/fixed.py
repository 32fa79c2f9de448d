"""y = 20 * sum(x) + 5 with Keras."""

import numpy as np
from tensorflow import keras
from tensorflow.keras import layers

x = np.random.rand(1000, 5)
y = 20 * np.sum(x, axis=1) + 5


def build():
    model = keras.Sequential(
        [
            layers.Dense(12, activation="relu", input_shape=(5,)),
            layers.Dense(8, activation="relu"),
            layers.Dense(1),
        ]
    )
    model.compile(optimizer=keras.optimizers.Adam(0.01), loss="mse")
    return model


if __name__ == "__main__":
    model = build()
    model.fit(x, y, epochs=100, batch_size=50, validation_split=0.1)
