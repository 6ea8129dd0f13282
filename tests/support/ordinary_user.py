"""An ordinary user of a machine on which the tests are root: what is given to them, and run as."""

import os
import shutil
from pathlib import Path

from gitlease.emulator import GitHub

UID = 65534
_BECOME = """\
import os, sys
os.setgroups([]); os.setgid(65534); os.setuid(65534)
os.execvp(sys.argv[1], sys.argv[1:])
"""
# Before a command: run it as that user.
AS_USER = ["/usr/bin/python3", "-c", _BECOME]


def give(folder: Path) -> None:
    """Make *folder* and all that is in it that user's."""
    for path in (folder, *folder.rglob("*")):
        os.chown(path, UID, UID, follow_symlinks=False)


def trust(home: Path, github: GitHub) -> dict[str, str]:
    """Copy *github*'s certificate out of its closed folder; return the variables that name it."""
    copy = shutil.copy(github.ca_file, home / "ca.pem")
    return dict.fromkeys(("GIT_SSL_CAINFO", "GITLEASE_CA_FILE", "SSL_CERT_FILE"), str(copy))
