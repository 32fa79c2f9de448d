from tensorflow.keras import layers, models


def make(layer_sizes, n):
    m = models.Sequential()
    m.add(layers.InputLayer((n,)))
    for s in layer_sizes:
        m.add(layers.Dense(s, "relu"))
        m.add(layers.BatchNormalization())
    m.add(layers.Dense(1, "sigmoid"))
    m.compile("adam", "binary_crossentropy", metrics=["AUC"])
    return m


make([64, 32], 20)
