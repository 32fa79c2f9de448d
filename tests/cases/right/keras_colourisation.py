"""Keras: tanh output for targets divided by 128."""

from keras.layers import Conv2D, InputLayer, UpSampling2D
from keras.models import Sequential

model = Sequential()
model.add(InputLayer(input_shape=(None, None, 1)))
model.add(Conv2D(8, (3, 3), activation="relu", padding="same", strides=2))
model.add(Conv2D(16, (3, 3), activation="relu", padding="same"))
model.add(UpSampling2D((2, 2)))
model.add(Conv2D(2, (3, 3), activation="tanh", padding="same"))
model.compile(optimizer="rmsprop", loss="mse")
