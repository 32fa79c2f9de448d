import tensorflow as tf
from tensorflow.keras import layers, models


class SpamModel(models.Model):
    def __init__(self, words=1000):
        super().__init__()
        self.embedding = layers.Embedding(words, 16)
        self.pool = layers.GlobalAveragePooling1D()
        self.hidden = layers.Dense(16, activation="relu")
        self.out = layers.Dense(1, activation="sigmoid")

    def call(self, inputs):
        x = self.embedding(inputs)
        x = self.pool(x)
        x = self.hidden(x)
        return self.out(x)


model = SpamModel()
model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
tokens = tf.random.uniform((500, 20), maxval=1000, dtype=tf.int32)
labels = tf.cast(tf.reduce_mean(tf.cast(tokens, tf.float32), 1) > 500, tf.int32)
model.fit(tokens, labels, epochs=5)
