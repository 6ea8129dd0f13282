"""Give every test the same environment: no secret, proxy, certificate or home of a person."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.environment import clean_environment, home_environment, made_by, require_tool
from tests.support.leaks.ledger import current
from tests.support.loops import end_below

pytest_plugins = [
    "tests.support.leaks.plugin",
    "tests.support.evidence",
    "tests.support.installed",
]


@pytest.hookimpl(trylast=True)  # after the order was drawn by lot
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.get_closest_marker("first") is None)


@pytest.fixture(scope="session", autouse=True)
def _environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    # For the whole session, because servers that outlive a test start in it too.
    started_in = dict(os.environ)
    current().own(tmp_path_factory.getbasetemp())
    clean = clean_environment(tmp_path_factory.mktemp("home"))
    os.environ.clear()
    os.environ.update(clean | current().environment())
    yield
    os.environ.clear()
    os.environ.update(started_in)


@pytest.fixture(autouse=True)
def home(
    _environment: None, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    """Give the empty home folder of this test, which HOME and its kin name."""
    folder = tmp_path_factory.mktemp("home")
    for name, value in home_environment(folder).items():
        monkeypatch.setenv(name, value)
    yield folder
    # A refresher has a session of its own, and would sleep on for most of an hour.
    end_below(folder)


@pytest.fixture(scope="session")
def node_modules() -> Path:
    """Return a folder ``node_modules`` with GitHub's API description and official client."""
    require_tool("node")
    return Path(made_by("node_modules"))
