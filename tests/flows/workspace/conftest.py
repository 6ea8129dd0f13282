"""Give each test a GitHub of its own and a workspace with gitlease installed."""

from collections.abc import Iterator

import pytest

from gitlease.emulator import GitHub
from tests.support.evil import Evil
from tests.support.machines import Machine
from tests.support.streets import Street


@pytest.fixture
def github() -> Iterator[GitHub]:
    with GitHub() as running:
        yield running


@pytest.fixture
def street(machine: Machine, github: GitHub) -> Iterator[Street]:
    """A workspace to which every host but GitHub's is evil, and given all that it asks for."""
    with Evil(github.proxy_url) as evil:
        yield Street.on(machine, github, evil)
