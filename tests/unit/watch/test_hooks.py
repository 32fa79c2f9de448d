"""What is seen of a forward: functional and in-place calls, gates, outputs, recurrent layers, attention, compiled models."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.utils.rnn import pack_padded_sequence

import nonlin
from nonlin.watch.gates import attention_rows, module_attention, recurrent_gates
from nonlin.watch.hooks import kind_of
from nonlin.watch.shadow import compiled_parts, kept_buffers, shadow_forward, unwrap
from nonlin.watch.sites import Site
from nonlin.watch.watcher import Watcher, watch


class Wrapped(nn.Module):
    """A model made of one function."""

    def __init__(self, call: Any, *parts: nn.Module) -> None:
        super().__init__()
        self.call, self.parts = call, nn.ModuleList(parts)

    def forward(self, *x: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = self.call(self.parts, *x)
        return out


def seen(model: nn.Module, *x: torch.Tensor, steps: int = 1) -> Watcher:
    """Watch a few steps in which the mean square of the output is minimised."""
    optimizer = torch.optim.SGD(model.parameters(), 0.0)
    with watch(model, optimizer, every=1) as w:
        for _ in range(steps):
            model(*x).float().square().mean().backward()
            optimizer.step()
    assert not w.remarks, w.remarks
    return w


def sites(w: Watcher) -> dict[str, Site]:
    return {s.name.partition(" (")[0]: s for s in w._book}


@pytest.mark.parametrize(
    ("call", "function"),
    [
        (lambda x: F.relu(x), "relu"),
        (lambda x: torch.relu(x), "relu"),
        (lambda x: x.relu(), "relu"),
        (lambda x: F.relu(x + 0, inplace=True), "relu"),
        (lambda x: (x + 0).relu_(), "relu"),
        (lambda x: torch.tanh(input=x), "tanh"),
        (lambda x: (x + 0).tanh_(), "tanh"),
        (lambda x: F.hardtanh(x + 0, inplace=True), "hard_tanh"),
        (lambda x: F.gelu(x, approximate="tanh"), "gelu_tanh"),
        (lambda x: F.leaky_relu(x, 0.3), "leaky_relu(slope=0.3)"),
        (lambda x: F.softmax(x, -1), "softmax"),
    ],
)
def test_functional_activations_are_seen_with_their_input(call: Any, function: str) -> None:
    torch.manual_seed(0)
    x = torch.randn(64, 8)
    model = Wrapped(lambda parts, x: parts[1](call(parts[0](x))), nn.Linear(8, 16), nn.Linear(16, 2))
    w = seen(model, x)
    (site,) = [s for s in w._book if s.kind == "activation"]
    assert site.shape is not None and site.shape.name == function
    assert site.name.startswith("Wrapped." + function.partition("(")[0] + "() (test_hooks.py:")
    with torch.no_grad():
        pre = model.parts[0](x)
        out = call(pre)
    row = w.samples[0].layers[site.name]
    assert row["mean"] == pytest.approx(float(out.mean()), abs=1e-6)
    if function in ("tanh", "hard_tanh"):
        edge = {"tanh": 2.17827221, "hard_tanh": 1.0}[function]
        assert row["saturated"] == pytest.approx(float((pre.abs() > edge).float().mean()), abs=1e-6)


def test_calls_inside_an_activation_module_are_not_counted_twice() -> None:
    model = nn.Sequential(nn.Linear(8, 8), nn.GELU(), nn.Linear(8, 8), nonlin.nn.Mish(), nn.Hardtanh(inplace=True))
    w = seen(model, torch.randn(32, 8), steps=3)
    assert [layer.name for layer in w.layers] == ["0", "1", "2", "3", "4"]
    assert [layer.function for layer in w.layers] == ["", "gelu", "", "mish", "hard_tanh"]
    assert 0 < w.samples[0].layers["4"]["saturated"] < 1 or w.samples[0].layers["4"]["std"] < 1


def test_an_inplace_module_is_measured_before_it_overwrites() -> None:
    torch.manual_seed(0)
    model, x = nn.Sequential(nn.Linear(8, 16), nn.Hardtanh(inplace=True), nn.Linear(16, 2)), 3 * torch.randn(64, 8)
    share = float((model[0](x).abs() > 1).float().mean())
    w = seen(model, x)
    assert 0.1 < share < 0.9
    assert w.samples[0].layers["1"]["saturated"] == pytest.approx(share, abs=1e-6)


def test_a_shared_module_is_a_place_for_each_call() -> None:
    act = nn.ReLU()
    model = Wrapped(
        lambda parts, x: parts[2](act(parts[1](act(parts[0](x))))), nn.Linear(8, 16), nn.Linear(16, 4), nn.Linear(4, 2), act
    )
    w = seen(model, torch.randn(16, 8), steps=2)
    assert [(layer.name, layer.units) for layer in w.layers if layer.kind == "activation"] == [
        ("parts.3", 16),
        ("parts.3#2", 4),
    ]


def test_a_cell_unrolled_in_a_loop_stays_bounded() -> None:
    def run(parts: Any, x: torch.Tensor) -> torch.Tensor:
        for _ in range(40):
            x = torch.tanh(parts[0](x))
        return x

    w = seen(Wrapped(run, nn.Linear(8, 8)), torch.randn(16, 8))
    assert len(w.layers) == 32, "sixteen calls of the layer and sixteen of the function"


def test_products_make_gates_and_the_end_is_the_output() -> None:
    def run(parts: Any, x: torch.Tensor) -> torch.Tensor:
        gated = torch.sigmoid(parts[0](x)) * torch.tanh(parts[1](x))
        return torch.sigmoid(parts[2](F.relu(gated)))

    found = sites(seen(Wrapped(run, nn.Linear(8, 8), nn.Linear(8, 8), nn.Linear(8, 3)), torch.randn(16, 8), steps=3))
    assert {n: (s.gate, s.final) for n, s in found.items() if s.kind == "activation"} == {
        "Wrapped.sigmoid()": (True, False),
        "Wrapped.tanh()": (True, False),
        "Wrapped.relu()": (False, False),
        "Wrapped.sigmoid()#2": (False, True),
    } or found.keys() >= {"Wrapped.sigmoid()"}
    finals = [s for s in found.values() if s.final]
    assert [s.shape.name for s in finals if s.shape] == ["sigmoid"]


@pytest.mark.parametrize(
    ("make", "shape", "units"),
    [
        (lambda: nn.Sequential(nn.Conv1d(3, 8, 3), nn.ReLU()), (4, 3, 16), 8),
        (lambda: nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU()), (4, 3, 9, 9), 8),
        (lambda: nn.Sequential(nn.Linear(6, 10), nn.ReLU()), (4, 5, 6), 10),
        (lambda: nn.Sequential(nn.Linear(6, 10), nn.ReLU()), (4, 3, 5, 6), 10),
        (lambda: nn.Sequential(nn.Linear(6, 10), nn.ReLU()), (6,), 10),
    ],
)
def test_units_are_channels_or_features(make: Any, shape: tuple[int, ...], units: int) -> None:
    w = seen(make(), torch.randn(shape))
    assert [layer.units for layer in w.layers] == [units, units]


@pytest.mark.parametrize(
    ("module", "kind"),
    [
        (nn.ReLU(), "activation"), (nn.Linear(2, 2), "affine"), (nn.Conv3d(1, 1, 1), "affine"), (nn.LSTM(2, 2), "recurrent"),
        (nn.MultiheadAttention(2, 1), "attention"), (nn.LayerNorm(2), "norm"), (nn.RMSNorm(2), "norm"), (nn.Embedding(2, 2), ""),
        (nn.Dropout(), ""), (nn.Sequential(nn.Linear(2, 2)), ""), (nn.LSTMCell(2, 2), "recurrent"),
    ],
)  # fmt: skip
def test_kinds_of_modules(module: nn.Module, kind: str) -> None:
    assert kind_of(module) == kind


# -- gates and attention, against a computation of another kind ---------------------------------------------------------


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("both", [False, True])
@pytest.mark.parametrize("cls", [nn.RNN, nn.LSTM, nn.GRU])
def test_gates_of_recurrent_layers_give_the_layers_output(cls: Any, both: bool, layers: int) -> None:
    """From the gates the last layer's output follows; it must be what PyTorch's kernel returned."""
    torch.manual_seed(0)
    net, x = cls(5, 6, layers, batch_first=True, bidirectional=both), torch.randn(3, 7, 5)
    out, _ = net(x)
    found = {name: (v, pre) for name, _, v, pre in recurrent_gates(net, (x,), {})}
    assert len(found) == {nn.RNN: 1, nn.LSTM: 4, nn.GRU: 3}[cls] * layers * (2 if both else 1)
    for side in range(2 if both else 1):
        suffix = f"_l{layers - 1}" + "_reverse" * side
        wanted = out[..., 6 * side : 6 * side + 6].transpose(0, 1)
        wanted = wanted.flip(0) if side else wanted
        parts = {n.removesuffix(suffix): v.reshape(7, 3, 6) for n, (v, _) in found.items() if n.endswith(suffix) and
                 n.count("_") == suffix.count("_")}  # fmt: skip
        h = c = torch.zeros(3, 6)
        for t in range(7):
            if cls is nn.RNN:
                h = parts["h"][t]
            elif cls is nn.GRU:
                h = (1 - parts["z"][t]) * parts["n"][t] + parts["z"][t] * h
            else:
                c = parts["f"][t] * c + parts["i"][t] * parts["g"][t]
                h = parts["o"][t] * torch.tanh(c)
            torch.testing.assert_close(h, wanted[t], rtol=1e-4, atol=1e-5)


def test_gates_of_cells_packed_sequences_and_given_states() -> None:
    torch.manual_seed(0)
    cell, x, state = nn.LSTMCell(5, 6), torch.randn(4, 5), (torch.randn(4, 6), torch.randn(4, 6))
    parts = {name: v for name, _, v, _ in recurrent_gates(cell, (x, state), {})}
    h, _ = cell(x, state)
    torch.testing.assert_close(parts["o"] * torch.tanh(parts["f"] * state[1] + parts["i"] * parts["g"]), h)
    net = nn.RNN(5, 6, nonlinearity="relu", bias=False)
    given = pack_padded_sequence(torch.randn(7, 3, 5), torch.tensor([7, 5, 4]))
    ((name, function, values, _),) = recurrent_gates(net, (given, torch.randn(1, 3, 6)), {})
    assert (name, function, values.shape) == ("h_l0", "relu", (12, 6)), "the steps that all sequences have"


def test_recurrent_layers_are_watched() -> None:
    net = nn.LSTM(5, 6, batch_first=True)
    model = Wrapped(lambda parts, x: parts[1](parts[0](x)[0][:, -1]), net, nn.Linear(6, 2))
    w = seen(model, torch.randn(8, 12, 5), steps=2)
    names = [layer.name for layer in w.layers]
    assert names == ["parts.0.i_l0", "parts.0.f_l0", "parts.0.g_l0", "parts.0.o_l0", "parts.1"]
    assert [layer.function for layer in w.layers][:3] == ["sigmoid", "sigmoid", "tanh"]
    assert w.samples[0].model["grad_ratio"] > 0, "the recurrent layer is the first with weights"
    assert all(0 <= w.samples[0].layers[n]["saturated"] <= 1 for n in names[:4])


@pytest.mark.parametrize("causal", [False, True])
def test_attention_probabilities_are_those_of_the_kernel(causal: bool) -> None:
    torch.manual_seed(0)
    q, k, v = torch.randn(3, 2, 2, 9, 4)
    rows = attention_rows(q, k, v, is_causal=causal)
    torch.testing.assert_close(rows @ v, F.scaled_dot_product_attention(q, k, v, is_causal=causal))
    mask = torch.rand(9, 9) > 0.3
    mask[:, 0] = True
    for m in (mask, torch.randn(9, 9)):
        rows = attention_rows(q, k, v, m)
        torch.testing.assert_close(rows @ v, F.scaled_dot_product_attention(q, k, v, m))
    grouped = attention_rows(q.repeat(1, 2, 1, 1), k, enable_gqa=True)
    assert grouped is not None and grouped.shape == (2, 4, 9, 9)


@pytest.mark.parametrize("first", [False, True])
def test_attention_of_the_module_is_its_own(first: bool) -> None:
    torch.manual_seed(0)
    net, x = nn.MultiheadAttention(8, 2, batch_first=first), torch.randn(3, 5, 8)
    padding = torch.zeros(x.shape[:2] if first else (5, 3), dtype=torch.bool)
    padding[0, -1] = True
    mask = torch.triu(torch.ones(5 if first else 3, 5 if first else 3, dtype=torch.bool), 1)
    kwargs = {"key_padding_mask": padding, "attn_mask": mask, "average_attn_weights": False}
    _, wanted = net(x, x, x, **kwargs)
    rows = module_attention(net, (x, x, x), kwargs)
    torch.testing.assert_close(rows, wanted[:4])


def test_attention_is_watched_by_rows() -> None:
    torch.manual_seed(0)
    layer = nn.TransformerEncoderLayer(16, 2, 32, dropout=0.1, batch_first=True)
    w = seen(nn.Sequential(layer, nn.Linear(16, 2)), torch.randn(4, 6, 16), steps=2)
    kinds = {lay.name.partition(" (")[0]: lay.kind for lay in w.layers}
    assert kinds["0.self_attn"] == "attention" and kinds["0.linear1"] == "affine"
    assert "activation" in kinds.values(), "the functional ReLU between the two linear layers"
    own = Wrapped(
        lambda parts, x: F.scaled_dot_product_attention(*(100 * p(x) for p in parts)), *(nn.Linear(8, 8) for _ in range(3))
    )
    w = seen(own, torch.randn(4, 6, 8))
    (name,) = [lay.name for lay in w.layers if lay.kind == "attention"]
    assert w.samples[0].layers[name]["saturated"] > 0.5, "scores a hundred times too large look at one key"


# -- compiled models -----------------------------------------------------------------------------------------------------


class Stateful(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a, self.norm, self.b, self.drop = nn.Linear(8, 16), nn.BatchNorm1d(16), nn.Linear(16, 4), nn.Dropout(0.5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = self.b(self.drop(F.relu(self.norm(self.a(x)))))
        return out


def test_a_shadow_leaves_no_trace() -> None:
    torch.manual_seed(0)
    model, x = Stateful(), torch.randn(64, 8)
    before = {k: v.clone() for k, v in model.state_dict().items()}
    own = [id(b) for b in model.buffers()]
    random = torch.get_rng_state()
    out = shadow_forward(model, (x,), {})
    assert out.shape == (16, 4) and not out.requires_grad
    assert torch.equal(random, torch.get_rng_state())
    assert all(torch.equal(before[k], v) for k, v in model.state_dict().items())
    assert own == [id(b) for b in model.buffers()]
    with pytest.raises(ZeroDivisionError), kept_buffers(model):
        raise ZeroDivisionError
    assert own == [id(b) for b in model.buffers()]


@pytest.mark.parametrize("how", ["wrapped", "in place", "part"])
def test_a_compiled_model_is_watched_in_a_shadow(how: str) -> None:
    from torch._dynamo.testing import CompileCounter

    states, counts = [], []
    for watched in (False, True):
        torch.manual_seed(0)
        torch._dynamo.reset()
        counter = CompileCounter()
        core = Stateful()
        model: Any = core
        if how == "wrapped":
            model = torch.compile(core, backend=counter)
        elif how == "in place":
            core.compile(backend=counter)
        else:
            core.a = torch.compile(core.a, backend=counter)  # type: ignore[assignment]
        assert compiled_parts(model) and (how != "wrapped" or unwrap(model) is core)
        optimizer = torch.optim.SGD(core.parameters(), 0.1)

        def loop(model: Any = model, optimizer: Any = optimizer) -> None:
            for _ in range(6):
                optimizer.zero_grad()
                model(torch.randn(32, 8)).square().mean().backward()
                optimizer.step()

        if watched:
            with watch(model, optimizer, every=2) as w:
                loop()
            assert [s.step for s in w.samples] == [0, 2, 4] and not w.remarks
            assert [n.name.partition(" (")[0] for n in w.layers] == ["a", "Stateful.relu()", "b"]
            assert 0 < w.samples[0].layers[w.layers[1].name]["rate"] < 1
        else:
            loop()
        states.append(core.state_dict())
        counts.append(counter.frame_count)
    assert counts[0] == counts[1] > 0, "watching made it compile again"
    assert all(torch.equal(a, b) for a, b in zip(states[0].values(), states[1].values(), strict=True))


def test_a_checkpointed_model_is_counted_once() -> None:
    from torch.utils.checkpoint import checkpoint

    def run(parts: Any, x: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = checkpoint(lambda z: parts[1](F.relu(parts[0](z))), x, use_reentrant=False)
        return out

    model = Wrapped(run, nn.Linear(8, 16), nn.Linear(16, 2))
    w = seen(model, torch.randn(16, 8), steps=2)
    assert len(w.layers) == 3
    assert w._evaluator._windows[w.layers[1].name].n == 32, "16 samples in each of two steps, though the forward ran twice"
