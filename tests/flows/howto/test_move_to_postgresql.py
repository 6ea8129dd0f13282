"""A broker goes to PostgreSQL and back by its how-to, and a workspace notices nothing."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gitlease.emulator import GitHub
from tests.support.brokers import running_broker
from tests.support.howtos import HowTo
from tests.support.postgres import Postgres, server

LEASE = "/workspaces/ws-1/github-installation-token?owner=acme&repo=app"


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    with server() as running:
        yield running


# The reader takes the keys along.
@pytest.mark.plants(r"file .*/here/seal-keys")
def test_the_page_moves_a_broker_and_goes_back(tmp_path: Path, postgres: Postgres) -> None:
    here, files = tmp_path / "here", tmp_path / "srv"
    here.mkdir()
    url = postgres.url(postgres.create())
    (here / "database-url").touch(0o600)
    (here / "database-url").write_text(f"{url}\n")
    page = HowTo("move-to-postgresql", here, {"/srv/gitlease": str(files)})
    with GitHub() as github:
        with running_broker(files, github) as broker:
            held = broker.workspace("ws-1", {"owner": "acme", "repositories": ["app"]})
            old = broker.env
            token = broker.ask("GET", LEASE, headers=held).json()["token"]
        page.section("2. Stop the broker, and move", old)
        page.section("3. Take the keys along, and serve", old)
        new = {
            "GITLEASE_BROKER_DATABASE_URL": url,
            "GITLEASE_BROKER_KEY_FILE": str(here / "seal-keys"),
        }
        with running_broker(files, github, **new) as broker:
            assert broker.ask("GET", LEASE, headers=held).json()["token"] == token
        page.section("Go back", old)
        with running_broker(files, github) as broker:
            assert broker.ask("GET", LEASE, headers=held).json()["token"] == token
        assert github.stats()["mints"] == 1
