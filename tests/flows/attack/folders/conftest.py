"""Give each test the workspaces of the other flows, and one GitHub for all: it is not attacked."""

from collections.abc import Iterator

import pytest

from gitlease.emulator import GitHub
from tests.support.machines import Machine
from tests.support.workspaces import Workspace


@pytest.fixture(scope="module")
def github() -> Iterator[GitHub]:
    with GitHub() as running:
        yield running


@pytest.fixture
def bare_workspace(machine: Machine, github: GitHub) -> Workspace:
    """A home in which nothing is installed yet."""
    return Workspace.on(machine, github)


@pytest.fixture
def workspace(bare_workspace: Workspace) -> Workspace:
    """A home in which `gitlease install` has run."""
    bare_workspace.gitlease("install", "--offline", "--strict")
    return bare_workspace
