from torch import nn


def conv_block(c_in, c_out):
    return [nn.Conv2d(c_in, c_out, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]


def build_cnn(classes=1):
    layers = []
    for c_in, c_out in [(3, 8), (8, 16)]:
        layers.extend(conv_block(c_in, c_out))
    layers += [nn.Flatten(), nn.Linear(16 * 4 * 4, 32), nn.ReLU(), nn.Dropout(0.5), nn.Linear(32, classes), nn.Sigmoid()]
    return nn.Sequential(*layers)
