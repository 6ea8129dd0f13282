"""Give the emulator's flows a world, and a folder from which git and gh reach it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gitlease.emulator import GitHub
from tests.flows.emulator.clients import Workplace

HERE = Path(__file__).parent
SEED = {
    "installations": [{"owner": "acme"}, {"owner": "other"}],
    "repositories": [
        {
            "name": "acme/app",
            "wiki": True,
            "description": "The product",
            "files": {"src/main.txt": "main\n"},
            "pulls": [{"title": "Add a thing", "head": "feature"}],
        },
        {
            "name": "acme/whole",
            "submodules": [
                {"path": "libs/ours", "url": "https://github.com/acme/app"},
                {"path": "libs/theirs", "url": "https://github.com/other/lib.git"},
            ],
        },
        {"name": "acme/assets", "lfs": {"big.bin": 300_000, "small.bin": 10}},
        {"name": "acme/site", "private": False},
        {"name": "other/lib"},
    ],
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the emulator's clients hold their tokens as they like: in URLs, in scripts."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.plants("(argv|file|stdout) .*"))


@pytest.fixture
def github() -> Iterator[GitHub]:
    """Return a running world of its own; after the test it must report no bug in itself."""
    with GitHub(SEED) as running:
        yield running
    assert running.stats()["errors"] == []


@pytest.fixture
def workplace(github: GitHub, home: Path, tmp_path: Path) -> Workplace:
    """Return a folder in which git and gh reach *github* at its real address."""
    return Workplace(github, home, tmp_path)
