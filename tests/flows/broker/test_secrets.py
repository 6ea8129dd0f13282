"""A stolen database, log, process list or journal yields no token, bearer or key that works."""

import base64
import contextlib
import random
import secrets
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gitlease.emulator import GitHub
from tests.support.brokers import GITLEASE, Broker, broker_env, running_broker
from tests.support.busy_fleet import PLANTED, Fleet, key_material, sealing_keys
from tests.support.canaries import Canaries, command_lines, files, forms
from tests.support.crooked_github import crooked_github
from tests.support.postgres import Postgres, server

# What is secret by its nature, and mode 0600 for that.
KEPT = {"admin-token", "broker.sqlite.key", "keys", "app.pem"}


class Fortress:
    """A fleet, and everything that a thief might read of it."""

    def __init__(self, fleet: Fleet, folder: Path, key_file: Path) -> None:
        self.fleet = fleet
        self.folder = folder
        self.key_file = key_file
        self.postgres: Postgres | None = None

    def places(self) -> dict[str, bytes]:
        found = files([self.folder], but=KEPT)
        if self.postgres is not None:
            self.postgres.sql("CHECKPOINT")
            found |= files([self.postgres._data])
            found["dump"] = self.postgres.dump("postgres").encode()
        else:
            with contextlib.closing(sqlite3.connect(self.folder / "broker.sqlite")) as database:
                found["dump"] = "\n".join(database.iterdump()).encode()
        return found


@pytest.fixture(params=["sqlite", "postgresql"])
def fortress(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Fortress]:
    folder = tmp_path / "broker"
    config = tmp_path / "config.toml"
    with GitHub() as github, crooked_github() as crooked, contextlib.ExitStack() as stack:
        crooked.tiny.install("crooked", 8)
        app = crooked.env(tmp_path)
        config.write_text(
            f'[[apps]]\nid = "123"\nprivate_key_files = ["{app["GITLEASE_PRIVATE_KEY_FILE"]}"]\n'
            f'api_url = "{crooked.url}"\n'
        )
        env = {"GITLEASE_BROKER_CONFIG": str(config), "GITLEASE_BROKER_OPEN_ENROLMENT": "true"}
        key_file, postgres = folder / "broker.sqlite.key", None
        if request.param == "postgresql":
            postgres = stack.enter_context(server())
            key_file = tmp_path / "keys"
            key_file.write_bytes(base64.urlsafe_b64encode(secrets.token_bytes(32)))
            key_file.chmod(0o600)
            env |= {
                "GITLEASE_BROKER_DATABASE_URL": postgres.url(),
                "GITLEASE_BROKER_KEY_FILE": str(key_file),
            }
            migrate(folder, github, env)
        broker = stack.enter_context(running_broker(folder, github, **env))
        made = Fortress(
            Fleet(broker, github, crooked, lambda words: run(broker, postgres, words)),
            folder,
            key_file,
        )
        made.postgres = postgres
        for pem in (github.private_key_file, tmp_path / "app.pem"):
            key_material(made.fleet.canaries, pem)
        yield made


def migrate(folder: Path, github: GitHub, env: dict[str, str]) -> None:
    whole = broker_env(folder, github) | env
    subprocess.run([GITLEASE, "broker", "migrate"], check=True, env=whole, capture_output=True)


def run(broker: Broker, postgres: Postgres | None, words: str) -> None:
    if postgres is not None:
        postgres.sql(words)
        return
    file = broker.admin_token_file.parent / "broker.sqlite"
    with contextlib.closing(sqlite3.connect(file, timeout=20)) as database:
        database.execute(words)
        database.commit()


def test_nothing_that_a_thief_can_read_opens_a_door(fortress: Fortress) -> None:
    fleet, canaries = fortress.fleet, fortress.fleet.canaries
    fleet.live()
    sealing_keys(canaries, fortress.key_file)
    while_running = fortress.places() | command_lines(fleet.broker.process.pid) | fleet.shown
    assert canaries.found_in(while_running) == {}
    assert fleet.broker.stop() == 0
    assert canaries.found_in(fortress.places()) == {}
    # The same search, in the same places, finds what is there.
    planted = Canaries()
    planted.add("planted", PLANTED)
    found = set(planted.found_in(while_running))
    assert {"dump", "journal", str(fortress.folder / "log")} <= found
    rows = [name for name in found if name.endswith("broker.sqlite-wal") or "/base/" in name]
    assert rows
    assert any(b"serve" in line for name, line in while_running.items() if "argv" in name)
    assert b"gitlease_leases_total" in while_running["/metrics"]


@pytest.mark.parametrize("form", forms(b"x" * 20))
def test_the_search_finds_a_secret_in_any_form(form: str) -> None:
    secret = "ghs_" + secrets.token_urlsafe(40)
    for shift in range(6):
        noise = random.Random(shift).randbytes(10_000 + shift)
        for piece in (secret[12:32], secret[-20:]):
            planted = noise + forms(piece.encode())[form] + noise
            canaries = Canaries()
            canaries.add("token", secret)
            assert canaries.found(noise) == []
            assert any("token" in one for one in canaries.found(planted))


def test_the_search_finds_whole_secrets_in_base64_at_any_place() -> None:
    secret = "ghs_" + secrets.token_urlsafe(40)
    canaries = Canaries()
    canaries.add("token", secret)
    for shift in range(3):
        assert canaries.found(base64.b64encode(b"x" * shift + secret.encode() + b"y"))
        assert canaries.found(base64.urlsafe_b64encode(b"x" * shift + secret.encode() + b"y"))


def test_the_search_reads_the_arguments_of_children_too() -> None:
    canaries = Canaries()
    canaries.add("planted", PLANTED)
    program = "import subprocess, sys; subprocess.run(['cat', *sys.argv[1:]])"
    words = [sys.executable, "-c", program, "-", PLANTED]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        end = time.monotonic() + 20
        while len(found := canaries.found_in(command_lines(process.pid))) < 2:
            assert time.monotonic() < end, found
        process.communicate()
