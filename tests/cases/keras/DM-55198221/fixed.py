from keras.layers import Conv2D, Dense, Dropout, Flatten, MaxPool2D
from keras.losses import CategoricalCrossentropy
from keras.models import Sequential

NUM_CLASSES = 5


def build_model(input_shape, num_classes):
    model = Sequential()
    model.add(Conv2D(filters=16, kernel_size=3, activation="relu", input_shape=input_shape))
    model.add(MaxPool2D(pool_size=2))
    model.add(Flatten())
    model.add(Dropout(0.3))
    model.add(Dense(num_classes, activation="softmax"))
    return model


def main(x_train, y_train):
    model = build_model(x_train.shape[1:], NUM_CLASSES)
    model.compile(loss=CategoricalCrossentropy(), optimizer="rmsprop", metrics=["accuracy"])
    return model.fit(x_train, y_train, batch_size=20, epochs=10)
