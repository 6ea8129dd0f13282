"""An App, its key, and a GitHub that knows it."""

from pathlib import Path

import pytest

from gitlease.workspace.settings import Settings
from tests.support.parts import Clock, settings
from tests.support.tiny_github import KEY_PEM, TinyGitHub


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def github(clock: Clock) -> TinyGitHub:
    world = TinyGitHub(clock)
    world.install("Acme", 7)
    return world


@pytest.fixture
def mine(home: Path) -> Settings:
    key = home / "app.pem"
    key.write_bytes(KEY_PEM)
    made = settings(home, app_id="123", private_key_file=str(key))
    made.home.mkdir(mode=0o700)
    return made
