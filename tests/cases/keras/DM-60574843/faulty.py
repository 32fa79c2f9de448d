import numpy as np
from tensorflow.keras.layers import GRU, Dense
from tensorflow.keras.models import Sequential

wave = 2 * np.sin(np.arange(700) / 4) + 0.1 * np.random.randn(700)
X = np.stack([wave[i : i + 12] for i in range(600)])[..., None]
y = wave[12:612]

model = Sequential()
model.add(GRU(64, input_shape=(12, 1)))
model.add(Dense(1, activation="sigmoid"))
model.compile(loss="mean_squared_error", optimizer="adam")
model.fit(X, y, epochs=30, batch_size=256)
