import numpy as np
from keras.layers import Dense
from keras.models import Sequential

x = np.linspace(-5, 5, 1000)
y = x**2
model = Sequential([Dense(10, input_shape=(1,), activation="relu"), Dense(1)])
model.compile(loss="mse", optimizer="adam")
model.fit(x, y, epochs=100)
