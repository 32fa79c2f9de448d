"""Imports: from the files that are read together, else from libraries, by name."""

from __future__ import annotations

import ast
from typing import Any

from nonlin.lint.source.arguments import words
from nonlin.lint.source.machine import Frame, Run, Source
from nonlin.lint.source.names import canonical
from nonlin.lint.source.values import (
    External,
    Unknown,
)

FRAMEWORKS = words(
    "torch torchvision keras tensorflow tf_keras tensorflow_addons lightning pytorch_lightning numpy math functools collections "
    "itertools random os sys typing sklearn timm transformers accelerate nonlin copy types dataclasses abc pandas scipy"
)
"""First names of modules that are libraries, whatever the files are called."""


def resolve(run: Run, source: Source, name: str, level: int = 0) -> Source | None:
    """Return the given file that an import names, or None: one beside it, in a package above, or with that ending."""
    package = source.name.replace("\\", "/").endswith("__init__.py")
    home = source.module.split(".")[: None if package else -1] if source.module else []
    if level:
        home = home[: len(home) - (level - 1)] if level > 1 else home
        return run.sources.get(".".join([*home, *([name] if name else [])]))
    if name.split(".")[0] in FRAMEWORKS:
        return None
    for depth in range(len(home), -1, -1):
        found = run.sources.get(".".join([*home[:depth], name]))
        if found is not None and found is not source:
            return found
    return run.sources.get("*." + name)


def plain(run: Run, frame: Frame, node: ast.Import) -> str:
    """``import a.b as c``."""
    for alias in node.names:
        found = resolve(run, frame.source, alias.name)
        if found is not None and (alias.asname or "." not in alias.name):
            run.build["load"](run, found)
            run.put(frame.names, alias.asname or alias.name, found)
        elif alias.asname:
            run.put(frame.names, alias.asname, External(canonical(alias.name)))
        else:
            first = alias.name.split(".")[0]
            if found is not None:
                run.build["load"](run, found)
            top = resolve(run, frame.source, first)
            run.put(frame.names, first, top if top is not None else External(first))
    return ""


def parts_of(run: Run, frame: Frame, node: ast.ImportFrom) -> str:
    """``from a.b import c as d``."""
    name = node.module or ""
    found = resolve(run, frame.source, name, node.level)
    value: Any
    if found is not None:
        run.build["load"](run, found)
    for alias in node.names:
        if alias.name == "*":
            if found is not None and found.frame is not None:
                for key, value in list(found.frame.names.items()):
                    if isinstance(key, str) and not key.startswith("_"):
                        run.put(frame.names, key, value)
                frame.source.stars.extend(found.stars)
            elif found is None:
                frame.source.stars.append(canonical(name))
            continue
        inner = resolve(run, frame.source, f"{name}.{alias.name}" if name else alias.name, node.level)
        if found is not None and found.frame is not None and alias.name in found.frame.names:
            value = found.frame.names[alias.name]
        elif inner is not None:
            run.build["load"](run, inner)
            value = inner
        elif found is not None or node.level:
            value = Unknown(alias.name)
        else:
            value = External(canonical(f"{name}.{alias.name}"))
        run.put(frame.names, alias.asname or alias.name, value)
    return ""
