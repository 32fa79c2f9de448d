import tensorflow as tf

i = tf.keras.Input((32,))
x = tf.keras.layers.Dense(64, activation="relu")(i)
a = tf.keras.layers.Dense(1, activation="sigmoid", name="a")(x)
b = tf.keras.layers.Dense(1, name="b")(x)
m = tf.keras.Model(i, {"a": a, "b": b})
m.compile("adam", loss={"a": "binary_crossentropy", "b": "mse"})
