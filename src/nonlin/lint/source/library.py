"""Python's own functions and the methods of its containers, as far as programs build networks with them."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Mapping
from typing import Any

from nonlin.lint.source.arguments import words
from nonlin.lint.source.machine import UNROLLED, Frame, Run
from nonlin.lint.source.values import (
    SIMPLE,
    Builtin,
    Class,
    Data,
    Either,
    External,
    Instance,
    Layer,
    Partial,
    Settings,
    Tensor,
    Unknown,
    known,
    number,
    tensors,
    whole,
)


def _all_known(does: Callable[..., Any]) -> Callable[..., Any]:
    """A function of constants: unknown where an argument is, or where it fails."""

    def guarded(run: Run, args: list[Any], kwargs: dict[str, Any], frame: Frame, node: ast.AST | None) -> Any:
        if not all(known(a) or isinstance(a, range) for a in (*args, *kwargs.values())):
            counts = does not in (str, bool) and args and isinstance(args[0], Unknown)
            return Unknown("number", True) if counts else Unknown()
        try:
            return does(*args, **kwargs)
        except (TypeError, ValueError, ArithmeticError, AttributeError, MemoryError):
            return Unknown()

    return guarded


def _listed(run: Run, value: Any, frame: Frame, node: ast.AST | None) -> list[Any]:
    return list(run.build["items"](run, value, frame, node))


def _len(run: Run, args: list[Any], kwargs: dict[str, Any], frame: Frame, node: ast.AST | None) -> Any:
    value = args[0] if args else None
    if isinstance(value, Instance) and isinstance(value.core, Layer):
        value = value.core
    if isinstance(value, Layer) and value.children is not None:
        return len(value.children)
    if isinstance(value, Data) and value.shape and value.shape[0] is not None:
        return value.shape[0]
    return len(value) if isinstance(value, list | tuple | dict | str | range) else Unknown()


def _range(run: Run, args: list[Any], kwargs: dict[str, Any], frame: Frame, node: ast.AST | None) -> Any:
    ends = [whole(a) for a in args]
    if ends and None not in ends and all(abs(e or 0) < 10**6 for e in ends) and (len(ends) < 3 or ends[2]):
        return range(*(e for e in ends if e is not None))
    return [Unknown()] if len(ends) != 1 else Unknown()


def _zip(run: Run, args: list[Any], kwargs: dict[str, Any], frame: Frame, node: ast.AST | None) -> Any:
    columns = [_listed(run, a, frame, node) for a in args]
    sure = [len(c) for a, c in zip(args, columns, strict=True) if not isinstance(a, Unknown | Either)]
    count = min(sure) if sure else 1
    return [tuple(c[i] if i < len(c) else Unknown() for c in columns) for i in range(min(count, UNROLLED))]


def _enumerate(run: Run, args: list[Any], kwargs: dict[str, Any], frame: Frame, node: ast.AST | None) -> Any:
    if not args:
        return []
    start = whole(args[1] if len(args) > 1 else kwargs.get("start", 0)) or 0
    loose = isinstance(args[0], Unknown | Either)
    return [(Unknown() if loose else i, v) for i, v in enumerate(_listed(run, args[0], frame, node), start)]


def _list(run: Run, args: list[Any], kwargs: dict[str, Any], frame: Frame, node: ast.AST | None) -> Any:
    if not args:
        return []
    value = args[0]
    if isinstance(value, Unknown | Either | Tensor | Data):
        return value
    return _listed(run, value, frame, node)


def _tuple(run: Run, args: list[Any], kwargs: dict[str, Any], frame: Frame, node: ast.AST | None) -> Any:
    value = _list(run, args, kwargs, frame, node)
    return tuple(value) if isinstance(value, list) else value


def _dict(run: Run, args: list[Any], kwargs: dict[str, Any], frame: Frame, node: ast.AST | None) -> Any:
    found: dict[Any, Any] = {}
    first = args[0] if args else None
    if isinstance(first, dict):
        found.update(first)
    elif isinstance(first, list | tuple):
        for pair in first:
            if isinstance(pair, list | tuple) and len(pair) == 2 and isinstance(pair[0], SIMPLE):
                found[pair[0]] = pair[1]
    elif args:
        return Unknown()
    return {**found, **kwargs}


def _getattr(run: Run, args: list[Any], kwargs: dict[str, Any], frame: Frame, node: ast.AST | None) -> Any:
    if len(args) < 2 or not isinstance(args[1], str):
        return Unknown()
    return run.attribute(args[0], args[1], frame, node)


def _setattr(run: Run, args: list[Any], kwargs: dict[str, Any], frame: Frame, node: ast.AST | None) -> Any:
    if len(args) == 3 and isinstance(args[1], str):
        run.build["set_attribute"](run, *args)
    return None


def _hasattr(run: Run, args: list[Any], kwargs: dict[str, Any], frame: Frame, node: ast.AST | None) -> Any:
    if len(args) != 2 or not isinstance(args[0], Instance) or not isinstance(args[1], str):
        return Unknown()
    return True if args[1] in args[0].attrs or args[0].cls.find(args[1]) else Unknown()


def _isinstance(run: Run, args: list[Any], kwargs: dict[str, Any], frame: Frame, node: ast.AST | None) -> Any:
    if len(args) != 2:
        return Unknown()
    value, wanted = args
    options = list(wanted) if isinstance(wanted, tuple | list) else [wanted]
    found = [_is_one(value, option) for option in options]
    return True if True in found else False if found and all(f is False for f in found) else Unknown()


PYTHON = {"str": str, "int": int, "float": (int, float), "bool": bool, "list": list, "tuple": tuple, "dict": dict}


def _is_one(value: Any, wanted: Any) -> bool | None:
    if isinstance(wanted, Builtin) and wanted.name in PYTHON:
        if isinstance(value, Unknown | Either):
            return None
        kind: Any = PYTHON[wanted.name]
        return isinstance(value, kind) and not (wanted.name in ("int", "float") and isinstance(value, bool))
    if isinstance(value, Layer) and isinstance(wanted, External):
        return bool(value.row.name == wanted.name or wanted.name == "torch.nn.Module")
    if isinstance(value, Instance) and isinstance(wanted, Class):
        return wanted in value.cls.lineage()
    if isinstance(value, Instance) and isinstance(wanted, External):
        return True if wanted.name in value.cls.externals() else False if wanted.name.startswith("torch.nn.") else None
    if isinstance(value, Tensor) and isinstance(wanted, Builtin):
        return False
    if known(value) or isinstance(value, list | tuple | dict):
        return False
    return None


def _super(run: Run, args: list[Any], kwargs: dict[str, Any], frame: Frame, node: ast.AST | None) -> Any:
    return run.build["super"](run, frame, args)


def _extreme(which: Callable[..., Any]) -> Callable[..., Any]:
    def found(run: Run, args: list[Any], kwargs: dict[str, Any], frame: Frame, node: ast.AST | None) -> Any:
        values = args[0] if len(args) == 1 and isinstance(args[0], list | tuple) else args
        return which(values) if values and all(number(v) is not None for v in values) else Unknown()

    return found


def _sum(run: Run, args: list[Any], kwargs: dict[str, Any], frame: Frame, node: ast.AST | None) -> Any:
    values = args[0] if args else []
    if not isinstance(values, list | tuple) or not values:
        return Unknown()
    found = values[0]
    for value in values[1:]:
        found = run.build["operate"](run, ast.Add, found, value, frame, node)
    return found


def _map(run: Run, args: list[Any], kwargs: dict[str, Any], frame: Frame, node: ast.AST | None) -> Any:
    if len(args) < 2:
        return Unknown()
    return [run.call(args[0], [v], {}, frame, node) for v in _listed(run, args[1], frame, node)]


def _same(run: Run, args: list[Any], kwargs: dict[str, Any], frame: Frame, node: ast.AST | None) -> Any:
    value = args[0] if args else Unknown()
    return list(value) if isinstance(value, range) else value


def _reversed(run: Run, args: list[Any], kwargs: dict[str, Any], frame: Frame, node: ast.AST | None) -> Any:
    value = list(args[0]) if args and isinstance(args[0], range | str) else args[0] if args else Unknown()
    if isinstance(value, Layer):
        value = _listed(run, value, frame, node)
    return value[::-1] if isinstance(value, list | tuple) else Unknown()


def _type(run: Run, args: list[Any], kwargs: dict[str, Any], frame: Frame, node: ast.AST | None) -> Any:
    if len(args) == 1 and isinstance(args[0], Instance):
        return args[0].cls
    if len(args) == 1 and isinstance(args[0], Layer):
        return External(args[0].row.name)
    return Unknown()


def _nothing(run: Run, args: list[Any], kwargs: dict[str, Any], frame: Frame, node: ast.AST | None) -> Any:
    return None


BUILTINS: Mapping[str, Builtin] = {
    name: Builtin(name, does)
    for name, does in {
        "len": _len, "range": _range, "zip": _zip, "enumerate": _enumerate, "list": _list, "tuple": _tuple, "dict": _dict,
        "set": _list, "getattr": _getattr, "setattr": _setattr, "hasattr": _hasattr, "isinstance": _isinstance, "super": _super,
        "max": _extreme(max), "min": _extreme(min), "sum": _sum, "map": _map, "iter": _same, "sorted": _same,
        "reversed": _reversed, "type": _type, "print": _nothing, "tqdm": _same, "trange": _range,
        "int": _all_known(int), "float": _all_known(float), "str": _all_known(str), "bool": _all_known(bool),
        "abs": _all_known(abs), "round": _all_known(round), "divmod": _all_known(divmod),
    }.items()
}  # fmt: skip
"""Functions of Python that are followed, and ``tqdm``, which changes nothing."""


def _partial(run: Run, args: list[Any], kwargs: dict[str, Any], frame: Frame, node: ast.AST | None) -> Any:
    return Partial(args[0], args[1:], kwargs) if args else Unknown()


def _chain(run: Run, args: list[Any], kwargs: dict[str, Any], frame: Frame, node: ast.AST | None) -> Any:
    return [v for part in args for v in _listed(run, part, frame, node)]


def _reduce(run: Run, args: list[Any], kwargs: dict[str, Any], frame: Frame, node: ast.AST | None) -> Any:
    if len(args) < 2:
        return Unknown()
    values = _listed(run, args[1], frame, node)
    found = args[2] if len(args) > 2 else values.pop(0) if values else Unknown()
    for value in values:
        found = run.call(args[0], [found, value], {}, frame, node)
    return found


def _math(does: Callable[..., Any]) -> Callable[..., Any]:
    return _all_known(
        lambda *args: does(*args) if all(abs(a) < 1e6 for a in args if isinstance(a, int | float)) else Unknown()
    )


PYTHON_LIBRARY: Mapping[str, Callable[..., Any]] = {
    "functools.partial": _partial,
    "functools.reduce": _reduce,
    "functools.lru_cache": _nothing,
    "collections.OrderedDict": _dict,
    "collections.namedtuple": lambda run, args, kwargs, frame, node: Unknown(),
    "itertools.chain": _chain,
    "itertools.islice": _same,
    "itertools.count": lambda run, args, kwargs, frame, node: Unknown(),
    "copy.deepcopy": _same,
    "copy.copy": _same,
    "tqdm.tqdm": _same,
    "tqdm.auto.tqdm": _same,
    "tqdm.notebook.tqdm": _same,
    "tqdm.trange": _range,
    **{f"{home}.{n}": _math(f) for home in ("math", "numpy") for n, f in (
        ("log2", math.log2), ("ceil", math.ceil), ("floor", math.floor), ("prod", math.prod), ("sqrt", math.sqrt),
        ("log", math.log),
    )},
}  # fmt: skip
"""Functions of Python's library that networks are built with."""


# -- methods of containers and texts


def _append(run: Run, held: list[Any], args: list[Any], frame: Frame) -> Any:
    run.touch(held)
    if len(held) < 4096:
        held.append(args[0] if args else Unknown())


def _extend(run: Run, held: list[Any], args: list[Any], frame: Frame) -> Any:
    run.touch(held)
    held.extend(_listed(run, args[0], frame, None)[:4096] if args and len(held) < 4096 else [])


def _insert(run: Run, held: list[Any], args: list[Any], frame: Frame) -> Any:
    run.touch(held)
    at = whole(args[0]) if args else None
    held.insert(len(held) if at is None else at, args[1] if len(args) > 1 else Unknown())


def _pop(run: Run, held: list[Any], args: list[Any], frame: Frame) -> Any:
    run.touch(held)
    at = whole(args[0]) if args else -1
    return held.pop(at) if at is not None and -len(held) <= at < len(held) else Unknown()


LISTS: Mapping[str, Callable[..., Any]] = {
    "append": _append,
    "add": _append,
    "extend": _extend,
    "update": _extend,
    "insert": _insert,
    "pop": _pop,
    "copy": lambda run, held, args, frame: list(held),
}
"""Methods of lists (and of sets, which are kept as lists)."""


def _get(run: Run, held: dict[Any, Any], args: list[Any], frame: Frame) -> Any:
    found = run.build["item"](run, held, args[0] if args else Unknown(), frame, None)
    missing = args and known(args[0]) and isinstance(args[0], SIMPLE) and args[0] not in held
    return (args[1] if len(args) > 1 else None) if missing else found


def _update(run: Run, held: dict[Any, Any], args: list[Any], frame: Frame) -> Any:
    run.touch(held)
    for other in args:
        held.update(other if isinstance(other, dict) else {})


DICTS: Mapping[str, Callable[..., Any]] = {
    "items": lambda run, held, args, frame: list(held.items()),
    "values": lambda run, held, args, frame: list(held.values()),
    "keys": lambda run, held, args, frame: list(held),
    "get": _get,
    "pop": _get,
    "update": _update,
    "setdefault": _get,
    "copy": lambda run, held, args, frame: dict(held),
}
"""Methods of dictionaries."""
TEXTS = words("lower upper strip lstrip rstrip split startswith endswith capitalize title removeprefix removesuffix isdigit")
"""Methods of texts computed on constants."""


def method(
    run: Run, held: Any, name: str, args: list[Any], kwargs: dict[str, Any], frame: Frame, node: ast.AST | None
) -> Any:
    """Return what a method of a list, dictionary, text or other plain value gives."""
    if isinstance(held, list) and name in LISTS:
        return LISTS[name](run, held, args, frame)
    if isinstance(held, dict) and name in DICTS:
        return DICTS[name](run, held, args, frame)
    if isinstance(held, str) and name in TEXTS and all(isinstance(a, str | tuple) for a in args):
        try:
            return getattr(held, name)(*args)
        except (TypeError, ValueError):
            return Unknown()
    if isinstance(held, str) and name == "join" and args and isinstance(args[0], list | tuple):
        return held.join(args[0]) if all(isinstance(a, str) for a in args[0]) else Unknown()
    if isinstance(held, str) and name == "format" and all(known(a) for a in args) and ":" not in held and "!" not in held:
        text = held
        for value in args:
            text = text.replace("{}", str(value), 1)
        return text
    if isinstance(held, Settings) and name in ("step", "minimize", "apply_gradients", "zero_grad"):
        run.events += 1
        return run.build["optimised"](run, held, name, args, kwargs, frame, node) if name == "minimize" else Unknown()
    found = tensors([*args, *kwargs.values()])
    if found and isinstance(held, Unknown):
        return run.build["followed_not"](run, f"{held.name}.{name}", found, frame, node)
    return Unknown()
