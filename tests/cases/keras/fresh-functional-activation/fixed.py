from keras import losses
from keras.layers import Activation, Dense, Input
from keras.models import Model

inp = Input(shape=(40,))
h = Dense(64)(inp)
h = Activation("relu")(h)
out = Activation("softmax")(Dense(5)(h))
m = Model(inputs=inp, outputs=out)
m.compile(optimizer="adam", loss=losses.categorical_crossentropy)
