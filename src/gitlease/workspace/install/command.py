"""
Give this workspace's git its credential helper.

Every step says what it did; none stops the others, and the exit code is 0 unless --strict.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from gitlease.workspace.install.plan import install_from

if TYPE_CHECKING:
    import argparse

EXAMPLE = "GITLEASE_APP_ID=123 GITLEASE_PRIVATE_KEY_FILE=/run/secrets/app.pem gitlease install"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options to *parser*."""
    parser.add_argument("--strict", action="store_true", help="exit 1 if a step failed")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")


def run(args: argparse.Namespace) -> int:
    """Install and print the report; return the exit code."""
    report = install_from(os.environ)
    print(json.dumps(report.as_json(), indent=2) if args.json else report)
    return 1 if args.strict and report.failed else 0
