"""Keras: attention weights from a softmax over the time steps, one score each."""

from tensorflow.keras import Model
from tensorflow.keras.layers import LSTM, Activation, Dense, Dot, Flatten, Input

inputs = Input((20, 8))
states = LSTM(32, return_sequences=True)(inputs)
scores = Dense(1, activation="tanh")(states)
scores = Flatten()(scores)
weights = Activation("softmax")(scores)
context = Dot(axes=1)([weights, states])
outputs = Dense(4, activation="softmax")(context)
model = Model(inputs, outputs)
model.compile(loss="categorical_crossentropy", optimizer="adam")
