import numpy as np
from keras.layers import GRU, Dense, Dropout
from keras.models import Sequential

units = 50
x = np.random.randn(300, 30, 1)
y = x[:, -1, 0] * 3

regressor = Sequential()
regressor.add(GRU(units, return_sequences=True, input_shape=(30, 1)))
regressor.add(Dropout(0.2))
regressor.add(GRU(units))
regressor.add(Dense(1))
regressor.compile(optimizer="adam", loss="mean_squared_error")
regressor.fit(x, y, epochs=10, batch_size=32)
