"""The reference of public names: which there are, what is said about each, and how Sphinx reads docstrings written for people."""

from __future__ import annotations

import ast
import importlib
import inspect
import os
import pkgutil
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any

import nonlin

os.environ.setdefault("KERAS_BACKEND", "torch")  # Keras would take TensorFlow, which the development install has not
os.environ.setdefault("JAX_PLATFORMS", "cpu")

NOT_FOR_IMPORT = ("nonlin.cli",)
"""Packages whose names are not an interface: the command line is documented by ``--help`` and by the guides."""
_KINDS = {"function": "autofunction", "class": "autoclass", "exception": "autoexception"}
_LITERAL = re.compile(r"``.+?``|:\w+:`[^`]+`")
_MODULES = {"nonlin.onnx": "nonlin.backends.onnx"}


def public_modules() -> list[str]:
    """Return the names of the modules that people import from: the package, its rooms, and packages that declare ``__all__``."""
    found = {"nonlin", "nonlin.errors", *nonlin._ROOMS.values()}
    for module in pkgutil.iter_modules(nonlin.__path__, "nonlin."):
        if module.ispkg and module.name not in NOT_FOR_IMPORT and hasattr(importlib.import_module(module.name), "__all__"):
            found.add(module.name)
    return sorted(found)


def public_names(module: ModuleType) -> list[str]:
    """Return what a module offers: its ``__all__``, or else the functions and classes that are written in it."""
    declared = getattr(module, "__all__", None)
    if declared is not None:
        return sorted(declared)
    own = [n for n, v in vars(module).items() if getattr(v, "__module__", None) == module.__name__ and not n.startswith("_")]
    return sorted(n for n in own if callable(getattr(module, n)))


def kind_of(thing: Any) -> str:
    """Return the word Sphinx has for a thing: module, exception, class, function or data."""
    if isinstance(thing, ModuleType):
        return "module"
    if inspect.isclass(thing):
        return "exception" if issubclass(thing, BaseException) else "class"
    return "function" if callable(thing) else "data"


@lru_cache(maxsize=256)
def _remarks(path: str) -> dict[str, str]:
    """The strings that stand below assignments of a file: name -> text."""
    body = ast.parse(Path(path).read_text(encoding="utf-8")).body
    found = {}
    for before, after in zip(body, body[1:], strict=False):
        target = before.targets[0] if isinstance(before, ast.Assign) else getattr(before, "target", None)
        told = isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant) and isinstance(after.value.value, str)
        if isinstance(target, ast.Name) and told:
            found[target.id] = inspect.cleandoc(after.value.value)
    return found


def said(module: ModuleType, name: str) -> str:
    """Return what is said about a public name: its docstring, or for data the string below its assignment; or nothing."""
    thing = getattr(module, name)
    if kind_of(thing) != "data":
        return inspect.cleandoc(thing.__doc__ or "")
    room = Path(str(module.__file__))
    files = sorted(room.parent.rglob("*.py")) if room.name == "__init__.py" else [room]
    return next((told for told in (_remarks(str(f)).get(name, "") for f in files) if told), "")


def undocumented(module: ModuleType) -> list[str]:
    """Return the public names of a module, and the public methods of its classes, about which nothing is said."""
    missing = [] if inspect.cleandoc(module.__doc__ or "") else [module.__name__]
    for name in public_names(module):
        thing = getattr(module, name)
        if not said(module, name):
            missing.append(f"{module.__name__}.{name}")
        if inspect.isclass(thing):
            missing += [
                f"{module.__name__}.{name}.{member}" for member, value in _members(thing) if not inspect.getdoc(value)
            ]
    return missing


def _members(thing: type) -> Iterator[tuple[str, Any]]:
    """The public methods and properties that a class itself defines; the fields of a data class stand in its docstring."""
    for name, value in vars(thing).items():
        if not name.startswith("_") and (
            inspect.isfunction(value) or isinstance(value, property | classmethod | staticmethod)
        ):
            yield name, getattr(thing, name) if not isinstance(value, property) else value


@lru_cache(maxsize=1)
def homes() -> dict[int, tuple[str, str]]:
    """Identity of each public class or function -> the module and name it is described under: the shortest path wins."""
    found: dict[int, tuple[str, str]] = {}
    for module in sorted(public_modules(), key=lambda name: (name.count("."), name)):
        for name in public_names(importlib.import_module(module)):
            found.setdefault(id(getattr(importlib.import_module(module), name)), (module, name))
    return found


def module_page(name: str) -> str:
    """Return the page of a public module, for MyST: what it says of itself, and a directive for each public name."""
    module = importlib.import_module(name)
    shown = next((short for short, long in _MODULES.items() if long == name), name)
    lines = [f"# {shown}", "", "```{py:module} " + name, "```", "", "```{eval-rst}", *_rst(module.__doc__ or ""), "```", ""]
    for public in public_names(module):
        thing = getattr(module, public)
        kind = kind_of(thing)
        full = f"{name}.{public}"
        if kind == "module":
            lines += [f"## {public}", "", f"A module of its own: [{thing.__name__}]({thing.__name__}.md).", ""]
            continue
        home, called = homes()[id(thing)]
        if home != name:
            lines += [f"## {public}", "", f"[{home}.{called}]({home}.md#{called.lower()}).", ""]
            continue
        lines += [f"## {public}", "", "```{eval-rst}"]
        if kind == "data":
            lines += [f".. py:data:: {full}", "", *(f"   {line}" for line in _rst(said(module, public)))]
        else:
            lines += [f".. {_KINDS[kind]}:: {full}", *(["   :members:"] if kind == "class" else [])]
        lines += ["```", ""]
    return "\n".join(lines)


def pages() -> dict[str, str]:
    """Return the reference as file name -> text.

    Raises:
        SystemExit: a public name is undocumented; each is named.
    """
    names = public_modules()
    missing = [m for name in names for m in undocumented(importlib.import_module(name))]
    if missing:
        raise SystemExit(f"nothing is said about: {', '.join(missing)}. Public names need a docstring")
    made = {f"{name}.md": module_page(name) for name in names}
    listed = "\n".join(f"- [{name}]({name}.md): {_first(importlib.import_module(name))}" for name in names)
    tree = "\n".join(name for name in names)
    made["index.md"] = (
        f"# Reference\n\nThe public names of nonlin, module by module. Every function of the catalogue is one more name of "
        "`nonlin`, `nonlin.jax`\nand `nonlin.keras`, and its title one of `nonlin.nn` and `nonlin.keras`: "
        f"[the list](../functions.md).\n\n{listed}\n\n```{{toctree}}\n:hidden:\n\n{tree}\n```\n"
    )
    return made


def _first(module: ModuleType) -> str:
    """The first sentence a module says of itself."""
    text = " ".join(inspect.cleandoc(module.__doc__ or "").partition("\n\n")[0].split())
    return re.sub(r":\w+:`~?([^`]+)`", r"`\1`", text.replace("``", "`"))


def _rst(text: str) -> list[str]:
    return readable(inspect.cleandoc(text).splitlines())


def readable(lines: list[str]) -> list[str]:
    """Return the lines of a docstring with what reStructuredText would take for markup made plain.

    Docstrings say |f'| and x*y and **params as people do; literals, roles and examples stay as they are.
    """
    made, example = [], False
    for line in lines:
        example = line.lstrip().startswith(">>>") or (example and bool(line.strip()))
        made.append(line if example else _plain(line))
    return made


def _plain(line: str) -> str:
    kept, last = [], 0
    for found in _LITERAL.finditer(line):
        kept += [_escape(line[last : found.start()]), found[0]]
        last = found.end()
    return "".join([*kept, _escape(line[last:])])


def _escape(text: str) -> str:
    return re.sub(r"(?<!\\)([*|`]|(?<=\w)_(?=\W|$))", r"\\\1", text)


_COLON = "\ue000"
"""Stands for a colon where napoleon would take what is before it for a type."""


def process(app: Any, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    """Make a docstring readable before napoleon sees it (``autodoc-process-docstring``)."""
    lines[:] = readable(lines)
    if what in ("property", "attribute") and lines:
        lines[0] = re.sub(r":(?![\w`])", _COLON, lines[0])


def finish(app: Any, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    """Put back the colons that :func:`process` hid, after napoleon."""
    lines[:] = [line.replace(_COLON, ":") for line in lines]


@lru_cache(maxsize=1)
def _places() -> dict[str, str]:
    """Last part of a public name -> its full name; a name that two modules have stands for the first."""
    found: dict[str, str] = {}
    for module in public_modules():
        for name in public_names(importlib.import_module(module)):
            found.setdefault(name, f"{module}.{name}")
    return found


def known(target: str) -> bool:
    """Whether a dotted name leads somewhere within nonlin."""
    parts = target.split(".")
    for n in range(len(parts), 0, -1):
        try:
            thing: Any = importlib.import_module(".".join(parts[:n]))
        except ImportError:
            continue
        for part in parts[n:]:
            fields = getattr(thing, "__annotations__", {})
            if not hasattr(thing, part) and part not in fields:
                return False
            thing = getattr(thing, part, None)
        return True
    return False


@lru_cache(maxsize=1)
def _written() -> set[str]:
    """Every name that a module of nonlin defines at its top."""
    names: set[str] = set()
    for path in Path(str(nonlin.__file__)).parent.rglob("*.py"):
        names |= set(
            re.findall(r"^(?:def |class )?([A-Za-z]\w*)(?:\(| *[:=])", path.read_text(encoding="utf-8"), re.MULTILINE)
        )
    return names


def resolve(app: Any, env: Any, node: Any, contnode: Any) -> Any:
    """Link a name that docstrings give by another path than the public one; let names of other libraries stand as text.

    A name of nonlin that leads nowhere is left to Sphinx, which complains.
    """
    if node.get("refdomain") != "py":
        return None
    target = str(node.get("reftarget", ""))
    public = _places().get(target.rpartition(".")[2])
    if public and public != target:
        linked = env.domains["py"].resolve_xref(env, node["refdoc"], app.builder, node["reftype"], public, node, contnode)
        if linked is not None:
            return linked
    inside = f"{node.get('py:module') or 'nonlin'}.{target}"
    theirs = not target.startswith("nonlin") and node["reftype"] in ("class", "exc", "obj", "data")
    short = "." not in target and target in _written()  # a neighbour in the module that the docstring stands in
    return contnode if theirs or short or known(target) or known(inside) else None
