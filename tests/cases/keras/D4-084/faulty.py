import keras
import numpy

inputs = numpy.array([[0, 0], [0, 1], [1, 0], [1, 1]])
outputs = numpy.array([0, 1, 1, 0])
model = keras.models.Sequential()
model.add(keras.layers.Dense(units=4, activation="tanh", input_dim=2))
model.add(keras.layers.Dense(units=1))
model.add(keras.layers.Softmax())
model.compile(optimizer="sgd", loss="mean_squared_error", metrics=["accuracy"])
model.fit(inputs, outputs, epochs=1000, verbose=0)
