"""
Print what a shell has to evaluate so that its git and gh find their tokens.

With the scope `env` that is all of git's wiring; otherwise it is the PATH to our gh.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from gitlease.workspace.settings import load
from gitlease.workspace.shell.templates import quote
from gitlease.workspace.surroundings import additions

if TYPE_CHECKING:
    import argparse

EXAMPLE = 'eval "$(gitlease env)"'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options to *parser*."""
    parser.add_argument("--json", action="store_true", help="print an object of name and value")


def run(args: argparse.Namespace) -> int:
    """Print the variables; return 0."""
    found = additions(load(os.environ), os.environ)
    if args.json:
        print(json.dumps(found))
        return 0
    for name, value in found.items():
        print(f"export {name}={quote(value)}")
    return 0
