"""Keras: one sigmoid for two classes, and 32 sigmoids for 32 labels."""

from keras.layers import Conv1D, Dense, Flatten, MaxPooling1D
from keras.models import Sequential


def binary(features):
    model = Sequential()
    model.add(Dense(60, input_dim=features, activation="relu"))
    model.add(Dense(1, activation="sigmoid"))
    model.compile(loss="binary_crossentropy", optimizer="adam", metrics=["accuracy"])
    return model


def labels(length):
    model = Sequential()
    model.add(Conv1D(16, 3, activation="relu", input_shape=(length, 4)))
    model.add(MaxPooling1D(2))
    model.add(Flatten())
    model.add(Dense(32, activation="sigmoid"))
    model.compile(loss="binary_crossentropy", optimizer="rmsprop")
    return model
