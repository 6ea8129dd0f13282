"""
What somebody who means harm would have gitlease find: a token, settings and programs of theirs.

All of it may belong to the victim, as a repository does that the victim has cloned under a narrow
umask; only the place where gitlease would find it does not.
"""

import os
from pathlib import Path

from gitlease.model.frozen import replace
from gitlease.model.tokens import Secret, Token
from gitlease.workspace import clocks
from gitlease.workspace.cache import Cache
from gitlease.workspace.settings import Settings

FORGED = "ghs_forgedForgedForgedForgedForgedForged"
EVIL = "https://evil.example.com"
# Somebody who runs it has lost; it says so into the file that the variable names.
PROGRAM = '#!/bin/sh\n[ -z "$LOST" ] || echo lost >>"$LOST"\n'
NAMES = ("github.com", "github.com~acme", "github.com~acme~app")


def forge(home: Path, settings: Settings) -> None:
    """Make in *home* all that gitlease reads, as it would be under the victim's *settings*."""
    home.mkdir(mode=0o700)
    mine = replace(settings, home=home)
    now = clocks.read()
    token = Token(Secret(FORGED), now.wall + 3600, now.wall, source="forged")
    for name in NAMES:
        Cache(mine).put(name, token, now, for_all=True)
    for folder in ("bin", "run", "log"):
        (home / folder).mkdir(mode=0o700)
    files = {
        "settings.toml": f"api_url = '{EVIL}'\n",
        "run/python-path": f"{home}\n",
        "run/status.json": "{}",
        "log/gitlease.log": "a diary\n",
        "bin/git-credential-gitlease": PROGRAM,
        "bin/gitlease-refresher": PROGRAM,
        "jwt.py": f"open({str(home / 'lost')!r}, 'w').close()\n",
    }
    for name, text in files.items():
        (home / name).write_text(text)
        (home / name).chmod(0o700 if name.startswith("bin/") else 0o600)


def give(folder: Path, uid: int) -> None:
    """Make *folder* and all in it that user's."""
    for path in (folder, *folder.rglob("*")):
        os.chown(path, uid, uid, follow_symlinks=False)
