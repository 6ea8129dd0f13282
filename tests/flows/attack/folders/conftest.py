"""Give each test the workspaces of the other flows, and one GitHub for all: it is not attacked."""

from collections.abc import Iterator

import pytest

from gitlease.emulator import GitHub


@pytest.fixture(scope="module")
def github() -> Iterator[GitHub]:
    with GitHub() as running:
        yield running
