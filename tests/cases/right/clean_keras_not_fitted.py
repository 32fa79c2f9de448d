"""Keras: nothing wrong with the activations; the model is only evaluated."""

import numpy as np
from tensorflow.keras.layers import Dense
from tensorflow.keras.models import Sequential

x, y = np.random.randn(100, 4), np.random.randint(0, 3, 100)
model = Sequential()
model.add(Dense(16, input_dim=4, activation="relu"))
model.add(Dense(3, activation="softmax"))
model.compile(loss="sparse_categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
print(model.evaluate(x, y))
