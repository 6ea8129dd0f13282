"""
Look for the real causes of trouble with git and gh here, and say how to mend each.

It changes nothing.  Run it in the repository that makes trouble: its remotes and its own config are
looked at too.  Exit codes: 0 nothing found, 1 something found, 2 the settings cannot be used.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

from gitlease.workspace.doctor.examination import examine
from gitlease.workspace.settings import load

if TYPE_CHECKING:
    import argparse

EXAMPLE = "gitlease doctor --json"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options to *parser*."""
    parser.add_argument("--json", action="store_true", help="print the findings as JSON")
    parser.add_argument("--verbose", action="store_true", help="also say what is good to know")


def run(args: argparse.Namespace) -> int:
    """Print the findings; return 0 if there are none, else 1."""
    diagnosis = examine(load(os.environ), os.environ, _here())
    if args.json:
        print(json.dumps(diagnosis.as_json(), indent=2))
    else:
        for line in diagnosis.lines(notes=args.verbose):
            print(line)
    return 1 if diagnosis.findings else 0


def _here() -> Path:
    try:
        return Path.cwd()
    except FileNotFoundError:
        # The folder was removed under us; the workspace can be looked at all the same.
        return Path("/")
