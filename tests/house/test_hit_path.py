"""What stands on the way of every git command stays small."""

import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gitlease.model.tokens import Secret, Token
from gitlease.workspace import clocks
from gitlease.workspace.cache import Cache
from gitlease.workspace.settings import Settings
from tests.support.environment import CHECKOUT

# Each would add more time than the answer takes.
HEAVY = {
    "argparse",
    "asyncio",
    "http.client",
    "importlib.resources",
    "jwt",
    "site",
    "socket",
    "ssl",
    "subprocess",
}


@pytest.mark.parametrize("refreshed", [False, True])
def test_an_answer_from_the_cache_imports_nothing_heavy(tmp_path: Path, *, refreshed: bool) -> None:
    """Where no shell can read the clocks, Python answers each time, and looks for the refresher."""
    home = tmp_path / "home"
    (home / "run").mkdir(mode=0o700, parents=True)
    home.chmod(0o700)
    if refreshed:
        (home / "run" / "refresher.wanted").touch()
    now = time.time()
    token = Token(Secret("ghs_x"), now + 3600, now, source="test")
    Cache(Settings(home)).put("github.com~acme", token, clocks.read(), for_all=True)
    ran = subprocess.run(
        [
            sys.executable,
            "-I",
            "-S",
            "-X",
            "importtime",
            CHECKOUT / "src/gitlease/__main__.py",
            "credential",
            "get",
        ],
        input=b"protocol=https\nhost=github.com\npath=acme/app\n\n",
        env={"GITLEASE_HOME": str(home)},
        capture_output=True,
        check=True,
    )
    assert b"password=ghs_x\n" in ran.stdout
    imported = set(re.findall(r"\| +([\w.]+)$", ran.stderr.decode(), re.MULTILINE))
    assert "gitlease.workspace.cache" in imported
    assert ("gitlease.workspace.daemon" in imported) is refreshed
    assert imported & HEAVY == set()
