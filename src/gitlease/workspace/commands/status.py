"""
Tell how this workspace is, without changing or asking anything.

Exit codes: 0 healthy, 1 degraded but serving, 2 broken.  As a container's health check, which knows
0 and 1 only: `gitlease status || [ $? -lt 2 ]`.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from gitlease.workspace.settings import load
from gitlease.workspace.status import examine

if TYPE_CHECKING:
    import argparse

EXAMPLE = "gitlease status --json"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options to *parser*."""
    parser.add_argument("--json", action="store_true", help="print the report as JSON")


def run(args: argparse.Namespace) -> int:
    """Print the report; return its level as the exit code."""
    status = examine(load(os.environ), os.environ)
    print(json.dumps(status.as_json(), indent=2) if args.json else status)
    return status.level
