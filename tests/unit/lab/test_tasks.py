"""Tasks: the named ones, data in memory, files, and functions of the user's own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from small import blobs

from nonlin.errors import DataError, ModelError, UnknownNameError
from nonlin.lab.recipe import NETS
from nonlin.lab.sources import SOURCES
from nonlin.lab.tasks import (
    DEFAULT_BASELINE,
    DEFAULT_FUNCTIONS,
    DEFAULT_TASK,
    PRESETS,
    TASKS,
    load_task,
    provide,
    provided,
    task_row,
    title,
)


@pytest.mark.parametrize("name", TASKS)
def test_every_task_has_data_and_a_recipe(name: str) -> None:
    task = TASKS[name]
    assert task.name == name
    assert name in SOURCES
    assert 0 < task.margin < 0.1
    assert task.seeds >= 6  # fewer could never show a difference
    assert task.recipe.net in NETS
    assert task_row(name) is task


def test_every_data_set_is_a_task() -> None:
    assert set(SOURCES) == set(TASKS)
    assert DEFAULT_TASK in TASKS
    assert DEFAULT_BASELINE in DEFAULT_FUNCTIONS
    assert all(p.task in TASKS and p.baseline in p.functions for p in PRESETS.values())


def test_the_default_task_is_the_embedded_one() -> None:
    data = load_task("digits")
    assert (data.features, data.classes, len(data.train_y) + len(data.test_y)) == (64, 10, 1797)


def test_a_task_of_ones_own_gets_the_recipe_of_a_small_network() -> None:
    row = task_row("mine.npz")
    assert (row.name, row.recipe.net, row.seeds) == ("mine.npz", "mlp", 10)


def test_data_in_memory_have_a_name_of_their_own() -> None:
    one, two = blobs(), blobs(seed=1)
    names = provide(one), provide(two)
    assert names[0] == f"memory:blobs:{one.fingerprint[:12]}"
    assert names[0] != names[1] == provide(two)
    assert load_task(names[0]) is one
    assert provided(names[1]) is two
    assert provided("digits") is None


def test_a_file_is_loaded_anew_each_time(tmp_path: Path) -> None:
    path = tmp_path / "mine.npz"
    prints = set()
    for seed in (0, 1):
        data = blobs(seed=seed)
        np.savez(path, x=data.train_x, y=data.train_y)
        prints.add(load_task(str(path)).fingerprint)
    assert len(prints) == 2
    assert load_task(str(path)).name == "mine"


def test_a_function_may_make_the_data() -> None:
    data = load_task("own_models:two_arrays")
    assert (data.name, data.features, data.classes) == ("own_models:two_arrays", 6, 3)
    assert len(data.test_y) == 18
    assert load_task("own_models:two_arrays").fingerprint == data.fingerprint
    assert load_task("small:blobs").fingerprint == blobs().fingerprint


@pytest.mark.parametrize(
    ("name", "error", "says"),
    [
        (
            "mnits",
            UnknownNameError,
            "unknown task 'mnits'. Did you mean 'mnist'.*Known: digits, mnist1d, mnist, fashion_mnist",
        ),
        ("", UnknownNameError, "unknown task ''"),
        ("memory:gone:000", UnknownNameError, "unknown task 'memory:gone:000'"),
        ("no_such_file.npz", DataError, "there is no file no_such_file.npz. Give the path of a .npz file"),
        ("own_models:no_such", ModelError, "task 'own_models:no_such': own_models has no 'no_such'"),
        ("no_such_module_here:make", ModelError, "importing 'no_such_module_here' failed: ModuleNotFoundError"),
        ("own_models:raising_task", ModelError, "raised OSError: the disk is in the washing machine"),
        ("own_models:wrong_task", DataError, r"returned dict; it must return \(x, y\)"),
        ("own_models:NOT_A_FUNCTION", ModelError, "NOT_A_FUNCTION is int, not a function"),
    ],
)
def test_a_task_that_cannot_be_had_is_a_sentence(name: str, error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        load_task(name)


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("digits", "digits"),
        ("data/mine.npz", "mine"),
        ("module:function", "module-function"),
        ("package.module:function", "package.module-function"),
        ("memory:my set:abc", "memory-my set-abc"),
        ("memory:../../etc/passwd:abc", "passwd-abc"),
    ],
)
def test_names_of_tasks_become_names_of_files(name: str, file: str) -> None:
    assert title(name) == file
