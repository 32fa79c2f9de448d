"""The engine in trouble: caches that are damaged, full or not there; threads, processes and forks; no LLVM at all."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import nonlin
from nonlin.backends.llvm import calls, engine
from nonlin.backends.llvm.calls import Kernel
from nonlin.backends.llvm.loops import STORAGES, Plan, module
from nonlin.expr import PRIMITIVES, call, var
from nonlin.expr.spellings.llvm import SPELLINGS

X = var("x")
POINTS = np.linspace(-5, 5, 77).astype(np.float32)
PLAN = Plan((call("tanh", X),), ("x",), (), "float32")


@pytest.fixture(autouse=True)
def forgetful(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Begin with an empty memory; the function returned empties it again."""

    def forget() -> None:
        monkeypatch.setattr(engine._state, "kernels", {})
        monkeypatch.setattr(engine._state, "told", False)
        calls.kernel.cache_clear()
        calls.prepared.cache_clear()

    forget()
    return forget


def result() -> list[float]:
    out = np.empty_like(POINTS)
    Kernel(PLAN).flat(POINTS.size, 0, POINTS.ctypes.data, out.ctypes.data)
    assert np.allclose(out, np.tanh(POINTS), rtol=1e-6)
    kept: list[float] = out.tolist()
    return kept


def files() -> list[Path]:
    return [p for p in engine.folder().rglob("*") if p.is_file()]


def never(*given: Any) -> Any:
    raise AssertionError("compiled although it was on the disk")


def test_a_kernel_on_the_disk_is_not_compiled_again(monkeypatch: pytest.MonkeyPatch, forgetful: Callable[[], None]) -> None:
    first = result()
    assert len(files()) == 1
    forgetful()
    monkeypatch.setattr(engine, "_compiled", never)
    assert result() == first


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "cut short": lambda held: held[: len(held) // 2],
    "empty": lambda held: b"",
    "one bit": lambda held: held[:-9] + bytes([held[-9] ^ 4]) + held[-8:],
    "another format": lambda held: held.replace(b"kernel 1", b"kernel 0", 1),
    "text": lambda held: b"hello",
    "longer": lambda held: held + b"\0",
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_ignored_rebuilt_and_told_once(damage: str, forgetful: Callable[[], None]) -> None:
    first = result()
    other = Plan((call("erf", X),), ("x",), (), "float32")
    Kernel(other)
    whole = {p: p.read_bytes() for p in files()}
    for path, held in whole.items():
        path.write_bytes(DAMAGES[damage](held))
    forgetful()
    with pytest.warns(RuntimeWarning, match="a compiled kernel in .* is damaged"):
        assert result() == first
    Kernel(other)  # the second of them without a word
    assert {p: p.read_bytes()[: len(engine.FORMAT)] for p in files()} == dict.fromkeys(whole, engine.FORMAT)
    forgetful()
    assert result() == first  # and now without a warning


def test_a_folder_in_the_place_of_a_file_costs_only_time(forgetful: Callable[[], None]) -> None:
    first = result()
    (path,) = files()
    path.unlink()
    path.mkdir()
    forgetful()
    assert result() == first
    assert not files()  # nothing half written is left beside it


def test_a_cache_that_cannot_be_written_costs_only_time(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, forgetful: Callable[[], None]
) -> None:
    first = result()
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    forgetful()
    assert result() == first
    monkeypatch.setenv("XDG_CACHE_HOME", "/proc/nonlin")
    forgetful()
    assert result() == first


@pytest.mark.parametrize("name", ["mkstemp", "replace", "write"])
def test_a_full_disk_leaves_nothing_behind(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*given: Any, **named: Any) -> Any:
        if name == "write":
            os.close(given[0])
        raise OSError(28, "No space left on device")

    owner, attribute = {"mkstemp": (engine.tempfile, "mkstemp"), "replace": (os, "replace"), "write": (os, "fdopen")}[name]
    monkeypatch.setattr(owner, attribute, full)
    result()
    assert not files()


def test_without_a_home_nothing_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(engine, "folder", homeless)
    result()


def test_another_processor_or_version_has_files_of_its_own(
    monkeypatch: pytest.MonkeyPatch, forgetful: Callable[[], None]
) -> None:
    first, host = result(), engine.host()
    assert host is not None
    for n, other in enumerate((replace(host, version="other"), replace(host, width=128)), 2):
        monkeypatch.setattr(engine, "host", lambda other=other: other)
        forgetful()
        assert result() == pytest.approx(first, rel=1e-6)
        assert len(files()) == n


def test_what_llvm_refuses_takes_the_plain_path_and_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    usual = nonlin.get("mish")(POINTS)

    def refuse(*given: Any) -> bytes:
        raise RuntimeError("cannot select: fpext")

    monkeypatch.setattr(engine._state, "kernels", {})
    monkeypatch.setattr(engine, "_object", refuse)
    calls.kernel.cache_clear()
    calls.prepared.cache_clear()
    with pytest.warns(RuntimeWarning, match="computed the plain way, since LLVM refused it: cannot select"):
        got = nonlin.get("mish")(POINTS)
    assert np.allclose(got, usual, rtol=1e-6)


def test_many_threads_at_once_compile_one_kernel_once(monkeypatch: pytest.MonkeyPatch) -> None:
    compile_it, made, got = engine._compiled, [], []

    def counted(text: str, machine: engine.Host) -> bytes:
        made.append(threading.get_ident())
        return compile_it(text, machine)

    monkeypatch.setattr(engine, "_compiled", counted)
    start = threading.Barrier(16)

    def work() -> None:
        start.wait()
        got.append(result())

    threads = [threading.Thread(target=work) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 16
    assert all(values == got[0] for values in got)
    assert len(made) == 1


def test_many_threads_compute_different_formulas() -> None:
    names, got = ["tanh", "silu", "gelu", "mish", "elu", "softplus"], {}
    x = np.linspace(-4, 4, calls.PARALLEL + 5)

    def work(name: str) -> None:
        for _ in range(3):
            got[name] = nonlin.get(name)(x)

    threads = [threading.Thread(target=work, args=(n,)) for n in names * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for name in names:
        assert np.array_equal(got[name], nonlin.get(name)(x)), name


def python(code: str, **environment: str) -> subprocess.Popen[str]:
    given = {**os.environ, **environment}
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=given
    )


def finished(process: subprocess.Popen[str]) -> str:
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    return out


def test_many_processes_at_once_share_a_cache(tmp_path: Path) -> None:
    code = (
        "import numpy as np, nonlin, hashlib\n"
        "x = np.linspace(-5, 5, 999)\n"
        "for f in ('x*tanh(exp(x))', 'sin(x) + erf(x)', 'mish'):\n"
        "    print(hashlib.sha256(nonlin.get(f)(x).tobytes()).hexdigest())\n"
    )
    outputs = {finished(p) for p in [python(code, XDG_CACHE_HOME=str(tmp_path)) for _ in range(4)]}
    assert len(outputs) == 1
    assert len(outputs.pop().split()) == 3
    assert not list((tmp_path / "nonlin").rglob("tmp*"))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_fork_after_compiling_computes_and_compiles() -> None:
    code = (
        "import os, sys, threading, numpy as np, nonlin\n"
        "x = np.linspace(-5, 5, 2**18 + 3)\n"
        "before = nonlin.get('tanh')(x)\n"  # compiles, and starts threads
        "child = os.fork()\n"
        "same = np.array_equal(nonlin.get('tanh')(x), before)\n"
        "new = np.allclose(nonlin.get('x*tanh(exp(x)) + 1')(x), x*np.tanh(np.exp(x)) + 1)\n"
        "if child == 0:\n"
        "    os._exit(0 if same and new else 1)\n"
        "_, status = os.waitpid(child, 0)\n"
        "sys.exit(0 if same and new and status == 0 else 1)\n"
    )
    given = {**os.environ}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=given, timeout=120, check=False)
    assert done.returncode == 0, done.stderr


PLAIN = """
import json, sys
{before}
import numpy as np, torch, nonlin
from nonlin.backends.llvm import calls
made = {{"enabled": calls.enabled()}}
for name in {names!r}:
    function = nonlin.get(name)
    x = np.linspace(-6, 6, 101).astype(np.float32)
    leaf = torch.from_numpy(x).requires_grad_()
    value = function(leaf)
    value.sum().backward()
    made[name] = [function(x).tolist(), function.grad(x).tolist(), value.tolist(), leaf.grad.tolist()]
print(json.dumps(made))
"""
NAMES = ["tanh", "silu", "gelu", "mish", "elu", "softplus", "selu", "hard_swish", "snake"]


@pytest.mark.parametrize(
    ("before", "environment"),
    [("sys.modules['llvmlite'] = None", {}), ("", {"NONLIN_ENGINE": "plain"})],
    ids=["llvmlite is absent", "the environment says so"],
)
def test_the_plain_path_gives_the_same_numbers(before: str, environment: dict[str, str]) -> None:
    plain = json.loads(finished(python(PLAIN.format(before=before, names=NAMES), **environment)))
    assert plain.pop("enabled") is False
    assert calls.enabled() is (os.environ.get("NONLIN_ENGINE", "llvm") == "llvm")
    x = np.linspace(-6, 6, 101).astype(np.float32)
    for name, (value, slope, tensor, gradient) in plain.items():
        function = nonlin.get(name)
        leaf = torch.from_numpy(x.copy()).requires_grad_()
        function(leaf).sum().backward()
        assert leaf.grad is not None
        here, there = function(x), function.grad(x)
        for got, other in ((here, value), (there, slope), (here, tensor), (leaf.grad.numpy(), gradient)):
            # ulps of no less than 0.5: where a derivative is 0 its terms are about as large
            close = abs(got - np.array(other)) <= 8 * np.spacing(np.maximum(abs(got), 0.5).astype(np.float32))
            assert close.all(), name


def test_processors_without_fused_products_take_the_plain_path(monkeypatch: pytest.MonkeyPatch) -> None:
    import llvmlite.binding as llvm

    for able, width in (
        ({"sse2": True, "avx2": True}, None),
        ({"avx2": True, "fma": True}, 256),
        ({"neon": True}, 128),
        ({}, None),
    ):
        features = type("Features", (dict,), {"flatten": lambda self: ",".join("+" + f for f in self)})(able)
        monkeypatch.setattr(llvm, "get_host_cpu_features", lambda features=features: features)
        engine.host.cache_clear()
        found = engine.host()
        assert (found.width if found else None) == width
    monkeypatch.setattr(llvm, "get_host_cpu_features", never_told)
    engine.host.cache_clear()
    assert engine.host() is None
    monkeypatch.undo()
    engine.host.cache_clear()
    assert engine.host() is not None


def never_told() -> Any:
    raise RuntimeError("failed to get host cpu features.")


def test_importing_the_library_loads_no_llvm() -> None:
    assert finished(python("import sys, nonlin; print('llvmlite' in sys.modules)")).strip() == "False"


@pytest.mark.parametrize("kind", STORAGES)
def test_every_operation_compiles_for_neon(kind: str) -> None:
    """To assembly, which needs no such processor: vectors throughout, and no call of a library for a single number."""
    import llvmlite.binding as llvm

    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    try:
        target = llvm.Target.from_triple("aarch64-unknown-linux-gnu")
    except RuntimeError:
        pytest.skip("this LLVM knows no ARM")
    machine = target.create_target_machine(cpu="generic", features="+neon", opt=2)
    for name in sorted(set(SPELLINGS) & {n for n, row in PRIMITIVES.items() if row.arity == 1}):
        plan = Plan((call(name, var("x")) * var("x"),), ("x",), (), kind)
        made = llvm.parse_assembly(module(plan, 128, frozenset({"neon"})))
        made.verify()
        text = machine.emit_assembly(made)
        assert not re.findall(r"\tbl\t.*", text), name
        assert re.search(r"\tv\d+\.(4s|2d), v\d+\.(4s|2d)", text), name
