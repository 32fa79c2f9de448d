from keras.layers import Conv3D, Dense, Flatten, MaxPooling3D
from keras.models import Sequential

model = Sequential()
model.add(Conv3D(16, (3, 3, 3), input_shape=(30, 30, 30, 1), padding="same"))
model.add(MaxPooling3D((2, 2, 2)))
model.add(Conv3D(32, (3, 3, 3), padding="same"))
model.add(MaxPooling3D((2, 2, 2)))
model.add(Conv3D(64, (3, 3, 3), padding="same"))
model.add(MaxPooling3D((2, 2, 2)))
model.add(Flatten())
model.add(Dense(10))
model.add(Dense(1, activation="sigmoid"))
model.compile(loss="mean_absolute_percentage_error", optimizer="sgd")
