"""The workspace that a test asks for, on its machine and beside its GitHub."""

import pytest

from gitlease.emulator import GitHub
from tests.support.machines import Machine
from tests.support.workspaces import Workspace


@pytest.fixture
def bare_workspace(machine: Machine, github: GitHub) -> Workspace:
    """A home in which nothing is installed yet."""
    return Workspace.on(machine, github)


@pytest.fixture
def workspace(bare_workspace: Workspace) -> Workspace:
    """A home in which `gitlease install` has run."""
    bare_workspace.gitlease("install", "--offline", "--strict")
    return bare_workspace
