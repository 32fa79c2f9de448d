from keras import layers, models

TAGS = ["red", "blue", "green", "dress", "shirt"]

model = models.Sequential()
model.add(layers.Conv2D(16, 3, activation="relu", input_shape=(64, 64, 3)))
model.add(layers.GlobalMaxPooling2D())
model.add(layers.Dense(len(TAGS), activation="sigmoid"))
model.compile("adam", loss="binary_crossentropy", metrics=["binary_accuracy"])
