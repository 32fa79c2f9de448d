import numpy as np
from keras.layers import Dense, Dropout
from keras.models import Sequential


def create_model(dropout=0.5):
    model = Sequential()
    model.add(Dense(28, input_dim=28, kernel_initializer="random_normal", activation="sigmoid"))
    model.add(Dense(200, kernel_initializer="random_normal", activation="sigmoid"))
    model.add(Dropout(dropout))
    model.add(Dense(300, kernel_initializer="random_normal", activation="sigmoid"))
    model.add(Dropout(dropout))
    model.add(Dense(300, kernel_initializer="random_normal", activation="sigmoid"))
    model.add(Dropout(dropout))
    model.add(Dense(150, kernel_initializer="random_normal", activation="sigmoid"))
    model.add(Dropout(0.4))
    model.add(Dense(1, kernel_initializer="random_normal", activation="sigmoid"))
    model.compile(loss="binary_crossentropy", optimizer="adam", metrics=["accuracy"])
    return model


x = np.random.randn(1000, 28)
y = (x[:, 0] + x[:, 1] ** 2 > 1).astype(int)
model = create_model()
model.fit(x, y, epochs=20, batch_size=32)
