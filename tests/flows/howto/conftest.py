"""Give each how-to a GitHub of its own, a broker, and an ordinary user with nothing installed."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gitlease.emulator import GitHub
from tests.support.brokers import Broker, running_broker
from tests.support.loops import end_below
from tests.support.machines import Machine
from tests.support.persons import Person
from tests.support.stages import Shell


@pytest.fixture
def github() -> Iterator[GitHub]:
    with GitHub() as running:
        yield running


@pytest.fixture
def broker(tmp_path: Path, github: GitHub) -> Iterator[Broker]:
    with running_broker(tmp_path / "broker", github) as running:
        yield running


@pytest.fixture
def person(machine: Machine, github: GitHub) -> Iterator[Person]:
    given = Person.on(machine, github, is_root=False)
    yield given
    end_below(given.home)


@pytest.fixture
def operator(person: Person, broker: Broker) -> Shell:
    """A shell where the broker runs; the containers see its folder."""
    folder = person.home / "here"
    folder.mkdir()
    return Shell(folder, dict(broker.env) | {"HOME": str(folder)})
