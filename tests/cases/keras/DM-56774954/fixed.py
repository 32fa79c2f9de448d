import numpy as np
from keras import Sequential
from keras.layers import LSTM, Dense

x = np.random.randn(200, 10, 4)
y = np.random.randn(200, 3)
model = Sequential()
model.add(LSTM(32, input_shape=(10, 4)))
model.add(Dense(3))
model.compile(loss="mse", optimizer="adam")
model.fit(x, y, epochs=10)
