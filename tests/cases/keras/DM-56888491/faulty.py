import keras
from keras import layers

model = keras.Sequential()
model.add(layers.Input(shape=(13,)))
for units in [64, 64, 32]:
    model.add(layers.Dense(units))
model.add(layers.Dense(3, activation="softmax"))
model.compile(loss="sparse_categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
