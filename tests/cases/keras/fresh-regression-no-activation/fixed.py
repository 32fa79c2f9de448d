from keras.layers import Dense, Dropout
from keras.models import Sequential

model = Sequential()
model.add(Dense(128, input_dim=8, activation="relu"))
model.add(Dropout(0.3))
model.add(Dense(64, activation="relu"))
model.add(Dense(1))
model.compile(loss="mean_squared_error", optimizer="adam")
