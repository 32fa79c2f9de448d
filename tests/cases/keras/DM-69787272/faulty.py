from tensorflow import keras

model = keras.models.Sequential()
model.add(keras.layers.Dense(1, activation="relu", input_shape=(6,)))
model.add(keras.layers.Dense(1, activation="relu"))
model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
