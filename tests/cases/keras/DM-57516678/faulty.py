from keras.layers import LSTM, Dense
from keras.models import Sequential

model = Sequential()
model.add(LSTM(64, activation="relu", input_shape=(672, 1)))
model.add(Dense(1))
model.compile(optimizer="adam", loss="mse")
