"""Give each module a GitHub of its own and a broker that mints there, to be attacked."""

from collections.abc import Iterator

import pytest

from gitlease.emulator import GitHub
from tests.support.brokers import Broker, running_broker
from tests.support.postgres import Postgres, server

APP = {"owner": "acme", "repositories": ["app"]}


@pytest.fixture(scope="module")
def github() -> Iterator[GitHub]:
    with GitHub() as running:
        yield running


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory, github: GitHub) -> Iterator[Broker]:
    """Run a broker; when the attack is over it must serve, and have found no defect of its own."""
    with running_broker(tmp_path_factory.mktemp("broker"), github) as running:
        yield running
        assert running.process.poll() is None
        assert running.ask("GET", "/readyz").status_code == 200
        log = running.log.read_text()
        assert "defect in request" not in log, log
        assert "Traceback" not in log, log
        assert "Unexpected exit" not in log, log


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    with server() as running:
        yield running
