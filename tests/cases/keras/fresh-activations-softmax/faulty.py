import keras
from keras import layers

x = inputs = keras.Input((28, 28, 1))
x = layers.Conv2D(32, 3, activation="relu")(x)
x = layers.GlobalAveragePooling2D()(x)
x = layers.Dense(1)(x)
outputs = keras.activations.softmax(x)
m = keras.Model(inputs, outputs)
m.compile(loss="binary_crossentropy", optimizer="sgd")
