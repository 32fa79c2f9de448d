from keras import initializers
from keras.layers import Dense
from keras.models import Sequential
from keras.optimizers import SGD
from keras.utils import to_categorical
from sklearn.datasets import load_digits

digits = load_digits()
x_train = digits.data.astype("float32") / 16
y_train = to_categorical(digits.target, 10)

model = Sequential()
model.add(Dense(30, input_shape=(64,), kernel_initializer=initializers.RandomNormal(stddev=0.1), activation="sigmoid"))
model.add(Dense(10, activation="softmax"))
model.compile(loss="categorical_crossentropy", optimizer=SGD(learning_rate=0.5), metrics=["accuracy"])
model.fit(x_train, y_train, batch_size=10, epochs=30, verbose=2)
