import tensorflow as tf
from tensorflow.keras.layers import Concatenate, Dense, Input
from tensorflow.keras.models import Model


def two_towers(user_size, item_size):
    user = Input(shape=(user_size,), name="user")
    item = Input(shape=(item_size,), name="item")
    u = Dense(32, activation="relu")(user)
    i = Dense(32, activation="relu")(item)
    merged = Concatenate()([u, i])
    merged = Dense(16, activation="relu")(merged)
    score = Dense(1)(merged)
    return Model([user, item], score)


model = two_towers(20, 40)
model.compile(optimizer=tf.keras.optimizers.Adam(1e-3), loss="binary_crossentropy")
