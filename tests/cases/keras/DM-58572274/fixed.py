import numpy as np
import tensorflow as tf

x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
y = np.array([1, 0, 0, 1])

model = tf.keras.models.Sequential()
model.add(tf.keras.layers.Dense(8, input_dim=2, activation=tf.nn.tanh))
model.add(tf.keras.layers.Dense(2, activation=tf.nn.relu))
model.add(tf.keras.layers.Dense(1, activation=tf.nn.sigmoid))
model.compile(optimizer=tf.keras.optimizers.Adam(0.01), loss=tf.keras.losses.BinaryCrossentropy(), metrics=["accuracy"])
model.fit(x, y, epochs=500, verbose=0)
