import numpy as np
from keras.layers import Dense
from keras.models import Sequential
from keras.optimizers import SGD

X = np.random.randn(600, 10)
Y = np.random.randint(0, 4, size=600)

model = Sequential()
model.add(Dense(32, input_dim=10, activation="relu"))
model.add(Dense(1, activation="sigmoid"))
model.compile(loss="binary_crossentropy", optimizer=SGD(lr=0.001), metrics=["accuracy"])
model.fit(X, Y, epochs=20, batch_size=20)
