"""Models that are right although a textbook rule would complain: each is linted, and nothing may be said but information.

Every entry of ``RIGHT`` makes (model, loss, batch). The names say which trap it is.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

Made = tuple[Any, Any, Any]
RIGHT: dict[str, Callable[[], Made]] = {}


def right(make: Callable[[], Made]) -> Callable[[], Made]:
    def seeded() -> Made:
        torch.manual_seed(0)
        return make()

    RIGHT[make.__name__] = seeded
    return seeded


def images(n: int = 8, channels: int = 3, side: int = 16) -> Tensor:
    return torch.randn(n, channels, side, side)


def labels(classes: int, n: int = 8) -> Tensor:
    return torch.arange(n) % classes


def rows(features: int, n: int = 8) -> Tensor:
    return torch.randn(n, features)


class Branches(nn.Module):
    """A body whose output is added to its input."""

    def __init__(self, body: nn.Module) -> None:
        super().__init__()
        self.body = body

    def forward(self, x: Tensor) -> Tensor:
        return x + self.body(x)


# -- shapes of classifiers ------------------------------------------------------------------------------------------------


@right
def squeezenet_ends_in_relu_before_pooling() -> Made:
    class Fire(nn.Module):
        def __init__(self, inner: int, squeeze: int, expand: int) -> None:
            super().__init__()
            self.squeeze = nn.Conv2d(inner, squeeze, 1)
            self.left, self.right = nn.Conv2d(squeeze, expand, 1), nn.Conv2d(squeeze, expand, 3, padding=1)
            self.act = nn.ReLU(inplace=True)

        def forward(self, x: Tensor) -> Tensor:
            x = self.act(self.squeeze(x))
            return torch.cat([self.act(self.left(x)), self.act(self.right(x))], 1)

    head = nn.Sequential(nn.Dropout(0.5), nn.Conv2d(32, 10, 1), nn.ReLU(inplace=True), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    body = nn.Sequential(nn.Conv2d(3, 16, 3, stride=2), nn.ReLU(inplace=True), nn.MaxPool2d(2), Fire(16, 8, 16), head)
    return body, nn.CrossEntropyLoss(), (images(), labels(10))


@right
def network_in_network() -> Made:
    def block(a: int, b: int) -> list[nn.Module]:
        return [nn.Conv2d(a, b, 3, padding=1), nn.ReLU(), nn.Conv2d(b, b, 1), nn.ReLU(), nn.Conv2d(b, b, 1), nn.ReLU()]

    model = nn.Sequential(*block(3, 16), nn.MaxPool2d(2), nn.Dropout(), *block(16, 10), nn.AvgPool2d(8), nn.Flatten())
    return model, "cross_entropy", (images(), labels(10))


@right
def linear_bottlenecks_and_depthwise_pairs() -> Made:
    def block(a: int, wide: int, b: int) -> list[nn.Module]:
        return [nn.Conv2d(a, wide, 1, bias=False), nn.BatchNorm2d(wide), nn.ReLU6(inplace=True),
                nn.Conv2d(wide, wide, 3, padding=1, groups=wide, bias=False), nn.BatchNorm2d(wide), nn.ReLU6(inplace=True),
                nn.Conv2d(wide, b, 1, bias=False), nn.BatchNorm2d(b)]  # fmt: skip

    last = [nn.Conv2d(12, 64, 1, bias=False), nn.BatchNorm2d(64), nn.ReLU6(inplace=True)]
    head = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.2), nn.Linear(64, 5)]
    model = nn.Sequential(*block(3, 18, 8), *block(8, 48, 12), *last, *head)
    return model, "cross_entropy", (images(), labels(5))


@right
def separable_convolutions() -> Made:
    def pair(a: int, b: int) -> list[nn.Module]:
        return [nn.Conv2d(a, a, 3, padding=1, groups=a), nn.Conv2d(a, b, 1), nn.BatchNorm2d(b), nn.ReLU()]

    model = nn.Sequential(*pair(3, 16), *pair(16, 32), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(32, 4))
    return model, "cross_entropy", (images(), labels(4))


@right
def functional_relu_and_nothing_else() -> Made:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b, self.fc = nn.Conv2d(1, 8, 3), nn.Conv2d(8, 16, 3), nn.Linear(16 * 2 * 2, 10)

        def forward(self, x: Tensor) -> Tensor:
            x = F.max_pool2d(F.relu(self.a(x)), 2)
            x = F.max_pool2d(F.relu(self.b(x)), 2)
            return self.fc(torch.flatten(x, 1))

    return Net(), F.cross_entropy, (images(channels=1), labels(10))


@right
def log_softmax_and_nll() -> Made:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b = nn.Linear(20, 32), nn.Linear(32, 10)

        def forward(self, x: Tensor) -> Tensor:
            return F.log_softmax(self.b(F.dropout(F.relu(self.a(x)), training=self.training)), dim=1)

    return Net(), F.nll_loss, (rows(20), labels(10))


@right
def log_softmax_and_cross_entropy_is_harmless() -> Made:
    model = nn.Sequential(nn.Linear(20, 32), nn.ReLU(), nn.Linear(32, 10), nn.LogSoftmax(dim=1))
    return model, nn.CrossEntropyLoss(), (rows(20), labels(10))


@right
def softmax_in_evaluation_only() -> Made:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body = nn.Sequential(nn.Linear(20, 32), nn.ReLU(), nn.Linear(32, 10))

        def forward(self, x: Tensor) -> Tensor:
            x = self.body(x)
            return x if self.training else x.softmax(dim=1)

    return Net().eval(), "cross_entropy", (rows(20), labels(10))


@right
def plain_default_initialisation() -> Made:
    widths = [20, 64, 64, 64, 64, 64]
    body = [m for a, b in zip(widths, widths[1:], strict=False) for m in (nn.Linear(a, b), nn.ReLU())]
    return nn.Sequential(*body, nn.Linear(64, 10)), "cross_entropy", (rows(20, 64), labels(10, 64))


@right
def plain_default_convolutions() -> Made:
    model = nn.Sequential(nn.Conv2d(3, 16, 5, padding=2), nn.ReLU(inplace=True), nn.MaxPool2d(2), nn.Conv2d(16, 32, 5, padding=2),
                          nn.ReLU(inplace=True), nn.MaxPool2d(2), nn.Conv2d(32, 32, 3, padding=1), nn.ReLU(inplace=True),
                          nn.Conv2d(32, 32, 3, padding=1), nn.ReLU(inplace=True), nn.Flatten(), nn.Dropout(), nn.Linear(512, 64),
                          nn.ReLU(inplace=True), nn.Dropout(), nn.Linear(64, 64), nn.ReLU(inplace=True), nn.Linear(64, 10))  # fmt: skip
    return model, "cross_entropy", (images(), labels(10))


@right
def lenet_with_tanh() -> Made:
    model = nn.Sequential(nn.Conv2d(1, 6, 5, padding=2), nn.Tanh(), nn.AvgPool2d(2), nn.Conv2d(6, 16, 5), nn.Tanh(), nn.AvgPool2d(2),
                          nn.Flatten(), nn.Linear(64, 32), nn.Tanh(), nn.Linear(32, 10))  # fmt: skip
    return model, "cross_entropy", (images(channels=1), labels(10))


@right
def two_sigmoid_layers_of_the_classic_study() -> Made:
    model = nn.Sequential(nn.Linear(784, 128), nn.Sigmoid(), nn.Linear(128, 64), nn.Sigmoid(), nn.Linear(64, 10))
    return model, "cross_entropy", (torch.rand(32, 784), labels(10, 32))


@right
def logistic_regression() -> Made:
    return nn.Linear(20, 1), nn.BCEWithLogitsLoss(), (rows(20), (labels(2) * 1.0).unsqueeze(1))


# -- skip connections, sharing, in place ------------------------------------------------------------------------------------


class Basic(nn.Module):
    """The basic block of a ResNet: one in-place ReLU object, called twice."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(width, width, 3, padding=1, bias=False), nn.BatchNorm2d(width)
        self.conv2, self.bn2 = nn.Conv2d(width, width, 3, padding=1, bias=False), nn.BatchNorm2d(width)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        identity = x
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        out += identity
        return self.relu(out)


def _resnet() -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(3, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8), nn.ReLU(inplace=True), Basic(8), Basic(8),
                         nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 10))  # fmt: skip


@right
def one_relu_object_used_again() -> Made:
    return _resnet(), "cross_entropy", (images(), labels(10))


@right
def zero_gamma_at_the_end_of_each_branch() -> Made:
    model = _resnet()
    for m in model.modules():
        if isinstance(m, Basic):
            nn.init.zeros_(m.bn2.weight)
    return model, "cross_entropy", (images(), labels(10))


@right
def zero_last_layer_of_each_branch() -> Made:
    """Fixup: no normalisation, the last layer of each branch and the head start at zero."""
    blocks = [Branches(nn.Sequential(nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 32))) for _ in range(4)]
    for b in blocks:
        nn.init.zeros_(b.body[2].weight)
    head = nn.Linear(32, 10)
    nn.init.zeros_(head.weight)
    return nn.Sequential(nn.Linear(20, 32), *blocks, head), "cross_entropy", (rows(20), labels(10))


@right
def layer_scale() -> Made:
    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.norm, self.up, self.down = nn.LayerNorm(32), nn.Linear(32, 64), nn.Linear(64, 32)
            self.gamma = nn.Parameter(torch.full((32,), 1e-6))

        def forward(self, x: Tensor) -> Tensor:
            return x + self.gamma * self.down(F.gelu(self.up(self.norm(x))))

    return nn.Sequential(nn.Linear(20, 32), *(Block() for _ in range(4)), nn.LayerNorm(32), nn.Linear(32, 10)), "cross_entropy", \
        (rows(20), labels(10))  # fmt: skip


@right
def zero_heads() -> Made:
    """A policy and a value head whose last layers start at zero."""

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body = nn.Sequential(nn.Linear(8, 32), nn.Tanh(), nn.Linear(32, 32), nn.Tanh())
            self.policy, self.value = nn.Linear(32, 4), nn.Linear(32, 1)
            for head in (self.policy, self.value):
                nn.init.zeros_(head.weight)
                nn.init.zeros_(head.bias)

        def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
            h = self.body(x)
            return self.policy(h), self.value(h)

    return Net(), None, rows(8)


@right
def preactivation_with_copies() -> Made:
    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.bn, self.conv = nn.BatchNorm2d(8), nn.Conv2d(8, 8, 3, padding=1)

        def forward(self, x: Tensor) -> Tensor:
            return x + self.conv(F.relu(self.bn(x), inplace=True))

    return nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), Block(), Block(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 5)), \
        "cross_entropy", (images(), labels(5))  # fmt: skip


@right
def unet() -> Made:
    def double(a: int, b: int) -> nn.Sequential:
        return nn.Sequential(
            nn.Conv2d(a, b, 3, padding=1), nn.ReLU(inplace=True), nn.Conv2d(b, b, 3, padding=1), nn.ReLU(inplace=True)
        )

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b, self.c = double(3, 8), double(8, 16), double(24, 8)
            self.up, self.out = nn.ConvTranspose2d(16, 16, 2, stride=2), nn.Conv2d(8, 1, 1)

        def forward(self, x: Tensor) -> Tensor:
            a = self.a(x)
            b = self.b(F.max_pool2d(a, 2))
            return self.out(self.c(torch.cat([a, self.up(b)], 1)))

    return Net(), nn.BCEWithLogitsLoss(), (images(), (images(channels=1) > 0).float())


# -- attention and gates ----------------------------------------------------------------------------------------------------


class Attention(nn.Module):
    def __init__(self, width: int = 16, heads: int = 2) -> None:
        super().__init__()
        self.heads = heads
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        b, t, d = x.shape
        q, k, v = self.qkv(x).reshape(b, t, 3, self.heads, d // self.heads).permute(2, 0, 3, 1, 4)
        weights = (q @ k.transpose(-2, -1) / math.sqrt(d // self.heads)).softmax(dim=-1)
        return self.out((weights @ v).transpose(1, 2).reshape(b, t, d))


class Layer(nn.Module):
    def __init__(self, width: int = 16) -> None:
        super().__init__()
        self.attention, self.norm1, self.norm2 = Attention(width), nn.LayerNorm(width), nn.LayerNorm(width)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width), nn.Dropout(0.1))

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attention(self.norm1(x))
        return x + self.mlp(self.norm2(x))


@right
def attention_value_times_output() -> Made:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embed, self.position = nn.Embedding(50, 16), nn.Parameter(torch.zeros(1, 12, 16))
            self.layers, self.head = nn.Sequential(Layer(), Layer()), nn.Linear(16, 50, bias=False)

        def forward(self, tokens: Tensor) -> Tensor:
            return self.head(self.layers(self.embed(tokens) + self.position)).transpose(1, 2)

    tokens = torch.randint(0, 50, (4, 12))
    return Net(), nn.CrossEntropyLoss(), (tokens, tokens.roll(-1, 1))


@right
def torch_transformer() -> Made:
    layer = nn.TransformerEncoderLayer(16, 2, 32, batch_first=True)
    return nn.Sequential(nn.Linear(5, 16), nn.TransformerEncoder(layer, 2), nn.Linear(16, 1)), "mse", \
        (torch.randn(4, 7, 5), torch.randn(4, 7, 1))  # fmt: skip


@right
def albert_shares_whole_layers() -> Made:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner, self.widen = nn.Embedding(50, 8), nn.Linear(8, 16)
            self.layer, self.head = Layer(), nn.Linear(16, 3)

        def forward(self, tokens: Tensor) -> Tensor:
            x = self.widen(self.inner(tokens))
            for _ in range(6):
                x = self.layer(x)
            return self.head(x.mean(dim=1))

    return Net(), "cross_entropy", (torch.randint(0, 50, (4, 12)), labels(3, 4))


@right
def bert_pooler() -> Made:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embed, self.layers = nn.Embedding(50, 16), nn.Sequential(Layer(), Layer())
            self.pool, self.act, self.drop, self.head = nn.Linear(16, 16), nn.Tanh(), nn.Dropout(0.1), nn.Linear(16, 2)

        def forward(self, tokens: Tensor) -> Tensor:
            return self.head(self.drop(self.act(self.pool(self.layers(self.embed(tokens))[:, 0]))))

    return Net(), "cross_entropy", (torch.randint(0, 50, (4, 12)), labels(2, 4))


@right
def low_rank_adapters() -> Made:
    class LoRA(nn.Module):
        def __init__(self, inner: int, outer: int, rank: int = 2) -> None:
            super().__init__()
            self.base = nn.Linear(inner, outer).requires_grad_(False)
            self.down, self.up = nn.Linear(inner, rank, bias=False), nn.Linear(rank, outer, bias=False)
            nn.init.zeros_(self.up.weight)

        def forward(self, x: Tensor) -> Tensor:
            return self.base(x) + 2.0 * self.up(self.down(x))

    return (
        nn.Sequential(LoRA(20, 32), nn.ReLU(), LoRA(32, 32), nn.ReLU(), nn.Linear(32, 4)),
        "cross_entropy",
        (rows(20), labels(4)),
    )


@right
def squeeze_and_excitation() -> Made:
    class SE(nn.Module):
        def __init__(self, width: int) -> None:
            super().__init__()
            self.down, self.up = nn.Conv2d(width, 4, 1), nn.Conv2d(4, width, 1)

        def forward(self, x: Tensor) -> Tensor:
            return x * torch.sigmoid(self.up(F.relu(self.down(x.mean((2, 3), keepdim=True)))))

    def block() -> list[nn.Module]:
        return [nn.Conv2d(16, 16, 3, padding=1), nn.BatchNorm2d(16), nn.SiLU(inplace=True), SE(16)]

    model = nn.Sequential(nn.Conv2d(3, 16, 3), nn.ReLU(), *[m for _ in range(6) for m in block()], nn.AdaptiveAvgPool2d(1), nn.Flatten(),
                          nn.Linear(16, 5))  # fmt: skip
    return model, "cross_entropy", (images(), labels(5))


@right
def gated_linear_units() -> Made:
    class Gated(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.gate, self.up, self.down = nn.Linear(16, 32), nn.Linear(16, 32), nn.Linear(32, 16)

        def forward(self, x: Tensor) -> Tensor:
            return x + self.down(torch.sigmoid(self.gate(x)) * self.up(x))

    return nn.Sequential(nn.Linear(20, 16), *(Gated() for _ in range(6)), nn.Linear(16, 64), nn.GLU(), nn.Linear(32, 4)), \
        "cross_entropy", (rows(20), labels(4))  # fmt: skip


@right
def lstm_by_hand() -> Made:
    class Cell(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.x, self.h, self.out = nn.Linear(5, 64), nn.Linear(16, 64), nn.Linear(16, 3)

        def forward(self, x: Tensor) -> Tensor:
            h = c = x.new_zeros(len(x), 16)
            for t in range(x.shape[1]):
                i, f, g, o = (self.x(x[:, t]) + self.h(h)).chunk(4, 1)
                c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
                h = torch.sigmoid(o) * torch.tanh(c)
            return self.out(h)

    return Cell(), "cross_entropy", (torch.randn(4, 6, 5), labels(3, 4))


@right
def lstm_of_torch() -> Made:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.lstm, self.head = nn.LSTM(5, 16, 2, batch_first=True), nn.Linear(16, 3)

        def forward(self, x: Tensor) -> Tensor:
            return self.head(self.lstm(x)[0][:, -1])

    return Net(), "cross_entropy", (torch.randn(4, 6, 5), labels(3, 4))


@right
def mixture_of_experts() -> Made:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.router = nn.Linear(20, 4)
            self.experts = nn.ModuleList(nn.Sequential(nn.Linear(20, 32), nn.ReLU(), nn.Linear(32, 10)) for _ in range(4))

        def forward(self, x: Tensor) -> Tensor:
            weights = self.router(x).softmax(dim=-1)
            return (torch.stack([e(x) for e in self.experts], dim=-1) * weights.unsqueeze(1)).sum(dim=-1)

    return Net(), "cross_entropy", (rows(20), labels(10))


# -- losses -------------------------------------------------------------------------------------------------------------------


@right
def detr_boxes_by_sigmoid_with_l1_and_giou() -> Made:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body = nn.Sequential(nn.Linear(20, 32), nn.ReLU())
            self.classes, self.boxes = nn.Linear(32, 4), nn.Sequential(nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 4))

        def forward(self, x: Tensor) -> dict[str, Tensor]:
            h = self.body(x)
            return {"logits": self.classes(h), "boxes": self.boxes(h).sigmoid()}

    def corners(b: Tensor) -> tuple[Tensor, Tensor]:
        return b[:, :2] - b[:, 2:] / 2, b[:, :2] + b[:, 2:] / 2

    def loss(out: dict[str, Tensor], y: dict[str, Tensor]) -> Tensor:
        (a, b), (c, d) = corners(out["boxes"]), corners(y["boxes"])
        overlap = (torch.minimum(b, d) - torch.maximum(a, c)).clamp(min=0).prod(1)
        union = (b - a).prod(1) + (d - c).prod(1) - overlap
        hull = (torch.maximum(b, d) - torch.minimum(a, c)).prod(1)
        giou = overlap / union - (hull - union) / hull
        return F.cross_entropy(out["logits"], y["labels"]) + 5 * F.l1_loss(out["boxes"], y["boxes"]) + 2 * (1 - giou).mean()

    return Net(), loss, (rows(20), {"labels": labels(4), "boxes": torch.rand(8, 4) * 0.5 + 0.1})


@right
def retinanet_focal_loss_on_logits() -> Made:
    def focal(out: Tensor, y: Tensor) -> Tensor:
        p = torch.sigmoid(out)
        ce = F.binary_cross_entropy_with_logits(out, y, reduction="none")
        return (ce * (1 - (p * y + (1 - p) * (1 - y))) ** 2).mean()

    model = nn.Sequential(nn.Conv2d(3, 16, 3, padding=1), nn.ReLU(), nn.Conv2d(16, 9, 3, padding=1))
    nn.init.constant_(model[2].bias, -math.log(99))
    return model, focal, (images(), (images(channels=9) > 2).float())


@right
def policy_ending_in_softmax_with_log_prob() -> Made:
    model = nn.Sequential(nn.Linear(4, 64), nn.ReLU(), nn.Linear(64, 2), nn.Softmax(dim=-1))

    def loss(probabilities: Tensor, actions: Tensor) -> Tensor:
        return -torch.distributions.Categorical(probs=probabilities, validate_args=False).log_prob(actions).mean()

    return model, loss, (rows(4), labels(2))


@right
def policy_with_a_small_last_layer() -> Made:
    model = nn.Sequential(nn.Linear(8, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, 4))
    for m, gain in zip((model[0], model[2], model[4]), (math.sqrt(2), math.sqrt(2), 0.01), strict=True):
        nn.init.orthogonal_(m.weight, gain)
        nn.init.zeros_(m.bias)
    return model, None, rows(8)


@right
def vae_with_sigmoid_and_bce() -> Made:
    class VAE(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.encode, self.mu, self.log_var = nn.Linear(64, 32), nn.Linear(32, 4), nn.Linear(32, 4)
            self.widen, self.decode = nn.Linear(4, 32), nn.Linear(32, 64)

        def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
            h = F.relu(self.encode(x))
            mu, log_var = self.mu(h), self.log_var(h)
            z = mu + torch.exp(0.5 * log_var) * torch.randn_like(mu)
            return torch.sigmoid(self.decode(F.relu(self.widen(z)))), mu, log_var

    def loss(out: tuple[Tensor, Tensor, Tensor], x: Tensor) -> Tensor:
        made, mu, log_var = out
        kl = -0.5 * torch.sum(1 + log_var - mu.pow(2) - log_var.exp())
        return F.binary_cross_entropy(made, x, reduction="sum") + kl

    x = torch.rand(8, 64)
    return VAE(), loss, (x, x)


@right
def one_against_rest_with_sigmoids() -> Made:
    y = F.one_hot(labels(5), 5).float()
    return nn.Sequential(nn.Linear(20, 32), nn.ReLU(), nn.Linear(32, 5), nn.Sigmoid()), nn.BCELoss(), (rows(20), y)


@right
def several_labels_at_once() -> Made:
    y = (torch.arange(8)[:, None] >> torch.arange(5) & 1).float()
    return nn.Sequential(nn.Linear(20, 32), nn.ReLU(), nn.Linear(32, 5)), nn.BCEWithLogitsLoss(), (rows(20), y)


@right
def distillation_by_kl() -> Made:
    def loss(student: Tensor, teacher: Tensor) -> Tensor:
        return F.kl_div(F.log_softmax(student / 4, dim=1), F.softmax(teacher / 4, dim=1), reduction="batchmean") * 16

    return nn.Sequential(nn.Linear(20, 32), nn.ReLU(), nn.Linear(32, 10)), loss, (rows(20), rows(10))


@right
def tanh_with_targets_within_its_range() -> Made:
    model = nn.Sequential(nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.Conv2d(16, 2, 3, padding=1), nn.Tanh())
    return model, nn.MSELoss(), (images(channels=1), torch.rand(8, 2, 16, 16) * 2 - 1)


@right
def regression_of_counts_with_a_rectified_end() -> Made:
    model = nn.Sequential(nn.Linear(20, 32), nn.ReLU(), nn.Linear(32, 1), nn.Softplus())
    return model, nn.MSELoss(), (rows(20), torch.arange(8.0).unsqueeze(1))


@right
def critic_without_an_activation() -> Made:
    model = nn.Sequential(nn.Linear(20, 32), nn.LeakyReLU(0.2, inplace=True), nn.Linear(32, 1))
    return model, lambda out, y: -(out * y).mean(), (rows(20), (labels(2) * 2.0 - 1).unsqueeze(1))


# -- kits ----------------------------------------------------------------------------------------------------------------------


@right
def nfnet_scaled_activations() -> Made:
    class Scaled(nn.Conv2d):
        def forward(self, x: Tensor) -> Tensor:
            mean, var = self.weight.mean((1, 2, 3), keepdim=True), self.weight.var((1, 2, 3), keepdim=True)
            fan = self.weight[0].numel()
            return F.conv2d(x, (self.weight - mean) / torch.sqrt(var * fan + 1e-4), self.bias, self.stride, self.padding)

    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b = Scaled(16, 16, 3, padding=1), Scaled(16, 16, 3, padding=1)
            self.gain = nn.Parameter(torch.zeros(()))

        def forward(self, x: Tensor) -> Tensor:
            h = self.b(F.gelu(self.a(F.gelu(x) * 1.7015)) * 1.7015)
            return x + 0.2 * self.gain * h

    return nn.Sequential(Scaled(3, 16, 3, padding=1), *(Block() for _ in range(4)), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
                         nn.Linear(16, 5)), "cross_entropy", (images(), labels(5))  # fmt: skip


@right
def selu_with_its_kit() -> Made:
    layers: list[nn.Module] = []
    for a, b in ((64, 128), (128, 128), (128, 128), (128, 128), (128, 128), (128, 128)):
        linear = nn.Linear(a, b)
        nn.init.kaiming_normal_(linear.weight, nonlinearity="linear")
        nn.init.zeros_(linear.bias)
        layers += [linear, nn.SELU(), nn.AlphaDropout(0.1)]
    return nn.Sequential(*layers, nn.Linear(128, 10)), "cross_entropy", (rows(64, 32), labels(10, 32))


@right
def siren() -> Made:
    class Sine(nn.Module):
        def __init__(self, inner: int, first: bool) -> None:
            super().__init__()
            self.linear = nn.Linear(inner, 64)
            bound = 1 / inner if first else math.sqrt(6 / inner) / 30
            nn.init.uniform_(self.linear.weight, -bound, bound)

        def forward(self, x: Tensor) -> Tensor:
            return torch.sin(30.0 * self.linear(x))

    model = nn.Sequential(Sine(2, True), Sine(64, False), Sine(64, False), nn.Linear(64, 1))
    return model, nn.MSELoss(), (torch.rand(32, 2) * 2 - 1, torch.rand(32, 1))


@right
def deep_tanh_with_skips() -> Made:
    blocks = [Branches(nn.Sequential(nn.Linear(32, 32), nn.Tanh())) for _ in range(12)]
    return nn.Sequential(nn.Linear(8, 32), *blocks, nn.Linear(32, 1)), "mse", (rows(8), torch.randn(8, 1))


@right
def image_batches_that_a_norm_scales() -> Made:
    model = nn.Sequential(nn.BatchNorm2d(3), nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Flatten(), nn.Linear(8 * 14 * 14, 4))
    return model, "cross_entropy", (torch.rand(8, 3, 16, 16) * 255, labels(4))
