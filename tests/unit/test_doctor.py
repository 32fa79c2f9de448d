"""``nonlin doctor``: it finds nothing wrong here, and finds what is wrong elsewhere."""

from __future__ import annotations

import importlib
import importlib.metadata
import math
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from shell import invoke

from nonlin.backends.llvm import calls, engine
from nonlin.catalogue import definitions
from nonlin.doctor import Check, _kernels, examine
from nonlin.lab import matmul


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Its own current folder and data cache, so that no state of the machine's decides."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("NONLIN_DATA", raising=False)
    return tmp_path


def found(name: str) -> Check:
    return {c.name: c for c in examine()}[name]


def test_a_sound_installation(folder: Path) -> None:
    checks = examine()
    assert [c for c in checks if c.state == "fault"] == []
    names = [c.name for c in checks]
    assert len(set(names)) == len(names)
    for name in ("nonlin", "python", "torch", "NumPy self-test", "PyTorch self-test", "data mnist", "results folder",
                 "chinese labels", "extra jax"):  # fmt: skip
        assert name in names
    assert {c.state for c in checks} <= {"ok", "note"}
    assert not (folder / "nonlin-results").exists()  # it looks, and leaves nothing behind
    assert {p.name for p in (folder / "cache" / "nonlin").glob("*")} <= {"kernels"}  # those the self-test compiled


def test_on_the_command_line() -> None:
    shown = invoke("doctor")
    assert shown.code == 0
    assert shown.out.strip().endswith("No faults.")
    told = invoke("doctor", "--json")
    assert told.code == 0
    assert {"name", "state", "text"} == set(told.value[0])


def test_a_missing_extra_is_a_note_with_its_install_line() -> None:
    for name in ("jax", "ray"):
        check = found(f"extra {name}")
        assert check.state == "ok" or f"pip install 'nonlin[{name}]'" in check.text


@pytest.mark.parametrize("library", ["numpy", "torch"])
@pytest.mark.parametrize("damage", [lambda y: y * (1 + 1e-9), lambda y: y * math.nan, lambda y: -y])
def test_a_library_that_computes_wrongly_is_a_fault(library: str, damage: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    module = importlib.import_module(f"nonlin.backends.{library}")
    evaluate, gelu = module.evaluate, definitions()["gelu"].closed()

    def wrong(root: Any, x: Any, params: Any = None, wrt: tuple[str, ...] = ()) -> Any:
        y = evaluate(root, x, params, wrt)
        return damage(y) if root is gelu and wrt else y  # of all functions gelu, and only its slope

    monkeypatch.setattr(module, "evaluate", wrong)
    done = invoke("doctor")
    assert done.code == 1
    named = {"numpy": "NumPy", "torch": "PyTorch"}[library]
    checks = {c.name: c for c in examine() if c.state == "fault"}
    assert list(checks) == [f"{named} self-test"]
    assert checks[f"{named} self-test"].text.startswith("gelu is ")
    assert "1 fault found." in done.out
    assert invoke("doctor", "--json").code == 1


def test_a_check_that_itself_fails_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> bool:
        raise OSError("no such device")

    monkeypatch.setattr(matmul, "onednn_is_faster", broken)
    assert found("engine") == Check("engine", "fault", "the check failed: OSError: no such device")


def test_a_package_that_is_not_installed_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    real = importlib.metadata.version

    def version(name: str) -> str:
        if name == "scipy":
            raise PackageNotFoundError(name)
        return real(name)

    monkeypatch.setattr("nonlin.doctor.version", version)
    assert found("scipy").state == "fault"
    assert "pip install" in found("scipy").text


def test_a_folder_that_may_not_be_written_is_a_fault(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.setattr("nonlin.doctor.os.access", lambda path, mode: Path(path) != folder)
    assert found("results folder").state == "fault"
    assert found("results folder").text.endswith(f"{folder} is not writable")


def test_an_old_python_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nonlin.doctor.sys", SimpleNamespace(version_info=(3, 10, 0)))
    assert found("python").state == "fault"


def engine_line() -> Check:
    return {c.name: c for c in _kernels()}["kernels"]


def test_the_engine_and_its_cache(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    calls.enabled.cache_clear()
    if engine.host() is not None:
        assert "vectors of" in engine_line().text and engine_line().state == "ok"
    monkeypatch.setenv("NONLIN_ENGINE", "plain")
    calls.enabled.cache_clear()
    assert engine_line().state == "note" and "NONLIN_ENGINE=plain" in engine_line().text
    calls.enabled.cache_clear()
    monkeypatch.setenv("NONLIN_ENGINE", "llvm")
    monkeypatch.setattr(engine, "host", lambda: None)
    monkeypatch.setattr(calls, "host", lambda: None)
    assert engine_line().state == "note" and "pip install llvmlite" in engine_line().text
    calls.enabled.cache_clear()


def test_the_size_of_the_kernel_cache(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    place = folder / "cache" / "nonlin" / "kernels" / "ab"
    place.mkdir(parents=True)
    (place / "cd").write_bytes(bytes(1_500_000))
    told = {c.name: c for c in _kernels()}["kernel cache"]
    assert told.state == "ok" and told.text == f"{place.parent}: 1 compiled, 1.5 MB"
    monkeypatch.setattr("nonlin.doctor.os.access", lambda path, mode: False)
    assert "compiles anew" in {c.name: c for c in _kernels()}["kernel cache"].text
