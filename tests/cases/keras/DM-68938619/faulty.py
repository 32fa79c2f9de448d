import keras
from keras import layers

inputs = keras.Input(shape=(8, 6))
x = layers.LSTM(20, activation="sigmoid")(inputs)
x = layers.Dense(1)(x)
outputs = layers.Activation("softmax")(x)
model = keras.Model(inputs=inputs, outputs=outputs)
model.compile(loss="mse", optimizer="adam")
