from keras.layers import Dense
from keras.models import Sequential
from keras.utils import np_utils
from sklearn.datasets import load_iris
from sklearn.preprocessing import LabelEncoder

iris = load_iris()
encoder = LabelEncoder()
labels = np_utils.to_categorical(encoder.fit_transform(iris.target))


def baseline_model():
    model = Sequential()
    model.add(Dense(4, input_dim=4, init="normal", activation="relu"))
    model.add(Dense(3, init="normal", activation="softmax"))
    model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
    return model


model = baseline_model()
model.fit(iris.data, labels, nb_epoch=200, batch_size=5, verbose=0)
