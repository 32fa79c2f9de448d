"""Compiled kernels: made once for this processor, kept in memory and on disk, shared by threads.

The disk cache holds object code named by the hash of everything it depends on, with a checksum of its own: a file that is cut
short, from another version, or edited is not run but made again. A folder that cannot be written costs only time.
"""

from __future__ import annotations

import ctypes
import hashlib
import itertools
import os
import tempfile
import threading
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from nonlin.backends.llvm.elementary import Unsupported
from nonlin.backends.llvm.loops import Plan, module

FORMAT = b"nonlin kernel 1\n"
"""Head of a file of the cache; the checksum of the object code follows."""


@dataclass(frozen=True)
class Host:
    """The processor kernels are made for."""

    cpu: str
    features: str
    """As LLVM takes them, ``+avx2,-avx512f``."""
    width: int
    """Bits of a vector."""
    version: str

    @property
    def able(self) -> frozenset[str]:
        """Names of the features it has."""
        return frozenset(f[1:] for f in self.features.split(",") if f.startswith("+"))


WIDTHS = (("avx512f", 512), ("avx2 fma", 256), ("neon", 128))
"""The widest vectors that features allow, best first; processors that cannot multiply and add in one go take the plain path."""


class _State:
    """What this process holds of LLVM, and the lock under which it changes."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.machine: Any = None
        self.jit: Any = None
        self.kernels: dict[Plan, Compiled] = {}
        self.numbers = itertools.count()
        self.told = False


_state = _State()
if hasattr(os, "register_at_fork"):  # a lock held by another thread at the fork would stay locked in the child
    os.register_at_fork(after_in_child=lambda: setattr(_state, "lock", threading.Lock()))


@lru_cache(maxsize=1)
def host() -> Host | None:
    """This processor, or None where there is no LLVM or none of the vector units known here."""
    try:
        import llvmlite
        import llvmlite.binding as llvm
    except ImportError:
        return None
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    try:
        features = llvm.get_host_cpu_features()
    except RuntimeError:  # LLVM cannot tell on this system
        return None
    able = {name for name, there in features.items() if there}
    width = next((bits for names, bits in WIDTHS if able.issuperset(names.split())), None)
    if width is None:
        return None
    version = f"{llvmlite.__version__} {'.'.join(map(str, llvm.llvm_version_info))}"
    return Host(llvm.get_host_cpu_name(), features.flatten(), width, version)


class Compiled(NamedTuple):
    """The two functions of a module (see ``loops``), and the library that must live as long as they do."""

    kernel: Callable[..., None]
    flat: Callable[..., None]
    library: Any


def compiled(plan: Plan) -> Compiled:
    """Return the code of a plan for this processor.

    Raises:
        Unsupported: an operation has no code here, or LLVM cannot translate it for this processor.
    """
    machine = host()
    assert machine is not None
    made = _state.kernels.get(plan)
    if made is None:
        text = module(plan, machine.width, machine.able)
        with _state.lock:
            made = _state.kernels.get(plan)
            if made is None:
                made = _state.kernels[plan] = _functions(_linked(text, machine, ("kernel", "flat")), plan)
    return made


def linked(text: str, machine: Host, names: tuple[str, ...], known: Mapping[str, int] | None = None) -> Any:
    """Compile a module, or find it compiled, and load it.

    Returns a library whose item of a name is the address of that function; the code lives as long as the library.

    Args:
        text: of the module.
        machine: the processor.
        names: of the functions that are called from outside.
        known: addresses of functions that the module only declares.

    Raises:
        Unsupported: LLVM cannot translate it for this processor.
    """
    with _state.lock:
        return _linked(text, machine, names, known)


def _linked(text: str, machine: Host, names: tuple[str, ...], known: Mapping[str, int] | None = None) -> Any:
    import llvmlite.binding as llvm

    try:
        if _state.jit is None:
            _state.jit = llvm.create_lljit_compiler()
        builder = llvm.JITLibraryBuilder().add_object_img(_object(text, machine))
        for name in names:
            builder = builder.export_symbol(name)
        for name, address in (known or {}).items():
            builder = builder.import_symbol(name, address)
        return builder.link(_state.jit, f"{names[0]}_{next(_state.numbers)}")
    except RuntimeError as err:
        raise Unsupported(f"LLVM refused it: {err}") from err


def address(function: Any) -> int:
    """Return where the code of a function made by ctypes begins."""
    return ctypes.cast(function, ctypes.c_void_p).value or 0


def _object(text: str, machine: Host) -> bytes:
    """Object code of a module, from the disk if it is there."""
    named = hashlib.sha256("\n".join((machine.cpu, machine.features, machine.version, text)).encode()).hexdigest()
    try:
        path = folder() / named[:2] / named[2:]
    except RuntimeError:  # there is no home folder
        return _compiled(text, machine)
    found = _read(path)
    if found is None:
        found = _compiled(text, machine)
        _write(path, found)
    return found


def _compiled(text: str, machine: Host) -> bytes:
    import llvmlite.binding as llvm

    if _state.machine is None:
        target = llvm.Target.from_default_triple()
        _state.machine = target.create_target_machine(cpu=machine.cpu, features=machine.features, opt=2, jit=True)
    parsed = llvm.parse_assembly(text)
    parsed.verify()
    made: bytes = _state.machine.emit_object(parsed)
    return made


def _functions(library: Any, plan: Plan) -> Compiled:
    size, pointer = ctypes.c_int64, ctypes.c_void_p
    count = len(plan.arrays) + len(plan.outputs)
    kernel = ctypes.CFUNCTYPE(None, size, size, pointer, size, *[pointer, size] * count)(library["kernel"])
    flat = ctypes.CFUNCTYPE(None, size, pointer, *[pointer] * count)(library["flat"])
    return Compiled(kernel, flat, library)


# -- the disk ------------------------------------------------------------------------------------------------------------


def folder() -> Path:
    """Where compiled kernels are kept."""
    from nonlin.folders import cache_dir

    return cache_dir() / "kernels"


def _read(path: Path) -> bytes | None:
    try:
        held = path.read_bytes()
    except OSError:
        return None
    size = len(FORMAT)
    head, check, code = held[:size], held[size : size + 32], held[size + 32 :]
    good = head == FORMAT and hashlib.sha256(code).digest() == check
    if not good and not _state.told:
        _state.told = True
        where = path.parent.parent
        warnings.warn(
            f"a compiled kernel in {where} is damaged; it will be made again, as will others", RuntimeWarning, stacklevel=2
        )
    return code if good else None


def _write(path: Path, code: bytes) -> None:
    put(path, FORMAT + hashlib.sha256(code).digest() + code)


def put(path: Path, held: bytes) -> None:
    """Put a file in its place whole or not at all; without a place to write nothing is kept."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(held)
            os.replace(name, path)
        except BaseException:
            os.unlink(name)
            raise
    except OSError:
        return
