import numpy as np
from keras.layers import Dense
from keras.models import Sequential
from sklearn.datasets import make_regression

x, y = make_regression(400, 8, noise=1.0)
model = Sequential()
model.add(Dense(32, input_shape=(8,), activation="relu"))
model.add(Dense(16, activation="relu"))
model.add(Dense(2))
model.compile(loss="mean_absolute_error", optimizer="rmsprop", metrics=["mae"])
model.fit(x, np.stack([y, -y], axis=1), epochs=20, batch_size=16)
