"""Who is ended while it changes git's config leaves no lock behind."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

CHANGE = """
import os, sys
from pathlib import Path
from gitlease.workspace.install.configfile import ConfigFile
with ConfigFile(Path(sys.argv[1])) as config:
    os.kill(os.getpid(), int(sys.argv[2]))
    config.replace("[user]\\n\\tname = b\\n")
print("alive")
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_waits_until_the_lock_is_gone(home: Path, number: signal.Signals) -> None:
    """git and every later installation would take the lock for one that is held."""
    config = home / ".gitconfig"
    config.write_text("[user]\n\tname = a\n")
    command = [sys.executable, "-c", CHANGE, str(config), str(int(number))]
    ran = subprocess.run(command, capture_output=True, timeout=60, check=False)
    assert (ran.returncode, ran.stdout) == (-number, b"")
    assert config.read_text() == "[user]\n\tname = b\n"
    assert [path.name for path in home.iterdir()] == [".gitconfig"]
