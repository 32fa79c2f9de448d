"""Facts beside the graph: widths, axes, names, owners, initial weights, targets, optimisers."""

from __future__ import annotations

from typing import Any

import pytest

from nonlin.lint.net import Net, Node
from nonlin.lint.source import read_text

HEAD = "import torch\nfrom torch import nn\nimport torch.nn.functional as F\nimport numpy as np\n"
K = "from tensorflow import keras\nfrom tensorflow.keras import layers\nimport tensorflow as tf\nimport numpy as np\n"


def only(text: str) -> Net:
    reading = read_text(text, "p.py")
    assert not reading.findings
    return max(reading.nets, key=lambda n: (len(n.losses), len(n.nodes)))


def ops(net: Net) -> list[str]:
    return [n.function or n.op for n in net.nodes]


def node(net: Net, name: str) -> Node:
    return next(n for n in net.nodes if name in (n.op, n.function, n.place.layer))


@pytest.mark.parametrize(
    ("text", "wanted", "width"),
    [
        ("classes = 1\nm = nn.Sequential(nn.Linear(4, classes), nn.Softmax(dim=1))\n", "softmax", 1),
        ("h = 2 ** 3 * 2\nm = nn.Sequential(nn.Linear(4, h // 2), nn.ReLU())\n", "relu", 8),
        ("m = nn.Sequential(nn.LSTM(4, 8, bidirectional=True))\n", "recurrent", 16),
        ("m = nn.Sequential(nn.Conv2d(3, 6, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())\n", "flatten", 6),
        ("m = nn.Sequential(nn.Linear(4, 6), nn.GLU())\n", "glu", 3),
        ("cfg = {'n': [5, 7]}\nm = nn.Sequential(nn.Linear(4, cfg['n'][-1]), nn.Tanh())\n", "tanh", 7),
        ("W = nn.Parameter(torch.randn(4, 9))\ndef f(x):\n    return torch.relu(torch.tanh(x) @ W)\n", "relu", 9),
    ],
)  # fmt: skip
def test_widths_are_followed(text: str, wanted: str, width: int) -> None:
    assert node(only(HEAD + text), wanted).width == width


@pytest.mark.parametrize(
    ("text", "width", "rank"),
    [
        ("m = keras.Sequential([layers.Dense(7, activation='tanh', input_shape=(4,))])\nm.compile(loss='mse')\n", 7, 2),
        ("m = keras.Sequential([layers.Conv2D(5, 3, activation='tanh', input_shape=(8, 8, 3))])\nm.compile(loss='mse')\n", 5, 4),
        ("i = keras.Input((6,))\no = layers.Dense(3, activation='tanh')(i)\nm = keras.Model(i, o)\nm.compile(loss='mse')\n", 3, 2),
        ("m = keras.Sequential([layers.LSTM(4, input_shape=(9, 2)), layers.Dense(1, activation='tanh')])\nm.compile(loss='mse')\n", 1, 2),
        ("m = keras.Sequential([layers.Conv1D(4, 3, input_shape=(9, 2)), layers.GlobalAveragePooling1D(), "
         "layers.Activation('tanh')])\nm.compile(loss='mse')\n", 4, 2),
    ],
)  # fmt: skip
def test_keras_shapes_are_followed(text: str, width: int, rank: int) -> None:
    found = node(only(K + text), "tanh")
    assert (found.width, len(found.shape or ())) == (width, rank)


def test_keras_channels_come_last() -> None:
    net = only(
        K + "i = keras.Input((64, 64, 3))\no = layers.Conv2D(5, 3)(i)\nm = keras.Model(i, o)\nm.compile(loss='mse')\n"
    )
    assert node(net, "conv").attrs["in_features"] == 3


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        ("y = F.softmax(fc(x), dim=0)\n", {"dim": 0}),
        ("y = F.softmax(fc(x))\n", {"dim": None}),
        ("y = fc(x).softmax(-1)\n", {"dim": -1}),
        ("y = nn.Softmax(dim=2)(fc(x))\n", {"dim": 2}),
        ("y = nn.Softmax2d()(fc(x))\n", {"dim": -3}),
        ("y = torch.softmax(fc(x), 1)\n", {"dim": 1}),
    ],
)
def test_axes_are_kept(text: str, facts: dict[str, Any]) -> None:
    found = node(only(HEAD + "fc = nn.Linear(3, 4)\n" + text), "softmax")
    assert {k: found.attrs[k] for k in facts} == facts


def test_an_axis_that_is_not_known_is_not_none() -> None:
    found = node(only(HEAD + "fc = nn.Linear(3, 4)\ny = F.softmax(fc(x), dim=args.dim)\n"), "softmax")
    assert "dim" not in found.attrs


@pytest.mark.parametrize(
    ("text", "inplace"),
    [
        ("y = nn.ReLU(inplace=True)(fc(x))\n", True), ("y = nn.ReLU(True)(fc(x))\n", True), ("y = F.relu(fc(x), True)\n", True),
        ("y = torch.relu_(fc(x))\n", True), ("y = fc(x).relu_()\n", True), ("y = F.relu(fc(x))\n", False), ("y = nn.ReLU()(fc(x))\n", False),
    ],
)  # fmt: skip
def test_in_place_is_seen(text: str, inplace: bool) -> None:
    assert node(only(HEAD + "fc = nn.Linear(3, 4)\n" + text), "relu").attrs.get("inplace", False) is inplace


def test_a_skip_reads_the_tensor_from_before_an_in_place_activation() -> None:
    net = only(
        HEAD
        + """
class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 4)
        self.act = nn.ReLU(inplace=True)
    def forward(self, x):
        h = self.fc(x)
        return self.act(h) + h
"""
    )
    assert ops(net) == ["input", "linear", "relu", "add"] and net.nodes[3].inputs == (2, 1)


NAMED = """
class Block(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.fc = nn.Linear(n, n)
        self.act = nn.PReLU()
    def forward(self, x):
        return self.act(self.fc(x))
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Sequential(nn.Linear(4, 4), nn.ReLU())
        self.blocks = nn.ModuleList([Block(4) for _ in range(2)])
        self.heads = nn.ModuleDict({"a": nn.Linear(4, 1)})
        self.shared = nn.PReLU()
        self.plain = [nn.Tanh()]
    def forward(self, x):
        x = self.first(x)
        for block in self.blocks:
            x = block(x)
        x = self.shared(x)
        x = self.shared(self.plain[0](x))
        return self.heads["a"](F.dropout(x, 0.1))
net = Net()
"""


def test_layers_are_named_as_the_program_names_them_and_owners_tell_sharing() -> None:
    net = only(HEAD + NAMED)
    assert net.name == "Net" and net.complete
    assert [n.place.layer for n in net.nodes[1:]] == [
        "first.0", "first.1", "blocks.0.fc", "blocks.0.act", "blocks.1.fc", "blocks.1.act", "shared", "plain.0", "shared", "", "heads.a",
    ]  # fmt: skip
    owners = [n.owner for n in net.nodes if n.function == "prelu"]
    assert len(owners) == 4 and len(set(owners)) == 3 and owners[2] == owners[3]


def test_copies_of_a_layer_are_layers_of_their_own() -> None:
    text = "import copy\np = nn.PReLU()\nm = nn.Sequential(nn.Linear(2, 2), copy.deepcopy(p), nn.Linear(2, 2), copy.deepcopy(p))\n"
    owners = [n.owner for n in only(HEAD + text).nodes if n.function == "prelu"]
    assert len(set(owners)) == 2


def test_training_only_and_evaluation_only_branches_are_marked() -> None:
    net = only(
        HEAD
        + """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 3)
    def forward(self, x):
        x = self.fc(x)
        if self.training:
            x = F.dropout(x)
        else:
            x = F.softmax(x, dim=1)
        return x
"""
    )
    assert [(n.function or n.op, n.training) for n in net.nodes[1:]] == [
        ("linear", None),
        ("softmax", False),
        ("dropout", True),
    ]
    assert [net.nodes[i].op for i in net.outputs] == ["dropout"]


@pytest.mark.parametrize(
    ("text", "init"),
    [
        ("fc = nn.Linear(3, 4)\nnn.init.zeros_(fc.weight)\ny = fc(x)\n", "zeros"),
        ("fc = nn.Linear(3, 4)\nnn.init.normal_(fc.weight, std=0.01)\ny = fc(x)\n", "normal:0.01"),
        ("fc = nn.Linear(3, 4)\nfc.weight.data.normal_(0, 0.5)\ny = fc(x)\n", "normal:0.5"),
        ("fc = nn.Linear(3, 4)\nfc.weight.data.fill_(0.5)\ny = fc(x)\n", "constant:0.5"),
        ("fc = nn.Linear(3, 4)\nnn.init.kaiming_normal_(fc.weight)\ny = fc(x)\n", "he_normal"),
        ("def init(m):\n    if isinstance(m, nn.Linear):\n        nn.init.uniform_(m.weight, -0.1, 0.1)\n"
         "net = nn.Sequential(nn.Linear(3, 4), nn.ReLU())\nnet.apply(init)\ny = net(x)\n", "uniform:0.1"),
    ],
)  # fmt: skip
def test_initial_weights_of_torch(text: str, init: str) -> None:
    assert node(only(HEAD + text), "linear").attrs["init"] == init


@pytest.mark.parametrize(
    ("argument", "init"),
    [
        ("'zeros'", "zeros"), ("'he_normal'", "he_normal"), ("keras.initializers.RandomNormal(stddev=0.3)", "normal:0.3"),
        ("tf.keras.initializers.Constant(0.5)", "constant:0.5"), ("keras.initializers.Zeros", "zeros"), ("'uniform'", "uniform:0.05"),
        ("keras.initializers.RandomUniform(-0.2, 0.2)", "uniform:0.2"),
    ],
)  # fmt: skip
def test_initial_weights_of_keras(argument: str, init: str) -> None:
    net = only(K + f"m = keras.Sequential([layers.Dense(3, kernel_initializer={argument})])\nm.compile(loss='mse')\n")
    assert node(net, "linear").attrs["init"] == init


@pytest.mark.parametrize(
    ("head", "text", "function"),
    [
        (HEAD, "r = nn.RNN(3, 4, nonlinearity='relu')\ny, h = r(x)\n", "relu"),
        (HEAD, "r = nn.RNN(3, 4)\ny, h = r(x)\n", "tanh"),
        (HEAD, "r = nn.LSTM(3, 4)\ny, (h, c) = r(x)\n", "tanh"),
        (K, "m = keras.Sequential([layers.LSTM(4, activation='relu')])\nm.compile(loss='mse')\n", "relu"),
        (K, "m = keras.Sequential([layers.GRU(4)])\nm.compile(loss='mse')\n", "tanh"),
    ],
)
def test_activations_inside_recurrent_layers(head: str, text: str, function: str) -> None:
    assert node(only(head + text), "recurrent").attrs["function"] == function


def fitted(y: str) -> Any:
    text = f"m = keras.Sequential([layers.Dense(3, activation='sigmoid')])\nm.compile(loss='mse', optimizer='adam')\nm.fit(x, {y})\n"
    return only(K + text).targets


@pytest.mark.parametrize(
    ("y", "facts"),
    [
        ("np.array([[0], [1], [1], [0]])", {"low": 0, "high": 1, "whole": True, "shape": (4, 1)}),
        ("np.array([[1, 0], [0, 1]])", {"one_hot": True, "classes": 2}),
        ("np.array([[1, 1], [0, 1]])", {"one_hot": False, "multi_hot": True}),
        ("keras.utils.to_categorical(labels, 10)", {"one_hot": True, "classes": 10}),
        ("tf.keras.utils.to_categorical(labels, num_classes=3)", {"one_hot": True, "classes": 3}),
        ("np.random.randint(0, 4, 1000)", {"low": 0, "high": 3, "whole": True, "classes": 4}),
        ("np.random.randint(10, size=(1000, 1))", {"high": 9}),
        ("np.random.randn(1000, 1)", {"low": -1, "high": 1}),
        ("np.random.rand(1000) * 4 - 2", {"low": -1.5, "high": 1.5}),
        ("5 - 20 * np.random.rand(1000)", {"low": -12.5, "high": 2.5}),
        ("20 * np.sum(np.random.rand(1000, 5), axis=1) + 5", {"high": 5}),
        ("np.linspace(-2, 3, 11) ** 2", {"low": 0, "high": 9}),
        ("np.linspace(-2, 3, 11)", {"low": -2, "high": 3}),
        ("2 * np.sin(np.arange(700) / 4) + 0.1 * np.random.randn(700)", {"low": pytest.approx(-1.3, abs=0.01)}),
        ("keras.datasets.mnist.load_data()[0][1]", {"low": 0, "high": 9, "classes": 10}),
        ("keras.datasets.mnist.load_data()[0][1] / 255.0", {"high": pytest.approx(9 / 255)}),
        ("np.array([1, 2, 3]) > 2", None),
        ("np.random.randn(3)", None),
        ("np.sum(np.random.rand(1000, 5), axis=1)", None),
        ("np.random.randn(1000) * scale", None),
        ("np.random.randn(1000) * np.random.randn(1000)", None),
        ("np.load('y.npy')", None),
        ("y", None),
    ],
)  # fmt: skip
def test_targets_are_said_only_where_they_are_certain(y: str, facts: dict[str, Any] | None) -> None:
    found = fitted(y)
    if facts is None:
        assert found is None
    else:
        assert {k: getattr(found, k) for k in facts} == facts


def test_targets_of_torch_programs() -> None:
    text = "y = torch.tensor([[0.], [1.], [1.], [0.]])\nfc = nn.Linear(2, 1)\nloss = nn.MSELoss()(fc(x), y.float())\n"
    targets = only(HEAD + text).targets
    assert targets is not None and (targets.low, targets.high, targets.samples) == (0, 1, 4)
    assert list(targets.values) == [0, 1, 1, 0]


@pytest.mark.parametrize(
    ("head", "text", "settings"),
    [
        (HEAD, "m = nn.Sequential(nn.Linear(2, 1), nn.ReLU())\no = torch.optim.SGD(m.parameters(), lr=3)\nnn.MSELoss()(m(x), y)\n",
         {"optimizer": "sgd", "lr": 3.0}),
        (HEAD, "m = nn.Linear(2, 1)\nlr = 1e-3\nimport torch.optim as optim\no = optim.Adam(params=m.parameters(), lr=lr)\n"
         "nn.MSELoss()(m(x), y)\n",
         {"optimizer": "adam", "lr": 1e-3}),
        (K, "m = keras.Sequential([layers.Dense(1)])\nm.compile(loss='mse', optimizer=keras.optimizers.SGD(lr=0.1))\n",
         {"optimizer": "sgd", "lr": 0.1}),
        (K, "m = keras.Sequential([layers.Dense(1)])\nm.compile('adam', 'mse')\n", {"optimizer": "adam"}),
    ],
)  # fmt: skip
def test_optimisers(head: str, text: str, settings: dict[str, Any]) -> None:
    assert only(head + text).settings == settings


def test_two_models_keep_their_own_optimisers() -> None:
    text = (
        "a, b = nn.Sequential(nn.Linear(2, 1)), nn.Sequential(nn.Linear(3, 1))\noa = torch.optim.SGD(a.parameters(), 1.0)\n"
    )
    text += "ob = torch.optim.SGD(b.parameters(), 2.0)\nnn.MSELoss()(a(x), y)\nnn.MSELoss()(b(z), y)\n"
    assert {n.settings["lr"] for n in read_text(HEAD + text).nets} == {1.0, 2.0}


def test_a_network_is_told_once_and_with_its_loss() -> None:
    text = (
        HEAD
        + NAMED
        + "for x, y in train:\n    F.mse_loss(net(x), y)\nfor x, y in val:\n    net(x)\n    F.mse_loss(net(x), y)\n"
    )
    nets = read_text(text).nets
    assert len([n for n in nets if n.losses]) <= 2 and all(n.losses for n in nets)


def test_branches_that_are_only_possible_do_not_add_up() -> None:
    net = only(
        HEAD
        + """
layers = [nn.Linear(3, 4)]
if config.act == "relu":
    layers.append(nn.ReLU())
else:
    layers.append(nn.Tanh())
if config.norm:
    layers.append(nn.BatchNorm1d(4))
layers.append(nn.Linear(4, 2))
model = nn.Sequential(*layers)
"""
    )
    affine = [i for i, n in enumerate(net.nodes) if n.op == "linear"]
    assert net.nodes[net.nodes[affine[1]].inputs[0]].op in ("unknown", "norm") and not net.complete
