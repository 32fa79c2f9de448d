"""Transfer learning: a binary head on a frozen network."""

from tensorflow.keras import Model
from tensorflow.keras.applications import MobileNetV2
from tensorflow.keras.layers import Dense, Dropout, GlobalAveragePooling2D
from tensorflow.keras.preprocessing import image_dataset_from_directory

data = image_dataset_from_directory("pictures", label_mode="binary", image_size=(96, 96))
base_model = MobileNetV2(include_top=False, weights=None, input_shape=(96, 96, 3))
base_model.trainable = False
x = base_model.output
x = GlobalAveragePooling2D()(x)
x = Dropout(0.2)(x)
preds = Dense(1, activation="softmax")(x)
model = Model(inputs=base_model.input, outputs=preds)
model.compile(optimizer="Adam", loss="binary_crossentropy", metrics=["accuracy"])
model.fit(data, epochs=5)
