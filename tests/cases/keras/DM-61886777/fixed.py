import tensorflow as tf
from tensorflow.keras import layers

inputs = tf.keras.Input((48, 48, 3))
x = inputs
for filters in (8, 16, 32):
    x = layers.Conv2D(filters, 3, padding="same", activation="relu")(x)
    x = layers.MaxPooling2D()(x)
x = layers.Flatten()(x)
x = layers.Dense(64, "relu")(x)
outputs = layers.Dense(3, "softmax")(x)
model = tf.keras.Model(inputs, outputs)
model.compile("adam", "categorical_crossentropy", ["accuracy"])
