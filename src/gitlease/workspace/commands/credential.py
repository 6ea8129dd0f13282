"""
git's credential helper; git runs it, with a request on standard input.

The installed program answers most requests without this; see gitcredentials(7).
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from gitlease.workspace import helper

if TYPE_CHECKING:
    import argparse

EXAMPLE = "printf 'protocol=https\\nhost=github.com\\n\\n' | gitlease credential get"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options to *parser*."""
    parser.add_argument("action", choices=["get", "store", "erase", "capability"])


def run(args: argparse.Namespace) -> int:
    """Run one action; return 0, since git does not look at it."""
    return helper.main([args.action], os.environ)
