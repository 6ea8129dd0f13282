"""Several brokers on one PostgreSQL database, as an operator sets them up."""

import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path

from gitlease.emulator import GitHub
from tests.support.brokers import GITLEASE, Broker, broker_env, running_broker
from tests.support.postgres import Postgres
from tests.support.stores import KEY


def database_env(folder: Path, postgres: Postgres) -> dict[str, str]:
    """Make a database with tables; return the variables by which a broker finds it."""
    folder.mkdir(parents=True, exist_ok=True)
    key_file = folder / "keys"
    key_file.touch(mode=0o600)
    key_file.write_text(KEY.reveal())
    env = {
        "GITLEASE_BROKER_DATABASE_URL": postgres.url(postgres.create()),
        "GITLEASE_BROKER_KEY_FILE": str(key_file),
    }
    subprocess.run(
        [GITLEASE, "broker", "migrate"],
        check=True,
        env=broker_env(folder) | env,
        stdout=subprocess.DEVNULL,
        timeout=60,
    )
    return env


@contextlib.contextmanager
def replicas(
    folder: Path, github: GitHub, postgres: Postgres, count: int
) -> Iterator[list[Broker]]:
    """Run *count* brokers; they share *folder*, where the admin token is, and the database."""
    env = database_env(folder, postgres)
    with contextlib.ExitStack() as running:
        yield [running.enter_context(running_broker(folder, github, **env)) for _ in range(count)]
