import tensorflow as tf
from tensorflow import keras

base = keras.Sequential(
    [
        keras.layers.Conv2D(16, 3, activation="relu", input_shape=(32, 32, 3)),
        keras.layers.GlobalAveragePooling2D(),
    ]
)
prediction_layer = keras.layers.Dense(1, activation="softmax")

model = keras.Sequential([base, prediction_layer])
model.compile(
    optimizer=keras.optimizers.RMSprop(learning_rate=1e-4),
    loss=keras.losses.BinaryCrossentropy(from_logits=True),
    metrics=["accuracy"],
)
images = tf.random.normal((64, 32, 32, 3))
model.fit(images, tf.cast(tf.reduce_mean(images, (1, 2, 3)) > 0, tf.float32), epochs=3)
