"""Put back what was there before `gitlease install`, byte for byte."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from gitlease.workspace.install.plan import uninstall
from gitlease.workspace.settings import load

if TYPE_CHECKING:
    import argparse

EXAMPLE = "gitlease uninstall"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options to *parser*."""
    parser.add_argument("--json", action="store_true", help="print the report as JSON")


def run(args: argparse.Namespace) -> int:
    """Uninstall and print the report; return 1 if a step failed."""
    report = uninstall(load(os.environ), os.environ)
    print(json.dumps(report.as_json(), indent=2) if args.json else report)
    return 1 if report.failed else 0
