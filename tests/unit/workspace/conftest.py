"""Give the tests of the sh helper a program under each shell, beside the Python one."""

import shutil

import pytest

from tests.support.environment import missing
from tools.compare.pair import SHELLS, Pair


@pytest.fixture(params=sorted(SHELLS), scope="module")
def pair(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Pair:
    shell = SHELLS[request.param]
    if shutil.which(shell[0]) is None:
        missing(f"{shell[0]} is not installed")
    return Pair.make(tmp_path_factory.mktemp("home") / "state of 'ours'", shell)
