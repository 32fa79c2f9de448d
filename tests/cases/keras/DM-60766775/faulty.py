from keras.layers import Dense
from keras.models import Sequential
from keras.optimizers import SGD

network = Sequential()
network.add(Dense(64, input_dim=20, activation="sigmoid"))
network.add(Dense(64, activation="sigmoid"))
network.add(Dense(32, activation="sigmoid"))
network.add(Dense(4, activation="softmax"))
network.compile(loss="mean_squared_error", optimizer=SGD(learning_rate=0.01, momentum=0.9))
angles = [[1.5, -0.3, 0.2, -2.0], [0.1, 0.4, -1.2, 0.7]]
features = [[0.1] * 20, [0.9] * 20]
network.fit(features, angles, epochs=10)
