import numpy as np
from keras.layers.core import Activation, Dense
from keras.models import Sequential
from keras.optimizers import SGD

X = np.array([[0, 0], [0, 1], [1, 0], [1, 1], [1, 1], [0, 0]], "float32")
y = np.array([[0], [1], [1], [0], [0], [0]], "float32")

model = Sequential()
model.add(Dense(2, input_dim=2))
model.add(Activation("sigmoid"))
model.add(Dense(3))
model.add(Activation("sigmoid"))
model.add(Dense(1))
model.add(Activation("sigmoid"))

sgd = SGD(lr=0.1, momentum=0.9, nesterov=True)
model.compile(loss="binary_crossentropy", optimizer=sgd, metrics=["accuracy"])
model.fit(X, y, batch_size=1, nb_epoch=500)
print(model.predict(X))
