"""The watch around whole trainings: bit-identical, quiet, safe, and gone afterwards."""

from __future__ import annotations

import copy
import io
import logging
import pickle
import warnings
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional as F

import nonlin
from nonlin.errors import ModelError, ParameterError, UnknownNameError
from nonlin.findings import Severity
from nonlin.watch.watcher import Watcher, watch


class Mixed(nn.Module):
    """Everything that could differ: dropout, batch norm, in-place and functional activations, a shared module, a gate."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.norm, self.act = nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(inplace=True)
        self.one, self.two, self.drop = nn.Linear(8, 16), nn.Linear(16, 16), nn.Dropout(0.3)
        self.head = nn.Linear(16, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.act(self.norm(self.conv(x))).mean((2, 3))
        x = F.dropout(F.gelu(self.one(x)), 0.2, self.training)
        x = self.act(self.two(x)) * torch.sigmoid(x)
        x = F.relu_(x + 0.1)
        return self.head(self.drop(x))


def hooks(model: nn.Module, optimizer: Any = None) -> int:
    """How many hooks there are."""
    count = sum(len(m._forward_hooks) + len(m._forward_pre_hooks) + len(m._backward_hooks) for m in model.modules())
    if optimizer is not None:
        count += len(optimizer._optimizer_step_post_hooks) + len(optimizer._optimizer_step_pre_hooks)
    return count


def mlp(width: int = 32, classes: int = 4) -> nn.Sequential:
    return nn.Sequential(nn.Linear(8, width), nn.ReLU(), nn.Linear(width, width), nn.Tanh(), nn.Linear(width, classes))


def data(n: int = 64) -> tuple[torch.Tensor, torch.Tensor]:
    x = torch.randn(n, 8, generator=torch.Generator().manual_seed(1))
    return x, (x[:, 0] > 0).long() + 2 * (x[:, 1] > 0).long()


def train(model: nn.Module, steps: int, *, watched: bool, shape: tuple[int, ...] = (16, 3, 8, 8), **options: Any) -> Any:
    torch.manual_seed(0)
    optimizer = torch.optim.Adam(model.parameters(), 1e-2)
    criterion = nn.CrossEntropyLoss()

    def loop(w: Watcher | None) -> None:
        for _ in range(steps):
            x = torch.randn(shape)
            y = (x.flatten(1).mean(1) > 0).long()
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
            if w is not None:
                w.step(loss=loss)

    if not watched:
        loop(None)
        return None
    with watch(model, optimizer, loss=criterion, **options) as w:
        loop(w)
    assert hooks(model, optimizer) == 0
    return w


@pytest.mark.parametrize("options", [{"every": 1}, {"every": 3}, {"budget": 0.5}])
def test_training_is_the_same_to_the_bit(options: dict[str, Any]) -> None:
    states = []
    for watched in (False, True):
        torch.manual_seed(0)
        model = Mixed()
        w = train(model, 20, watched=watched, **options)
        states.append((model.state_dict(), torch.rand(3)))
    assert all(torch.equal(a, b) for a, b in zip(states[0][0].values(), states[1][0].values(), strict=True))
    assert torch.equal(states[0][1], states[1][1]), "the random numbers after training differ"
    assert len(w.samples) >= 2 and len(w.layers) == 9


def test_places_are_named_as_in_the_code_and_in_order() -> None:
    torch.manual_seed(0)
    w = train(Mixed(), 6, watched=True, every=2)
    names = [layer.name.partition(" (")[0] for layer in w.layers]
    assert names == ["conv", "act", "one", "Mixed.gelu()", "two", "act#2", "Mixed.sigmoid()", "Mixed.relu()", "head"]
    assert "(test_watcher.py:" in w.layers[3].name


def test_numbers_are_those_of_the_activations() -> None:
    torch.manual_seed(0)
    model, (x, y) = mlp(), data()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    with torch.no_grad():
        before = [model[: i + 1](x) for i in range(5)]
        old = model[0].weight.clone()
    with watch(model, optimizer, every=1) as w:
        F.cross_entropy(model(x), y).backward()
        norm = torch.cat([p.grad.flatten() for p in model[0].parameters()]).norm()
        optimizer.step()
    (sample,) = w.samples
    for i, out in enumerate(before):
        row = sample.layers[str(i)]
        assert row["mean"] == pytest.approx(float(out.mean()), abs=1e-5)
        assert row["std"] == pytest.approx(float(out.std(correction=0)), rel=1e-4)
        assert row["spread"] == pytest.approx(float(out.std(0, correction=0).mean()), rel=1e-4)
    assert sample.layers["1"]["rate"] == pytest.approx(float((before[1] > 0).float().mean()), abs=1e-6)
    assert sample.layers["1"]["saturated"] == pytest.approx(float((before[0] <= 0).float().mean()), abs=1e-6)
    assert sample.layers["3"]["saturated"] == pytest.approx(float((before[2].abs() > 2.17827221).float().mean()), abs=1e-6)
    assert sample.layers["0"]["grad_norm"] == pytest.approx(float(norm), rel=1e-4)
    with torch.no_grad():
        ratio = (model[0].weight - old).norm() / old.norm()
    assert sample.layers["0"]["update"] == pytest.approx(float(ratio.log10()), abs=1e-4)
    assert sample.model["lr"] == 0.1


def test_without_an_optimiser_steps_are_told() -> None:
    model, (x, y) = mlp(), data()
    with watch(model, every=2) as w:
        for _ in range(6):
            model.zero_grad()
            loss = F.cross_entropy(model(x), y)
            loss.backward()
            with torch.no_grad():
                for p in model.parameters():
                    p -= 0.1 * p.grad
            w.step(loss=loss)
    assert [s.step for s in w.samples] == [0, 2, 4]
    assert w.samples[-1].layers["0"]["grad_norm"] > 0 and w.samples[-1].layers["0"]["update"] > -5
    assert "loss" in w.samples[-1].model


def test_dead_units_are_found_named_and_healed() -> None:
    torch.manual_seed(0)
    model, (x, y) = mlp(), data(128)
    with torch.no_grad():
        model[0].bias -= 100
    optimizer = torch.optim.SGD(model.parameters(), 0.0)
    with watch(model, optimizer, every=1) as w:
        for step in range(250):
            if step == 200:
                with torch.no_grad():
                    model[0].bias += 100
            loss = F.cross_entropy(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            w.step(loss=loss)
    mine = [a for a in w.alerts if a.rule.code == "NW101"]
    assert [a.severity for a in mine] == [Severity.INFO, Severity.ERROR], "first too early to say, then no progress"
    assert mine[0].layer == "1" and "32 of 32 units" in mine[0].message and mine[0].value == 1.0 and mine[0].line == 0.5
    assert mine[0].cleared is not None and mine[1].cleared is not None and mine[1].cleared > 200
    assert mine[0].remedy is not None and mine[0].remedy.target == "1"
    assert not [a for a in w.open if a.rule.code == "NW101"]


def test_a_network_that_learns_gets_no_warning() -> None:
    torch.manual_seed(0)
    model, (x, y) = mlp(), data(256)
    optimizer = torch.optim.Adam(model.parameters(), 3e-3)
    with watch(model, optimizer, loss="cross_entropy", every=5) as w:
        for _ in range(300):
            loss = F.cross_entropy(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            w.step(loss=loss)
    assert not [a for a in w.alerts if a.severity > Severity.INFO], w.alerts


def test_softmax_before_cross_entropy_is_seen_on_its_floor() -> None:
    torch.manual_seed(0)
    model, (x, y) = nn.Sequential(mlp(64), nn.Softmax(dim=1)), data(256)
    optimizer = torch.optim.Adam(model.parameters(), 1e-2)
    criterion = nn.CrossEntropyLoss()
    with watch(model, optimizer, loss=criterion, every=10) as w:
        for _ in range(400):
            optimizer.zero_grad()
            criterion(model(x), y).backward()
            optimizer.step()
    (alert,) = [a for a in w.alerts if a.rule.code == "NW110"]
    assert alert.severity is Severity.ERROR and "ln(1+3/e) = 0.7437" in alert.message and "softmax" in alert.message


def test_the_first_layer_that_breaks_is_named() -> None:
    class Breaks(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b, self.c = nn.Linear(8, 8), nn.Linear(8, 8), nn.Linear(8, 4)
            self.calls = 0

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            self.calls += 1
            x = F.relu(self.a(x))
            x = torch.tanh(self.b(x / (0 if self.calls > 4 else 1)))
            return self.c(x)

    found = {}
    for every in (1, 100):
        model, (x, y) = Breaks(), data()
        optimizer = torch.optim.SGD(model.parameters(), 0.01)
        with watch(model, optimizer, every=every) as w:
            for _ in range(8):
                loss = F.cross_entropy(model(x), y)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                w.step(loss=loss)
        (found[every],) = [a for a in w.alerts if a.rule.code == "NW105"]
        assert found[every].severity is Severity.ERROR and "the loss was not finite at step 4" in found[every].message
    assert (found[1].layer, found[1].step) == ("b", 4)
    assert (found[100].layer, found[100].step) == ("", 5), "the step after a bad loss is sampled"
    assert "the first 'a'; which layer it began in is lost: watch with every=1" in found[100].message


def test_gradient_accumulation_counts_every_batch_of_a_step() -> None:
    model, (x, y) = mlp(), data(64)
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    with torch.no_grad():
        out = model[:2](x)
    with watch(model, optimizer, loss=(criterion := nn.CrossEntropyLoss()), every=1) as w:
        for i in range(0, 64, 16):
            (criterion(model(x[i : i + 16]), y[i : i + 16]) / 4).backward()
        whole = float(F.cross_entropy(model(x), y).detach())
        optimizer.step()
        with torch.no_grad():
            model(x)  # a validation: not counted
    (sample,) = w.samples
    row = sample.layers["1"]
    # the whole batch was run once more with gradients, so that every row was seen twice, in different calls
    assert row["mean"] == pytest.approx(float(out.mean()), rel=1e-4)
    assert row["std"] == pytest.approx(float(out.std(correction=0)), rel=1e-3)
    assert sample.model["loss"] == pytest.approx(whole, rel=1e-4), "the mean of the losses of a step"


def test_autocast_and_a_scaler_that_skips_a_step() -> None:
    model, (x, y) = mlp(), data()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0**120)
    with watch(model, optimizer, every=1) as w:
        for _ in range(3):
            with torch.autocast("cpu", dtype=torch.bfloat16):
                loss = F.cross_entropy(model(x).float(), y)
            optimizer.zero_grad()
            scaler.scale(loss * 2.0**10).backward()
            scaler.step(optimizer)
            scaler.update(2.0**10)
            w.step(loss=loss)
    assert w.steps == 2, "the first step was skipped"
    assert not [a for a in w.alerts if a.rule.code == "NW105"]
    assert 0 < w.samples[-1].layers["0"]["grad_norm"] < 1e5


def test_frozen_layers_have_no_gradient_and_no_alert() -> None:
    model, (x, y) = mlp(), data()
    model[0].requires_grad_(False)
    optimizer = torch.optim.SGD([p for p in model.parameters() if p.requires_grad], 0.1)
    with watch(model, optimizer, every=1) as w:
        F.cross_entropy(model(x), y).backward()
        optimizer.step()
    assert "grad_norm" not in w.samples[0].layers["0"] and "grad_norm" in w.samples[0].layers["2"]
    assert "update" not in w.samples[0].layers["0"]


def test_half_precision_weights() -> None:
    model, (x, y) = mlp().to(torch.bfloat16), data()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    with watch(model, optimizer, every=1) as w:
        F.cross_entropy(model(x.bfloat16()).float(), y).backward()
        optimizer.step()
    assert not w.remarks and w.samples[0].layers["1"]["rate"] > 0


@pytest.mark.parametrize("order", [torch.contiguous_format, torch.channels_last])
def test_an_optimiser_with_a_closure_and_channels_last(order: torch.memory_format) -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(3, 8, 3), nn.SiLU(), nn.Flatten(), nn.Linear(8 * 36, 2)).to(memory_format=order)
    x, y = torch.randn(8, 3, 8, 8).to(memory_format=order), torch.randint(0, 2, (8,))
    small = order is torch.contiguous_format  # LBFGS itself needs that
    optimizer = torch.optim.LBFGS(model.parameters(), max_iter=3) if small else torch.optim.SGD(model.parameters(), 0.1)

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        return loss

    with watch(model, optimizer, every=1) as w:
        for _ in range(3):
            optimizer.step(closure)
    assert not w.remarks, w.remarks
    assert w.layers[1].units == 8 and w.samples[0].layers["0"]["grad_norm"] > 0


# -- a model that is copied, pickled, moved, wrapped while it is watched ------------------------------------------------


def test_copies_and_pickles_of_a_watched_model_are_whole_and_unwatched() -> None:
    model, (x, y) = mlp(), data()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    with watch(model, optimizer, every=1) as w:
        F.cross_entropy(model(x), y).backward()
        optimizer.step()
        twin = copy.deepcopy(model)
        file = io.BytesIO()
        torch.save(model, file)
        text = pickle.dumps(model)
        assert b"nonlin" not in text and b"nonlin" not in file.getvalue(), "the file must load where nonlin is not installed"
        loaded = pickle.loads(text)
        again = copy.deepcopy(optimizer)
        places = len(w.layers)
        for other in (twin, loaded):
            assert torch.equal(other(x), model(x))
        F.cross_entropy(model(x), y).backward()
        optimizer.step()
    assert len(w.layers) == places and len(w.samples) == 2
    assert again.state_dict()["param_groups"] == optimizer.state_dict()["param_groups"]
    assert hooks(model, optimizer) == 0


def test_a_moved_model_is_watched_on() -> None:
    model, (x, y) = mlp(), data()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    with watch(model, optimizer, every=1) as w:
        for dtype in (torch.float32, torch.float64):
            model.to(dtype)
            F.cross_entropy(model(x.to(dtype)), y).backward()
            optimizer.step()
    assert len(w.samples) == 2 and not w.remarks


def test_a_model_whose_parts_are_called_one_by_one() -> None:
    class Parts(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.encoder, self.head = nn.Sequential(nn.Linear(8, 16), nn.ReLU()), nn.Linear(16, 4)

    model, (x, y) = Parts(), data()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    with watch(model, optimizer, every=1) as w:
        for _ in range(3):
            F.cross_entropy(model.head(model.encoder(x)), y).backward()
            optimizer.step()
    assert {layer.name for layer in w.layers} == {"encoder.0", "encoder.1", "head"}
    assert hooks(model, optimizer) == 0


def test_a_model_that_is_never_called_is_remarked() -> None:
    model, (x, y) = mlp(), data()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    with watch(model, optimizer, every=1) as w:
        for _ in range(4):
            z = x
            for layer in model:
                z = layer.forward(z)
            F.cross_entropy(z, y).backward()
            optimizer.step()
    assert any("no forward of the model was seen" in r for r in w.remarks)


# -- safety --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["nonlin.watch.hooks.shape_of", "nonlin.watch.sites.reduce", "nonlin.watch.evaluator.derived",
                                   "nonlin.watch.parameters._norms", "nonlin.watch.judge.gate"])  # fmt: skip
def test_a_failure_of_the_watch_ends_the_watch_and_not_the_training(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> Any:
        raise ZeroDivisionError("planted")

    monkeypatch.setattr(place, broken)
    states = []
    for watched in (False, True):
        torch.manual_seed(0)
        model = Mixed()
        with torch.no_grad():
            model.one.bias.fill_(float("nan"))  # so that there is something to judge
        if not watched:
            train(model, 5, watched=False)
        else:
            with pytest.warns(RuntimeWarning, match=r"stopped at step \d.*ZeroDivisionError: planted") as told:
                w = train(model, 5, watched=True, every=1)
            assert len(told) == 1, "it says so once"
            assert any("planted" in r for r in w.remarks)
        states.append(model.state_dict())
    assert all(
        torch.equal(
            a,
            b,
        )
        or a.isnan().any()
        for a, b in zip(states[0].values(), states[1].values(), strict=True)
    )


def test_warnings_as_errors_do_not_let_a_failure_out(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: Any) -> Any:
        raise ZeroDivisionError("planted")

    monkeypatch.setattr("nonlin.watch.sites.reduce", broken)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        train(Mixed(), 3, watched=True, every=1)
    assert "planted" in capsys.readouterr().err


def test_an_error_in_the_forward_leaves_no_hook_and_no_mode() -> None:
    class Fails(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a = nn.Linear(8, 8)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            F.relu(self.a(x))
            raise KeyError("the user's own")

    model = Fails()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    with pytest.raises(KeyError, match="the user's own"), watch(model, optimizer, every=1):
        model(torch.randn(4, 8))
    assert hooks(model, optimizer) == 0
    assert torch.overrides._get_current_function_mode() is None


def test_an_interrupt_in_the_forward_leaves_no_hook_and_no_mode() -> None:
    class Stopped(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a = nn.Linear(8, 8)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            self.a(x)
            raise KeyboardInterrupt

    model = Stopped()
    with pytest.raises(KeyboardInterrupt), watch(model, every=1):
        model(torch.randn(4, 8))
    assert hooks(model) == 0
    assert torch.overrides._get_current_function_mode() is None


def test_no_hook_is_there_while_a_step_is_not_sampled() -> None:
    model, (x, y) = mlp(), data()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    seen = []
    with watch(model, optimizer, every=3):
        for _ in range(6):
            seen.append(hooks(model))
            F.cross_entropy(model(x), y).backward()
            optimizer.step()
    assert seen == [1, 0, 0, 1, 0, 0], "on a sampled step the model alone has one, and its parts only during the forward"


class Failing:
    """A sink that fails at its second sample."""

    def __init__(self) -> None:
        self.samples = 0

    def begin(self, *_: Any) -> None: ...

    def sample(self, _: Any) -> None:
        self.samples += 1
        if self.samples > 1:
            raise OSError("disk full")

    def alert(self, _: Any) -> None: ...

    def close(self) -> None: ...


def test_a_sink_that_fails_is_dropped_and_the_watch_goes_on() -> None:
    torch.manual_seed(0)
    sink = Failing()
    with pytest.warns(RuntimeWarning, match="dropped the sink Failing: OSError: disk full"):
        w = train(mlp(), 5, watched=True, every=1, sinks=[sink], shape=(16, 8))
    assert sink.samples == 2 and len(w.samples) == 5


def test_alerts_are_logged_by_severity(caplog: pytest.LogCaptureFixture) -> None:
    model, (x, y) = mlp(), data(512)
    with torch.no_grad():
        model[0].bias -= 100
    optimizer = torch.optim.SGD(model.parameters(), 0.0)
    with caplog.at_level(logging.INFO, "nonlin.watch"), watch(model, optimizer, every=1) as w:
        for _ in range(110):
            F.cross_entropy(model(x), y).backward()
            optimizer.step()
    assert [r.levelname for r in caplog.records if "NW101" in r.message] == ["INFO", "WARNING"]
    assert "w.step(loss=loss)" in next(a.message for a in w.alerts if a.rule.code == "NW101"), "says why it is not surer"


def test_memory_is_bounded_by_units() -> None:
    model, (x, y) = mlp(), data()
    optimizer = torch.optim.SGD(model.parameters(), 0.0)
    with watch(model, optimizer, every=1) as w:
        for _ in range(60):
            F.cross_entropy(model(x), y).backward()
            optimizer.step()
        held = [t for s in w._book for t in (s.acc,) if t is not None]
        assert sum(t.numel() for t in held) <= 7 * sum(s.units for s in w._book)
        assert sum(b.numel() for b in w._reader.before) <= 3 * 1024
        assert all(len(win.fired) == 32 for win in w._evaluator._windows.values())


# -- words ------------------------------------------------------------------------------------------------------------


def make(**options: Any) -> Callable[[], Any]:
    model = options.pop("model", None) or mlp()
    optimizer = options.pop("optimizer", None)
    return lambda: watch(model, optimizer, **options)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (make(model=nn.Linear), ModelError, "not the class Linear; give Linear"),
        (make(model=3), ModelError, "torch.nn.Module, not int"),
        (make(optimizer=[1]), ParameterError, "not list; for several optimisers open several watches"),
        (make(optimizer="adam"), ParameterError, r"not str; leave it out and call w.step\(\)"),
        (make(optimizer=torch.optim.SGD(mlp().parameters(), 0.1)), ModelError, "holds none of the model's parameters"),
        (make(budget=2), ParameterError, "between 0 and 1 such as 0.01, not 2"),
        (make(every=0), ParameterError, "at least 1, not 0"),
        (make(loss=3), ParameterError, r"w.step\(loss=value\)"),
        (make(ignore=["NW999"]), UnknownNameError, "unknown rule 'NW999'"),
    ],
)
def test_errors_say_the_way_out(call: Callable[[], Any], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        call()


def test_a_loss_of_several_numbers_is_refused() -> None:
    with watch(mlp()) as w, pytest.raises(ParameterError, match=r"one number, not a tensor of shape \(3,\)"):
        w.step(loss=torch.zeros(3))


def test_a_watch_runs_once_at_a_time_and_closes_twice() -> None:
    w = watch(mlp())
    with w, pytest.raises(ParameterError, match="already running"):
        w.start()
    w.close()
    w.step(loss=1.0)  # afterwards it does nothing


def test_the_summary_names_interval_cost_and_alerts() -> None:
    w = train(mlp(), 5, watched=True, every=1, shape=(16, 8))
    assert "watched 5 places over 5 steps: 5 samples, now every 1 steps" in w.summary()
    assert "no alert stands" in w.summary()


def test_the_report_is_a_page(tmp_path: Any) -> None:
    w = train(mlp(), 5, watched=True, every=1, shape=(16, 8))
    page = w.report(tmp_path / "report.html").read_text()
    assert page.startswith("<!") and "Sequential" in page


def test_the_package_can_be_called() -> None:
    assert isinstance(nonlin.watch(mlp()), Watcher)


def test_a_deep_plainly_initialised_network_that_learns_gets_no_warning() -> None:
    """PyTorch's default initialisation lets the signal decay, yet such networks learn: a trap for quick diagnoses."""
    torch.manual_seed(0)
    deep = [m for _ in range(10) for m in (nn.Linear(64, 64), nn.ReLU())]
    model, (x, y) = nn.Sequential(nn.Linear(8, 64), nn.ReLU(), *deep, nn.Linear(64, 4)), data(256)
    optimizer = torch.optim.Adam(model.parameters(), 3e-3)
    with watch(model, optimizer, loss="cross_entropy", every=3) as w:
        for _ in range(150):
            loss = F.cross_entropy(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            w.step(loss=loss)
    assert "NW107" in {a.rule.code for a in w.alerts}, "the decay is told, as information"
    assert not [a for a in w.alerts if a.severity > Severity.INFO], w.alerts
