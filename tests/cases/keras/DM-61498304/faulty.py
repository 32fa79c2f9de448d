from keras.initializers import RandomUniform
from keras.layers import Dense
from keras.models import Sequential
from keras.regularizers import l2

small = RandomUniform(minval=-0.05, maxval=0.05)
model = Sequential()
model.add(Dense(64, input_dim=10, activation="relu", kernel_initializer=small, kernel_regularizer=l2(0.01)))
for _ in range(3):
    model.add(Dense(64, activation="relu", kernel_initializer=small, kernel_regularizer=l2(0.01)))
model.add(Dense(1, kernel_initializer=small))
model.compile(loss="mse", optimizer="sgd")
