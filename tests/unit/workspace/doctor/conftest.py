"""Give checks a patient: an installed workspace, the real git, and nobody to ask."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gitlease.model.exchange import Request, Response
from gitlease.model.frozen import replace
from gitlease.workspace.doctor.git import Git
from gitlease.workspace.doctor.patient import Patient, Witness
from gitlease.workspace.install.plan import install
from gitlease.workspace.settings import load
from tests.support.machines import PATH


class Nobody:
    """Carries nothing."""

    def deadline(self, limit: float | None = None) -> float:
        """Return when it must end."""
        return limit or 0.0

    def exchange(self, request: Request, deadline: float) -> Response:
        """Fail."""
        raise AssertionError((request, deadline))


@pytest.fixture
def patient(home: Path) -> Callable[..., Patient]:
    """Return a function that looks at this home's workspace anew, with further settings."""
    env = {"HOME": str(home), "PATH": PATH, "GIT_CONFIG_NOSYSTEM": "1"}
    install(load(env), env)

    def look(folder: Path = home, **values: Any) -> Patient:
        mine = replace(load(env), **values)
        return Patient(mine, env, folder, Git(env, folder), Witness(Nobody()))

    return look
