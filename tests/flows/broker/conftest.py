"""Give each test a GitHub of its own and a broker that mints there."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gitlease.emulator import GitHub
from tests.support.brokers import Broker, running_broker
from tests.support.postgres import Postgres, server


@pytest.fixture
def github() -> Iterator[GitHub]:
    with GitHub() as running:
        yield running


@pytest.fixture
def broker(tmp_path: Path, github: GitHub) -> Iterator[Broker]:
    with running_broker(tmp_path / "broker", github) as running:
        yield running


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    with server() as running:
        yield running
