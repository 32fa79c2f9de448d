"""Keras: an autoencoder's linear code, and a regression that ends in a linear layer."""

import keras
from keras import layers

inputs = keras.Input(shape=(784,))
encoded = layers.Dense(32, activation="relu")(inputs)
decoded = layers.Dense(784, activation="sigmoid")(encoded)
autoencoder = keras.Model(inputs, decoded)
autoencoder.compile(optimizer="adam", loss="binary_crossentropy")

prices = keras.Sequential([layers.Dense(64, activation="relu", input_shape=(13,)), layers.Dense(1)])
prices.compile(optimizer="rmsprop", loss="mse", metrics=["mae"])
