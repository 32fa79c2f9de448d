"""The recommended network as a short torch program that runs as it stands."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from textwrap import indent

from nonlin.advise.question import Question
from nonlin.advise.row import Row, filled
from nonlin.advise.spelling import torch_call
from nonlin.catalogue import resolve

__all__ = ["snippet"]

_NORMS_1D: Mapping[str, str] = {
    "batch": "nn.BatchNorm1d({})", "layer": "nn.LayerNorm({})", "rms": "nn.RMSNorm({})", "group": "nn.GroupNorm(8, {})",
}  # fmt: skip
_NORMS_2D: Mapping[str, str] = {
    "batch": "nn.BatchNorm2d({})", "layer": "nn.GroupNorm(1, {})", "rms": "nn.GroupNorm(1, {})", "group": "nn.GroupNorm(8, {})",
}  # fmt: skip
"""Over channels, one group is layer normalisation of (channels, height, width)."""
_GAN_DEPTH = 4
"""Each layer of a GAN halves or doubles the image: from 64 x 64 to 4 x 4 there are four."""
WIDTHS: Mapping[str, tuple[int, int, int]] = {
    "cnn": (3, 32, 10), "resnet": (3, 32, 10), "unet": (3, 32, 10), "diffusion": (3, 32, 3), "gan-generator": (64, 64, 3),
    "gan-discriminator": (3, 64, 1),
    "autoencoder": (784, 256, 784), "siren": (2, 128, 1), "pinn": (2, 64, 1), "transformer": (1000, 64, 10), "rnn": (16, 64, 10),
    "recommender": (1000, 64, 10), "q-network": (8, 64, 4), "policy-network": (8, 64, 4),
}  # fmt: skip
"""Inputs (channels, tokens, users), width and outputs of the example; (20, 64, 10) for the others."""
_SIZED = ("mlp", "cnn", "resnet", "unet", "siren", "pinn", "self-normalising", "q-network", "policy-network", "gan-discriminator")  # fmt: skip
"""Networks whose first and last layer have the sizes of the model that was read."""
_ONE_OUTPUT = ("binary", "regression", "positive", "count", "bounded")


class _Writer:
    """What the programs of all networks are written with: functions spelled, sizes, and whether layers have biases."""

    def __init__(self, asked: Question, rows: Mapping[str, Row], sizes: tuple[int | None, int | None]) -> None:
        self.asked, self.rows = asked, rows
        self.act = torch_call(rows["hidden"].choose)
        self.end = torch_call(rows["output"].choose)
        self.drop = rows["dropout"].code
        n_in, width, n_out = WIDTHS.get(asked.arch, (20, 64, 10))
        if asked.task in _ONE_OUTPUT and asked.arch not in ("q-network", "policy-network", "autoencoder"):
            n_out = 1
        if asked.task == "generation" and asked.arch in ("transformer", "rnn"):
            n_out = 1000
        if asked.arch in _SIZED:
            n_in, n_out = sizes[0] or n_in, sizes[1] or n_out
        self.n_in, self.width, self.n_out = n_in, width, n_out
        self.depth = min(asked.depth, _GAN_DEPTH) if asked.arch.startswith("gan-") else asked.depth
        self.sizes = f"IN, WIDTH, OUT, DEPTH = {n_in}, {width}, {n_out}, {self.depth}"

    @property
    def late(self) -> bool:
        """Whether dropout stands only before the last layer: nowhere else is a batch normalisation not behind it."""
        return self.rows["dropout"].id == "dropout-after-norms"

    def layer(self, affine: str, norm: Mapping[str, str], width: str = "n_out", drop: bool = True) -> list[str]:
        """A layer, its norm and its activation, as expressions in a list."""
        has_norm = self.asked.norm in norm
        made = [affine.replace("BIAS", ", bias=False" if self.asked.norm == "batch" else "")]
        made += [norm[self.asked.norm].format(width)] if has_norm else []
        made += [self.act]
        return made + ([self.drop] if drop and self.drop and not self.late else [])

    def function(self, parts: Sequence[str], arguments: str = "n_in, n_out") -> str:
        """A function that returns the parts of one layer."""
        body = "".join(f"        {p},\n" for p in parts)
        return f"def layer({arguments}):\n    return [\n{body}    ]\n\n\n"

    def last(self, affine: str) -> list[str]:
        """What comes after the hidden layers."""
        return [*([self.drop] if self.drop and self.late else []), affine, *([self.end] if self.end else [])]


def _sequential(parts: Sequence[str]) -> str:
    return "model = nn.Sequential(\n" + "".join(f"    {p},\n" for p in parts) + ")"


def _mlp(w: _Writer) -> str:
    make = w.function(w.layer("nn.Linear(n_in, n_outBIAS)", _NORMS_1D))
    body = [
        "*layer(IN, WIDTH)",
        "*(m for _ in range(DEPTH - 1) for m in layer(WIDTH, WIDTH))",
        *w.last("nn.Linear(WIDTH, OUT)"),
    ]
    return make + _sequential(body)


def _cnn(w: _Writer) -> str:
    make = w.function(w.layer("nn.Conv2d(n_in, n_out, 3, padding=1BIAS)", _NORMS_2D, drop=False))
    plain = [w.drop] if w.drop and not w.late else []
    body = ["*layer(IN, WIDTH)", "*(m for _ in range(DEPTH - 1) for m in layer(WIDTH, WIDTH))", "nn.AdaptiveAvgPool2d(1)", "nn.Flatten()",
            *plain, *w.last("nn.Linear(WIDTH, OUT)")]  # fmt: skip
    return make + _sequential(body)


def _unet(w: _Writer) -> str:
    make = w.function(w.layer("nn.Conv2d(n_in, n_out, 3, padding=1BIAS)", _NORMS_2D, drop=False))
    return f"""\
{make}class Model(nn.Module):
    def __init__(self, levels=max(1, (DEPTH - 1) // 2)):
        super().__init__()
        widths = [IN] + [WIDTH] * levels
        down = [nn.Sequential(*layer(*w)) for w in zip(widths, widths[1:])]
        self.low = nn.Sequential(*layer(WIDTH, WIDTH))
        up = [nn.Sequential(*layer(2 * WIDTH, WIDTH)) for _ in range(levels)]
        self.down, self.up = nn.ModuleList(down), nn.ModuleList(up)
        self.head = nn.Conv2d(WIDTH, OUT, 1)

    def forward(self, x):  # height and width must be multiples of 2 ** levels
        kept = []
        for layers in self.down:
            x = layers(x)
            kept.append(x)
            x = nn.functional.max_pool2d(x, 2)
        x = self.low(x)
        for layers in self.up:
            x = nn.functional.interpolate(x, scale_factor=2)
            x = layers(torch.cat([x, kept.pop()], dim=1))
        return {_ended(w, "self.head(x)")}


model = Model()"""


def _residual(w: _Writer) -> str:
    norm = _NORMS_2D.get(w.asked.norm, "nn.Identity()").format("width")
    bias = ", bias=False" if w.asked.norm == "batch" else ""
    block = f"""\
class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.conv1 = nn.Conv2d(width, width, 3, padding=1{bias})
        self.conv2 = nn.Conv2d(width, width, 3, padding=1{bias})
        self.norm1 = {norm}
        self.norm2 = {norm}
        self.act1, self.act2 = {w.act}, {w.act}

    def forward(self, x):
        h = self.act1(self.norm1(self.conv1(x)))
        return self.act2(x + self.norm2(self.conv2(h)))


"""
    first = w.layer("nn.Conv2d(IN, WIDTH, 3, padding=1BIAS)", _NORMS_2D, "WIDTH", drop=False)
    body = [
        *first,
        "*(Block(WIDTH) for _ in range(DEPTH // 2))",
        "nn.AdaptiveAvgPool2d(1)",
        "nn.Flatten()",
        *w.last("nn.Linear(WIDTH, OUT)"),
    ]
    return block + _sequential(body)


def _diffusion(w: _Writer) -> str:
    norm = _NORMS_2D.get(w.asked.norm, "nn.Identity()").format("width")
    block = f"""\
class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.norm1 = {norm}
        self.norm2 = {norm}
        self.act1, self.act2 = {w.act}, {w.act}
        self.conv1 = nn.Conv2d(width, width, 3, padding=1)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1)
        self.drop = {w.drop or "nn.Identity()"}

    def forward(self, x):
        h = self.conv1(self.act1(self.norm1(x)))
        return x + self.conv2(self.drop(self.act2(self.norm2(h))))


"""
    body = ["nn.Conv2d(IN, WIDTH, 3, padding=1)", "*(Block(WIDTH) for _ in range(DEPTH // 2))",
            *([_NORMS_2D[w.asked.norm].format("WIDTH")] if w.asked.norm in _NORMS_2D else []), w.act,
            "nn.Conv2d(WIDTH, OUT, 3, padding=1)"]  # fmt: skip
    return block + _sequential(body) + "  # a U-Net adds levels and the time step"


def _transformer(w: _Writer) -> str:
    norm = _NORMS_1D.get(w.asked.norm, "nn.Identity()")
    tokens = w.asked.task == "generation"
    ahead = (
        "\n        n = x.shape[1]\n        ahead = torch.ones(n, n, dtype=torch.bool, device=x.device).triu(1)"
        if tokens
        else ""
    )
    mask = "attn_mask=ahead, " if tokens else ""
    pooled = "h" if tokens else "h.mean(1)"
    gated = resolve(w.rows["hidden"].choose).kind == "gated"
    wide, inner = ("2 * inner", "8 * width // 3") if gated else ("inner", "4 * width")
    halves = "  # halves: value and gate" if gated else ""
    return f"""\
class Block(nn.Module):
    def __init__(self, width, heads=4):
        super().__init__()
        self.norm1, self.norm2 = {norm.format("width")}, {norm.format("width")}
        self.attention = nn.MultiheadAttention(width, heads, batch_first=True)
        inner = {inner}
        self.linear1 = nn.Linear(width, {wide})
        self.linear2 = nn.Linear(inner, width)
        self.act = {w.act}{halves}
        self.drop = {w.drop or "nn.Identity()"}

    def forward(self, x):{ahead}
        h = self.norm1(x)
        h, _ = self.attention(h, h, h, {mask}need_weights=False)
        x = x + self.drop(h)
        h = self.act(self.linear1(self.norm2(x)))
        return x + self.drop(self.linear2(h))


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.tokens = nn.Embedding(IN, WIDTH)
        self.places = nn.Embedding(512, WIDTH)
        self.blocks = nn.Sequential(*(Block(WIDTH) for _ in range(DEPTH)))
        self.norm, self.head = {norm.format("WIDTH")}, nn.Linear(WIDTH, OUT)

    def forward(self, x):
        places = torch.arange(x.shape[1], device=x.device)
        h = self.tokens(x) + self.places(places)
        h = self.norm(self.blocks(h))
        return {_ended(w, f"self.head({pooled})")}


model = Model()"""


def _ended(w: _Writer, value: str) -> str:
    return f"{w.end}({value})" if w.end else value


def _rnn(w: _Writer) -> str:
    tokens = w.asked.task == "generation"
    first = "nn.Embedding(OUT, IN)" if tokens else ""
    norm = _NORMS_1D.get(w.asked.norm, "").format("WIDTH")
    made = [f"self.tokens = {first}"] if first else []
    made += ["self.lstm = nn.LSTM(IN, WIDTH, DEPTH, batch_first=True" + (", dropout=0.2" if w.depth > 1 else "") + ")"]
    made += [f"self.norm = {norm}"] if norm else []
    made += ["self.head = nn.Linear(WIDTH, OUT)"]
    inside = "self.tokens(x)" if first else "x"
    state = "h" if tokens else "h[:, -1]"
    state = f"self.norm({state})" if norm else state
    return f"""\
class Model(nn.Module):
    def __init__(self):
        super().__init__()
{indent(chr(10).join(made), "        ")}

    def forward(self, x):
        h, _ = self.lstm({inside})  # states: tanh; gates: sigmoid
        return {_ended(w, f"self.head({state})")}


model = Model()"""


def _siren(w: _Writer) -> str:
    return (
        "class Sine(nn.Module):\n    def forward(self, x):\n        return torch.sin(30 * x)\n\n\n"
        + _sequential(["nn.Linear(IN, WIDTH)", "Sine()", "*(m for _ in range(DEPTH - 1) for m in (nn.Linear(WIDTH, WIDTH), Sine()))",
                       "nn.Linear(WIDTH, OUT)"])
    )  # fmt: skip


def _generator(w: _Writer) -> str:
    make = w.function(
        w.layer("nn.ConvTranspose2d(n_in, n_out, 4, stride, paddingBIAS)", _NORMS_2D), "n_in, n_out, stride=2, padding=1"
    )
    body = ["*layer(IN, WIDTH, 1, 0)", "*(m for _ in range(DEPTH - 1) for m in layer(WIDTH, WIDTH))",
            *w.last("nn.ConvTranspose2d(WIDTH, OUT, 4, 2, 1)")]  # fmt: skip
    return make + _sequential(body) + "  # from noise of shape (batch, IN, 1, 1)"


def _discriminator(w: _Writer) -> str:
    make = w.function(w.layer("nn.Conv2d(n_in, n_out, 4, 2, 1BIAS)", _NORMS_2D))
    body = ["nn.Conv2d(IN, WIDTH, 4, 2, 1)", w.act, "*(m for _ in range(DEPTH - 1) for m in layer(WIDTH, WIDTH))",
            "nn.AdaptiveAvgPool2d(1)", "nn.Flatten()", *w.last("nn.Linear(WIDTH, OUT)")]  # fmt: skip
    return make + _sequential(body)


def _autoencoder(w: _Writer) -> str:
    make = w.function(w.layer("nn.Linear(n_in, n_outBIAS)", _NORMS_1D, drop=False))
    more = "*(m for _ in range(DEPTH // 2 - 1) for m in layer(WIDTH, WIDTH))"
    body = ["*layer(IN, WIDTH)", more, "nn.Linear(WIDTH, 32)", "*layer(32, WIDTH)", more, *w.last("nn.Linear(WIDTH, OUT)")]
    # the bottleneck is narrower than both its sides: two linear layers in a row are meant
    return make + _sequential(body)


def _recommender(w: _Writer) -> str:
    make = w.function(w.layer("nn.Linear(n_in, n_outBIAS)", _NORMS_1D))
    body = [
        "*layer(2 * WIDTH, WIDTH)",
        "*(m for _ in range(DEPTH - 1) for m in layer(WIDTH, WIDTH))",
        *w.last("nn.Linear(WIDTH, OUT)"),
    ]
    return (
        make
        + f"""\
class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.users = nn.Embedding(IN, WIDTH)
        self.items = nn.Embedding(IN, WIDTH)
        self.layers = nn.Sequential(
{"".join(f"            {p},{chr(10)}" for p in body)}        )

    def forward(self, user, item):
        both = torch.cat([self.users(user), self.items(item)], dim=1)
        return self.layers(both)


model = Model()"""
    )


PROGRAMS: Mapping[str, Callable[[_Writer], str]] = {
    "cnn": _cnn, "unet": _unet, "resnet": _residual, "diffusion": _diffusion, "transformer": _transformer, "rnn": _rnn, "siren": _siren,
    "gan-generator": _generator, "gan-discriminator": _discriminator, "autoencoder": _autoencoder, "recommender": _recommender,
}  # fmt: skip
"""How each network is written; the others are fully connected."""
_READS: Mapping[str, str] = {"softmax": ".softmax(dim=-1)", "sigmoid": ".sigmoid()", "exp": ".exp()"}


def snippet(
    asked: Question, rows: Mapping[str, Row], gain: float | None, sizes: tuple[int | None, int | None] = (None, None)
) -> str:
    """Return the program: imports, sizes, network, initial weights, loss, and how predictions are read.

    Args:
        asked: the question.
        rows: the rows taken for the parts hidden, output, init and dropout.
        gain: of the hidden function, for the comment; None where it has none.
        sizes: inputs and outputs of a model that was read; None for those of the example.
    """
    w = _Writer(asked, rows, sizes)
    network = PROGRAMS.get(asked.arch, _mlp)(w)
    init = rows["init"].code.replace("HEAD", "2" if w.end else "1")
    if init == "nonlin.nn.init_(model)" and gain is not None:
        init += f"  # {_plain(rows['hidden'].choose)}: std {gain:.4g} / sqrt(fan_in), biases 0"
    out = rows["output"]
    loss = f"loss = {out.loss}\n# targets: {out.targets}" if out.kind else f"# loss: {out.loss}\n# targets: {out.targets}"
    arguments = "user, item" if asked.arch == "recommender" else "x"
    read = _READS.get(out.reads, "").replace("-1", "1" if asked.arch == "unet" else "-1")
    reads = f"# predictions: model({arguments}){read}" if out.reads else ""
    text = "\n".join(part for part in (w.sizes, _spaced(network), init, loss, reads) if part)
    heads = ["import math\n"] if "math." in text else []
    heads += ["import torch"] if "torch." in text.replace("nn.init", "") else []
    heads += ["from torch import nn"] + (["\nimport nonlin"] if "nonlin." in text else [])
    return filled("\n".join(heads)) + "\n\n" + text + "\n"


def _spaced(network: str) -> str:
    """Definitions have two lines around them, as programs do."""
    return f"\n\n{network}\n" if "def " in network else f"\n{network}\n"


def _plain(spec: str) -> str:
    return spec.partition("(")[0]
