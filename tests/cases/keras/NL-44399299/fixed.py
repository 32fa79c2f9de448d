from keras.layers import Convolution1D, Dense, Flatten, MaxPooling1D
from keras.models import Sequential

model = Sequential()
model.add(Convolution1D(nb_filter=12, filter_length=5, activation="relu", input_shape=(40, 3)))
model.add(MaxPooling1D())
model.add(Flatten())
model.add(Dense(output_dim=4, activation="softmax"))
model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
