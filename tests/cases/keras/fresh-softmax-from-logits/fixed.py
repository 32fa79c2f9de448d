import tensorflow as tf

NUM = 10
model = tf.keras.Sequential([tf.keras.layers.Flatten(), tf.keras.layers.Dense(NUM, activation=tf.nn.softmax)])
model.compile(optimizer="adam", loss=tf.keras.losses.SparseCategoricalCrossentropy(from_logits=False), metrics=["accuracy"])
