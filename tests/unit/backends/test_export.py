"""PyTorch networks with our functions in them, through both of PyTorch's exporters and our own: run by onnxruntime."""

from __future__ import annotations

import importlib.util
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from battery.languages import session
from registry import REPRESENTATIVES
from torch import Tensor, nn

import nonlin
from nonlin.backends.onnx import export
from nonlin.catalogue import definitions
from nonlin.errors import MissingExtraError, ModelError

# torch's exporters warn about themselves and about what they use
pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
]
PLAIN = [n for n in REPRESENTATIVES if definitions()[n].kind == "elementwise" and not definitions()[n].context][::3]
OTHERS = ["softmax", "log_softmax", "sparsemax", "maxout", "swiglu", "crelu", "lwta", "k_winners", "hardmax"]


class Each(nn.Module):
    """Several functions of one input, side by side."""

    def __init__(self, names: list[str]) -> None:
        super().__init__()
        self.functions = nn.ModuleList([nonlin.get(n).module() for n in names])

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([f(x) for f in self.functions], -1)


def run(path: Path, *inputs: Tensor) -> Any:
    proto = onnx.load(str(path))
    assert {n.domain for n in proto.graph.node} <= {""}
    return session(proto)({i.name: x.numpy() for i, x in zip(proto.graph.input, inputs, strict=True)})


def points(*shape: int) -> Tensor:
    return 3 * torch.randn(*shape, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("newer", [True, False])
def test_plain_torch_export_writes_our_nodes(newer: bool, tmp_path: Path) -> None:
    model = Each(PLAIN).eval()
    x, path = points(4, 6), tmp_path / "model.onnx"
    torch.onnx.export(model, (x,), str(path), dynamo=newer, verbose=False)
    wanted = model(x).detach().numpy()
    assert np.isfinite(wanted).all()
    assert np.max(np.abs(run(path, x) - wanted) / (1 + np.abs(wanted))) < 1e-4


@pytest.mark.parametrize("newer", [True, False])
def test_tails_keep_their_digits(newer: bool, tmp_path: Path) -> None:
    x = torch.tensor([[-30.0, -12.0, -7.0, -1e-6, 1e-6]])
    model, path = Each(["gelu", "silu", "elu", "softplus", "mish"]).eval(), tmp_path / "model.onnx"
    torch.onnx.export(model, (x,), str(path), dynamo=newer, verbose=False)
    assert np.allclose(run(path, x), model(x.double()).detach().numpy(), rtol=3e-5, atol=1e-37)


@pytest.mark.parametrize("name", OTHERS)
def test_functions_of_an_axis(name: str, tmp_path: Path) -> None:
    model, x = nn.Sequential(nn.Linear(5, 6), nonlin.get(name).module()).eval(), points(4, 5)
    proto = export(model, tmp_path / "model.onnx", x)
    assert proto.opset_import[0].version >= 18
    wanted = model(x).detach().numpy()
    assert np.allclose(run(tmp_path / "model.onnx", x), wanted, rtol=1e-4, atol=1e-5)


def test_a_network_with_learned_slopes_half_types_and_a_varying_batch(tmp_path: Path) -> None:
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nonlin.nn.PReLU(channels=4), nn.Flatten(), nn.Linear(144, 6), nonlin.nn.Mish())
    with torch.no_grad():
        model[1].slope.copy_(torch.tensor([0.1, 0.2, 0.3, -0.5]))
    model.train()
    path, x = tmp_path / "model.onnx", points(2, 3, 8, 8)
    export(model, path, x, dynamic_shapes=({0: torch.export.Dim("batch")},))
    assert model.training
    assert model[1].training
    more = points(5, 3, 8, 8)
    assert np.allclose(run(path, more), model(more).detach().numpy(), rtol=1e-4, atol=1e-5)
    half = nn.Sequential(nn.Linear(4, 4), nonlin.nn.GELU()).half()
    export(half, path, points(2, 4).half())
    got = run(path, points(2, 4).half())
    assert got.dtype == np.float16
    assert np.allclose(got, half(points(2, 4).half()).detach().numpy(), rtol=2e-3, atol=1e-3)


def test_a_function_that_is_random_while_training_is_exported_at_rest(tmp_path: Path) -> None:
    model = nonlin.nn.RReLU().train()
    export(model, tmp_path / "model.onnx", points(3, 4))
    assert model.training
    assert np.allclose(run(tmp_path / "model.onnx", points(3, 4)), model.eval()(points(3, 4)).numpy(), rtol=1e-6)


class Silent(nn.Module):
    """A network that the exporter cannot follow."""

    def forward(self, x: Tensor) -> Tensor:
        return x * float(np.asarray(x.sum().item()).round()) if bool(x.sum() > 0) else x


def test_what_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ModelError, match=r"model must be a torch\.nn\.Module, not Activation; make one with nonlin"):
        export(nonlin.mish, tmp_path / "model.onnx", points(2, 2))
    with pytest.raises(ModelError, match="PyTorch could not export the Silent: "):
        export(Silent(), tmp_path / "model.onnx", points(2, 2))
    found = importlib.util.find_spec
    for package in ("onnx", "onnxscript"):
        monkeypatch.setattr(importlib.util, "find_spec", lambda n, *rest, p=package: None if n == p else found(n, *rest))
        with pytest.raises(MissingExtraError, match=rf"needs the package '{package}'.*pip install 'nonlin\[onnx\]'"):
            export(nonlin.nn.Mish(), tmp_path / "model.onnx", points(2, 2))


def test_warnings_of_the_exporter_are_not_errors_of_ours(tmp_path: Path) -> None:
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        export(nonlin.nn.Mish(), tmp_path / "model.onnx", points(2, 2))
    assert not [w for w in seen if "nonlin" in str(w.filename)]
