"""A desk under each shell, for those who sit at one."""

import os
from pathlib import Path

import pytest

from gitlease.workspace import folders
from gitlease.workspace.shell import templates
from tests.support.desks import MAIN, SHELLS, Desk, install, keep, put_gh
from tests.support.environment import missing
from tests.support.parts import settings


@pytest.fixture(params=sorted(SHELLS))
def shell(request: pytest.FixtureRequest) -> list[str]:
    [name, *_] = words = SHELLS[request.param]
    return (
        words
        if any(os.access(f"{folder}/{name}", os.X_OK) for folder in ("/bin", "/usr/bin"))
        else missing(f"{name} is not installed")
    )


@pytest.fixture
def desk(shell: list[str], home: Path) -> Desk:
    mine = install(settings(home))
    keep(mine, "github.com")
    real = put_gh(home / "real")
    return Desk(shell, mine, real, [mine.shim.parent, real.parent])


@pytest.fixture
def asked(desk: Desk, home: Path) -> Path:
    """A file with the words with which Python was started, as a stub notes them."""
    noted = home / "asked"
    stub = home / "python"
    stub.write_text(f'#!/bin/sh\necho "$GITLEASE_HOME" "$@" >>{noted}\ncat >>{noted}\nexit 1\n')
    stub.chmod(0o700)
    text = templates.gh_shim(desk.settings, python=str(stub), main=MAIN)
    folders.write_whole(desk.settings.shim, text.encode(), mode=0o700)
    (desk.settings.home / "run" / "refresher.wanted").touch()
    return noted
