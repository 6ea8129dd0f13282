"""
The service that gives each workspace just the token it may have.

Settings come from GITLEASE_BROKER_… variables and a TOML file; the actions below talk to the
database, whether the service runs or not.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from gitlease.broker.commands import (
    admin_token,
    check,
    enrolment,
    journal,
    keys,
    migrate,
    move,
    serve,
    token,
    workspace,
)
from gitlease.broker.commands.words import Words

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence
    from types import ModuleType

EXAMPLE = """\
gitlease broker serve
  gitlease broker workspace add ws-1 --owner acme --repo app --permission contents=write
  gitlease broker journal --fingerprint FINGERPRINT"""

_COMMANDS: Final[Sequence[ModuleType]] = (
    serve,
    migrate,
    move,
    workspace,
    enrolment,
    token,
    journal,
    keys,
    admin_token,
    check,
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the sub-commands to *parser*."""
    words = Words(parser.add_subparsers(metavar="ACTION", required=True))
    for module in _COMMANDS:
        module.add_to(words)


def run(args: argparse.Namespace) -> int:
    """Do what the chosen sub-command says; return its exit code."""
    code: int = args.do(args, os.environ)
    return code
