"""A probe asks `gitlease status` every few seconds: it has to be cheap."""

import re
import subprocess
import sys
from pathlib import Path

from tests.support.environment import CHECKOUT

# Each takes longer to load than the report to make.
HEAVY = {"asyncio", "cryptography", "email", "http.client", "jwt", "socket", "ssl", "subprocess"}


def test_status_loads_nothing_that_it_does_not_need(tmp_path: Path) -> None:
    main = str(CHECKOUT / "src/gitlease/__main__.py")
    ran = subprocess.run(
        [sys.executable, "-I", "-S", "-X", "importtime", main, "status"],
        env={"HOME": str(tmp_path)},
        capture_output=True,
        check=False,
    )
    assert ran.stdout.startswith(b"broken: git at github.com")
    imported = set(re.findall(r"\| +([\w.]+)$", ran.stderr.decode(), re.MULTILINE))
    assert "gitlease.workspace.status" in imported
    assert imported & HEAVY == set()
