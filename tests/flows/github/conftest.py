"""Give each test a GitHub of its own."""

from collections.abc import Iterator

import pytest

from gitlease.emulator import GitHub


@pytest.fixture
def github() -> Iterator[GitHub]:
    with GitHub() as running:
        yield running
