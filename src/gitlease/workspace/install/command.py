"""
Give this workspace's git its credential helper, and fetch the first token.

Every step says what it did; none stops the others, and the exit code is 0 unless --strict.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from gitlease.workspace.install import options
from gitlease.workspace.install.plan import install_from

if TYPE_CHECKING:
    import argparse

EXAMPLE = "GITLEASE_APP_ID=123 GITLEASE_PRIVATE_KEY_FILE=/run/secrets/app.pem gitlease install"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options to *parser*."""
    options.add(parser)
    parser.add_argument(
        "--offline",
        action="store_true",
        help="ask nobody and start nothing, as when an image is built",
    )
    parser.add_argument("--dry-run", action="store_true", help="say what would be done")
    parser.add_argument("--strict", action="store_true", help="exit 1 if a step failed")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")


def run(args: argparse.Namespace) -> int:
    """Install and print the report; return the exit code."""
    env = options.merged(args, os.environ)
    report = install_from(env, offline=args.offline, dry_run=args.dry_run)
    print(json.dumps(report.as_json(), indent=2) if args.json else report)
    return 1 if args.strict and report.failed else 0
