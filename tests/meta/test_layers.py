"""Imports point one way: each module's imports, also those inside functions, are read with ast and held against the plan."""

from __future__ import annotations

import ast
from pathlib import Path

import nonlin

SOURCE = Path(nonlin.__file__).parent
LAYERS = (
    {"errors", "findings", "doors", "loading", "folders", "allocator", "sqlite"},
    {"expr"},
    {"catalogue"},
    {"backends", "facts"},
    {"peers"},
    {"nn", "jax", "keras", "view"},
    {"lint", "watch", "explore"},
    {"repair", "lab"},
    {"search", "diagnose", "advise"},
    {"doctor", "speed"},
    {"cli"},
)
"""From the ground up. A room may import its own floor and everything below."""
FACADE = {"activation", ""}
"""The handle of one function and the package itself: they reach down into every room; only the door (cli) uses them."""
HEIGHT = {room: level for level, rooms in enumerate(LAYERS) for room in rooms}


def room(module: str) -> str:
    """The room of a dotted module name: ``nonlin.lab.stats`` -> ``lab``, ``nonlin`` -> an empty name."""
    return [*module.split("."), ""][1]


def imports(path: Path) -> list[tuple[str, int, bool]]:
    """Every nonlin module a file imports, with its line, and whether only the type checker sees it."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    unseen = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    found = []
    for node in ast.walk(tree):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [a.name for a in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: a relative import; write the full name"
            base = node.module or ""
            names = [f"{base}.{a.name}" if base == "nonlin" else base for a in node.names]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
            called = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
            if called == "import_module" and node.args and isinstance(node.args[0], ast.Constant):
                names = [str(node.args[0].value)]
        found += [(n, node.lineno, id(node) in unseen) for n in names if n == "nonlin" or n.startswith("nonlin.")]
    return found


def known(module: str) -> str:
    """The room a module name leads to; a name of the package itself (``from nonlin import get``) is the facade."""
    name = room(module)
    return name if (SOURCE / name).is_dir() or (SOURCE / f"{name}.py").exists() else ""


def violations(module: str, targets: list[tuple[str, int, bool]]) -> list[str]:
    """What is wrong with one module's imports, one sentence each."""
    here = room(module)
    wrong = []
    for target, line, unseen in targets:
        there = known(target)
        if unseen or here in FACADE or (here == there):
            continue
        if there in FACADE:
            if here not in ("cli", "doctor"):
                wrong.append(f"{module}:{line} imports {target}: only the cli uses the facade")
        elif HEIGHT[there] > HEIGHT[here]:
            wrong.append(f"{module}:{line} imports {target}: an arrow that points up")
    return wrong


def modules() -> dict[str, Path]:
    return {".".join(["nonlin", *p.relative_to(SOURCE).with_suffix("").parts]): p for p in sorted(SOURCE.rglob("*.py"))}


def test_every_module_stands_in_a_known_room() -> None:
    for name in modules():
        where = room(name.removesuffix(".__init__"))
        assert where in HEIGHT or where in FACADE, f"{name} is in no room of the floor plan"


def test_no_arrow_points_up() -> None:
    wrong = [w for name, path in modules().items() for w in violations(name.removesuffix(".__init__"), imports(path))]
    assert not wrong, "\n".join(wrong)


def test_the_reader_sees_imports_everywhere(tmp_path: Path) -> None:
    path = tmp_path / "sample.py"
    path.write_text(
        "from typing import TYPE_CHECKING\nimport nonlin.expr.nodes\nfrom nonlin import get, lab\n"
        "if TYPE_CHECKING:\n    from nonlin.cli import main\n"
        "def f():\n    from nonlin.lab import stats\n    import_module('nonlin.search')\n"
    )
    found = imports(path)
    assert {n for n, _, unseen in found if not unseen} == {"nonlin.expr.nodes", "nonlin.get", "nonlin.lab", "nonlin.search"}
    assert [n for n, _, unseen in found if unseen] == ["nonlin.cli"]


def test_an_arrow_that_points_up_is_found() -> None:
    assert violations("nonlin.expr.nodes", [("nonlin.catalogue", 3, False)])
    assert violations("nonlin.nn.base", [("nonlin.get", 3, False)])
    assert violations("nonlin.view.charts", [("nonlin.lab.stats", 3, False)])
    assert not violations("nonlin.catalogue.registry", [("nonlin.expr", 3, False)])
    assert not violations("nonlin.lab.stats", [("nonlin.cli", 3, True)])
    assert not violations("nonlin.cli", [("nonlin.get", 3, False)])
