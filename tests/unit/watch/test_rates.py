from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from nonlin.errors import DataError, ModelError, ParameterError
from nonlin.view.paper import Paper
from nonlin.view.rates import rates
from nonlin.watch.rates import BAND, normal_inputs, random_network, unit_rates


def by_hand(model: nn.Sequential, x: torch.Tensor) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """(pre-activations, outputs) of each function of a plain network."""
    found = []
    with torch.no_grad():
        for k in range(0, len(model), 2):
            before = model[k](x)
            x = model[k + 1](before)
            found.append((before, x))
    return found


@pytest.mark.parametrize("name", ["relu", "tanh", "gelu"])
def test_rates_are_the_shares_counted_by_hand(name: str) -> None:
    model, x = random_network(name, layers=3, width=40, seed=1), normal_inputs(500, 40)
    places = unit_rates(model, x)
    assert [p.function for p in places] == [name] * 3
    for place, (before, after) in zip(places, by_hand(model, x), strict=True):
        assert place.samples == 500
        np.testing.assert_allclose(place.rate, (after > 0).double().mean(0), atol=1e-12)
        if name == "tanh":  # 1 - tanh^2 is under 5 % of 1 beyond 2.1788
            flat = (before.abs() > 2.17818).double().mean(0)
            np.testing.assert_allclose(place.saturated, flat, atol=0.003)
        else:
            assert place.saturated is None


def test_a_dead_unit_is_found_and_the_model_is_left_as_it_was() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 4), nn.Dropout(0.5), nn.ReLU())
    with torch.no_grad():
        model[0].bias[2] = -1e3  # type: ignore[operator,index]
    model.train()
    (place,) = unit_rates(model, torch.randn(200, 3))
    assert place.dead.tolist() == [False, False, True, False]
    assert place.to_json()["dead"] == 0.25
    assert sum(place.to_json()["histogram"]) == 4
    assert model.training
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in model.modules())
    assert model[0].weight.grad is None


def test_inputs_come_in_many_forms() -> None:
    model, x = nn.Sequential(nn.Linear(2, 3), nn.ReLU()), torch.randn(70, 2)
    forms = [x, x.numpy(), (x, torch.zeros(70)), [x[:30], x[30:]], [(x[:30], 0), (x[30:], 0)],
             torch.utils.data.DataLoader(torch.utils.data.TensorDataset(x, torch.zeros(70)), batch_size=16)]  # fmt: skip
    first = unit_rates(model, forms[0])[0]
    for form in forms[1:3]:
        np.testing.assert_array_equal(unit_rates(model, form)[0].rate, first.rate)
    for form in forms[4:]:
        np.testing.assert_allclose(unit_rates(model, form)[0].rate, first.rate, atol=1e-12)
    assert unit_rates(model, x, most=10)[0].samples == 10


def test_functions_called_in_the_forward_are_seen() -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.line = nn.Linear(2, 5)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.relu(self.line(x))

    (place,) = unit_rates(Net(), torch.randn(64, 2))
    assert place.function == "relu"


def test_what_cannot_be_counted_gets_a_sentence() -> None:
    model = nn.Sequential(nn.Linear(2, 3), nn.ReLU())
    with pytest.raises(ModelError, match="could not be called with the data: RuntimeError"):
        unit_rates(model, torch.randn(8, 5))
    with pytest.raises(ModelError, match="no activation function was seen"):
        unit_rates(nn.Linear(2, 3), torch.randn(8, 2))
    with pytest.raises(ModelError, match=r"the model is a int, not a torch\.nn\.Module"):
        unit_rates(3, torch.randn(8, 2))  # type: ignore[arg-type]
    with pytest.raises(DataError, match="the data hold no samples"):
        unit_rates(model, torch.randn(0, 2))
    with pytest.raises(DataError, match=r"inputs come as a tensor, .* not as dict"):
        unit_rates(model, {"x": 1})
    with pytest.raises(ParameterError, match="most must be a whole number above 0, not 0"):
        unit_rates(model, torch.randn(8, 2), most=0)
    with pytest.raises(ParameterError, match="layers must be a whole number from 1 to 200"):
        random_network("relu", layers=0)


def test_the_picture_shows_each_network_and_its_layers() -> None:
    seen = {n: unit_rates(random_network(n, layers=6, width=16, seed=2), normal_inputs(64, 16)) for n in ("relu", "tanh")}
    made = rates(seen, band=BAND, paper=Paper(dark=True))
    assert len(made.figure.axes) == 10
    bars = made.figure.axes[0].patches
    heights = sum(p.get_height() for p in bars if hasattr(p, "get_height") and 0 < p.get_width() < 0.06)
    assert heights == pytest.approx(1.0)
    assert made.numbers["networks"]["relu"][0]["rate"] == pytest.approx(float(seen["relu"][0].rate.mean()))
    labels = [t.get_text() for t in made.figure.legends[0].get_texts()]
    assert labels == ["active", "dead units", "saturated inputs", "30–50 %, often called healthy"]
    with pytest.raises(ParameterError, match="at least one network with a layer"):
        rates({})
    with pytest.raises(ParameterError, match="at most 8 networks, and these are 9"):
        rates({str(k): seen["relu"] for k in range(9)})
