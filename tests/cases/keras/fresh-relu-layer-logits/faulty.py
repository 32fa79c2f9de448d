import tensorflow as tf
from tensorflow import keras

m = keras.Sequential()
m.add(keras.layers.Dense(64, activation="relu", input_shape=(100,)))
m.add(keras.layers.Dense(6))
m.add(keras.layers.ReLU())
m.compile(optimizer="sgd", loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
