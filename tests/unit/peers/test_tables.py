"""The tables against the installed peers themselves: every name is there, with the arguments and defaults the row gives."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
from typing import Any

import pytest

from nonlin.peers import peer
from nonlin.peers.rows import REQUIRED, Row, To, defaults, is_class
from nonlin.peers.running import _looked_up, imported, installed, why_not

PYTHON = ("torch", "jax", "flax", "keras", "tensorflow", "timm", "transformers", "fastai", "monai")


def ready(name: str) -> Any:
    """The peer, imported; skips the test where it is not installed, or not whole."""
    found = peer(name)
    if not installed(found):
        pytest.skip(why_not(found))
    try:
        imported(found)
    except ImportError as err:
        pytest.skip(f"{found.title} cannot be imported: {err}")
    return found


@pytest.mark.filterwarnings("ignore")  # what a peer warns of when it is imported is its own affair
@pytest.mark.parametrize("name", PYTHON)
def test_names_arguments_and_defaults(name: str) -> None:
    found = ready(name)
    wrong, compared = [], 0
    for full, cases in found.functions().items():
        if cases[0].layer:
            continue
        thing = _looked_up(full)
        assert callable(thing), full
        try:
            signature = inspect.signature(thing.__init__ if is_class(full) and isinstance(thing, type) else thing)
        except (TypeError, ValueError):
            continue  # a builtin does not tell its arguments
        if any(p.kind is p.VAR_POSITIONAL for p in signature.parameters.values()):
            continue  # (*args, **kwargs): neither does this
        compared += 1
        wrong += [f"{full}: {text}" for text in differences(cases, signature)]
    assert not wrong, "\n".join(wrong)
    if name not in ("timm", "transformers", "monai"):
        assert compared > 4


def differences(cases: list[Row], signature: inspect.Signature) -> list[str]:
    """What the table says otherwise than the signature."""
    told = []
    expected = dict(defaults(cases))
    for row in cases:
        if row.axis is not None and row.axis[1] != -3:
            expected.setdefault(row.axis[0], row.axis[1])
    for name, value in expected.items():
        if name not in signature.parameters:
            told.append(f"has no {name}")
            continue
        default = signature.parameters[name].default
        default = REQUIRED if default is inspect.Parameter.empty else default
        same = default is value if value is REQUIRED or value is None else default == value
        if not same and (name, value, default) != ("axis", -1, None):  # tf.nn.softmax(axis=None) means -1
            told.append(f"{name} is {default!r}, the table says {value!r}")
    return told


def test_a_wrong_default_is_found() -> None:
    def theirs(x: Any, slope: float = 0.2, mode: str = "a") -> None: ...

    row = Row("leaky_relu", ("theirs",), {"slope": To("slope", 0.01), "mode": "b", "other": 1})
    assert differences([row], inspect.signature(theirs)) == [
        "slope is 0.2, the table says 0.01", "mode is 'a', the table says 'b'", "has no other"]  # fmt: skip


@pytest.mark.skipif(importlib.util.find_spec("onnx") is None, reason="onnx is not installed")
@pytest.mark.filterwarnings("ignore")
def test_operators_attributes_and_opsets() -> None:
    defs = importlib.import_module("onnx").defs
    found = peer("onnx")
    assert str(defs.onnx_opset_version()) == found.versions[1] or defs.onnx_opset_version() < int(found.versions[1])
    first = {}
    for schema in defs.get_all_schemas_with_history():
        if schema.domain == "":
            first[schema.name] = min(schema.since_version, first.get(schema.name, 99))
    for row in found.rows:
        if int(row.since or 1) > defs.onnx_opset_version():
            continue
        assert first[row.name] <= int(row.since or 1), row
        if row.since and not any(r.until == row.since for r in found.rows if r.name == row.name):
            assert first[row.name] == int(row.since), row
        newest = int(row.until) - 1 if row.until else defs.onnx_opset_version()
        schema = defs.get_schema(row.name, max_inclusive_version=newest, domain="")
        values = defaults(r for r in found.rows if r.name == row.name and r.holds((newest,)))
        if row.axis is not None:
            values = {**values, row.axis[0]: row.axis[1]}
        for attribute, value in values.items():
            if attribute not in schema.attributes:
                assert attribute in [i.name for i in schema.inputs], (row.name, attribute)
                continue
            held = schema.attributes[attribute].default_value
            theirs = {1: held.f, 2: held.i, 3: held.s.decode()}[held.type]
            assert theirs == value or theirs == pytest.approx(value, rel=1e-6), (row.name, attribute)
