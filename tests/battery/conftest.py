"""The battery's own option: ``pytest tests/battery --full -n auto --dist load`` tries every input of the half types."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--full", action="store_true", help="every input of the half types, many more of the others")


def pytest_configure(config: pytest.Config) -> None:
    from battery.measure import settings

    settings["full"] = bool(config.getoption("--full", default=False))
