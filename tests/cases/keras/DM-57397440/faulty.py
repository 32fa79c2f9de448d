import keras
from keras.layers import BatchNormalization, Dense, Input
from keras.models import Model
from sklearn.datasets import load_breast_cancer
from sklearn.preprocessing import StandardScaler

data = load_breast_cancer()
x = StandardScaler().fit_transform(data.data)

inputs = Input(shape=(30,))
h = Dense(30, activation="relu")(inputs)
h = BatchNormalization()(h)
h = Dense(60, activation="relu")(h)
h = BatchNormalization()(h)
outputs = Dense(1, activation="softmax")(h)

model = Model(inputs=inputs, outputs=outputs)
model.compile(loss=keras.losses.binary_crossentropy, optimizer=keras.optimizers.Adam(), metrics=["accuracy"])
model.fit(x, data.target, batch_size=32, epochs=20, validation_split=0.2)
