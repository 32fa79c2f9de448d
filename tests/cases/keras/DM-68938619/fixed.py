import keras
from keras import layers

inputs = keras.Input(shape=(8, 6))
x = layers.LSTM(20, activation="tanh")(inputs)
outputs = layers.Dense(1)(x)
model = keras.Model(inputs=inputs, outputs=outputs)
model.compile(loss="mse", optimizer="adam")
