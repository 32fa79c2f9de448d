"""The errors: one base, sentences with a way out, and safe to send between processes."""

from __future__ import annotations

import pickle

import pytest

from nonlin import errors
from nonlin.errors import EXTRAS, FormulaError, MissingExtraError, NonlinError, near, unknown

KINDS = [v for v in vars(errors).values() if isinstance(v, type) and issubclass(v, NonlinError)]


@pytest.mark.parametrize("kind", KINDS)
def test_every_error_has_the_one_base_and_a_builtin_one(kind: type[NonlinError]) -> None:
    assert kind is NonlinError or issubclass(kind, ValueError | ImportError)
    again = pickle.loads(pickle.dumps(kind("a sentence")))
    assert (type(again), str(again)) == (kind, "a sentence")


def test_a_formula_error_points_at_its_column() -> None:
    err = FormulaError("wrong here", "x + y", 4)
    assert str(err) == "wrong here\n  x + y\n      ^"
    again = pickle.loads(pickle.dumps(err))
    assert (str(again), again.text, again.column) == (str(err), "x + y", 4)
    assert str(FormulaError("no place")) == "no place"


def test_near_matches() -> None:
    assert near("RELO", ["relu", "gelu"]) == " Did you mean 'relu'?"
    assert near("zzz", ["relu"]) == ""
    assert str(unknown("task", "digit", ["digits", "mnist"])) == (
        "unknown task 'digit'. Did you mean 'digits'? Known: digits, mnist."
    )
    assert str(unknown("task", "zzz", ["digits"], "See the list.")) == "unknown task 'zzz'. See the list."


def test_a_missing_extra_prints_the_line_that_installs_it() -> None:
    for name, extra in EXTRAS.items():
        assert extra.install_line == f"pip install 'nonlin[{name}]'"
    absent = errors.Extra("web", "no_such_package_here", "the live page")
    assert not absent.installed
    with pytest.raises(MissingExtraError, match=r"the live page needs .* Install it with: pip install 'nonlin\[web\]'"):
        absent.require()
    errors.Extra("base", "numpy", "arrays").require()
