"""
Show it all working on this machine, without a network.

Starts an emulated GitHub with short-lived tokens, installs gitlease into a temporary home, and lets
git clone, push and fetch across an expiry and a revocation. Then a broker serves three workspaces,
each what it is granted, and a script runs git and gh over several lives of its token. Exits 1 if
anything failed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from gitlease.demo import agent_act, broker_act, workspace_act
from gitlease.demo.stage import Stage
from gitlease.demo.tale import Tale
from gitlease.emulator import GitHub

if TYPE_CHECKING:
    import argparse
    from typing import Any

EXAMPLE = "gitlease demo"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options to *parser*."""
    parser.add_argument(
        "--repository",
        metavar="DIR",
        type=Path,
        default=Path(),
        help="a git repository whose history the private one begins with (default: this folder)",
    )


def run(args: argparse.Namespace) -> int:
    """Play the story; return 1 if anything in it failed."""
    folder = Path(tempfile.mkdtemp(prefix="gitlease-demo-"))
    try:
        with GitHub(seed(args.repository), directory=folder / "github") as github:
            tale = Tale()
            key = {
                "GITLEASE_APP_ID": str(github.app_id),
                "GITLEASE_PRIVATE_KEY_FILE": str(github.private_key_file),
            }
            stage = Stage(tale, github, folder / "home", os.environ, **key)
            workspace_act.play(stage)
            stage.print_table()
            broker_act.play(tale, github, folder, os.environ)
            agent_act.play(tale, github, folder, os.environ)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(f"\n  {tale.commands} git commands, failures: {tale.failures}")
    return 1 if tale.failures else 0


def seed(repository: Path) -> dict[str, Any]:
    """Return the world of the story: two organizations, the first with *repository*'s history."""
    app: dict[str, Any] = {"name": "acme/app"}
    asked = ["git", "-C", str(repository), "rev-parse", "--verify", "--quiet", "HEAD"]
    found = subprocess.run(asked, capture_output=True, check=False)
    if found.returncode == 0:
        app["from"] = str(repository.resolve())
    return {
        "installations": [{"owner": "acme"}, {"owner": "other"}],
        "repositories": [
            app,
            {"name": "other/lib"},
            {
                "name": "acme/outer",
                "submodules": [{"path": "lib", "url": "https://github.com/other/lib"}],
            },
        ],
    }
