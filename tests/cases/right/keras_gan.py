from keras.layers import *
from keras.models import Model, Sequential
from keras.optimizers import Adam


def gen():
    m = Sequential()
    m.add(Dense(256, input_dim=100))
    m.add(LeakyReLU(0.2))
    m.add(BatchNormalization(momentum=0.8))
    m.add(Dense(784, activation="tanh"))
    return m


def disc():
    m = Sequential()
    m.add(Dense(512, input_dim=784))
    m.add(LeakyReLU(alpha=0.2))
    m.add(Dense(1, activation="sigmoid"))
    return m


d = disc()
d.compile(loss="binary_crossentropy", optimizer=Adam(0.0002, 0.5), metrics=["accuracy"])
g = gen()
z = Input(shape=(100,))
img = g(z)
d.trainable = False
valid = d(img)
combined = Model(z, valid)
combined.compile(loss="binary_crossentropy", optimizer=Adam(0.0002, 0.5))
