from keras import backend as K
from keras.layers import Conv2D, Input, MaxPooling2D, UpSampling2D, concatenate
from keras.models import Model


def dice_coef_loss(y_true, y_pred, smooth=1.0):
    overlap = K.sum(y_true * y_pred)
    return 1 - (2.0 * overlap + smooth) / (K.sum(y_true) + K.sum(y_pred) + smooth)


def unet(size=64):
    inputs = Input((size, size, 1))
    c1 = Conv2D(16, (3, 3), activation="relu", padding="same")(inputs)
    p1 = MaxPooling2D((2, 2))(c1)
    c2 = Conv2D(32, (3, 3), activation="relu", padding="same")(p1)
    u1 = concatenate([UpSampling2D((2, 2))(c2), c1], axis=3)
    c3 = Conv2D(16, (3, 3), activation="relu", padding="same")(u1)
    outputs = Conv2D(1, (1, 1), activation="sigmoid")(c3)
    model = Model(inputs=[inputs], outputs=[outputs])
    model.compile(optimizer="adam", loss=dice_coef_loss, metrics=["accuracy"])
    return model
