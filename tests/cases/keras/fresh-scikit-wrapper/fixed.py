from keras.layers import Dense
from keras.models import Sequential
from keras.wrappers.scikit_learn import KerasClassifier


def create_baseline(optimizer="adam", init="normal"):
    model = Sequential()
    model.add(Dense(60, input_dim=60, kernel_initializer=init, activation="relu"))
    model.add(Dense(1, kernel_initializer=init, activation="sigmoid"))
    model.compile(loss="binary_crossentropy", optimizer=optimizer, metrics=["accuracy"])
    return model


estimator = KerasClassifier(build_fn=create_baseline, epochs=100, batch_size=5, verbose=0)
