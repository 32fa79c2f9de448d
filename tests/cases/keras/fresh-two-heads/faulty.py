from keras.layers import *
from keras.models import Model

i = Input((64, 64, 3))
x = Conv2D(16, 3, activation="relu")(i)
x = Flatten()(x)
color = Dense(7, activation="sigmoid", name="color")(x)
kind = Dense(3, activation="softmax", name="kind")(x)
model = Model(i, [color, kind])
model.compile("adam", loss={"color": "categorical_crossentropy", "kind": "categorical_crossentropy"})
