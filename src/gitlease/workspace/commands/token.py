"""
Print a valid token, for programs that run no credential helper.

The cache answers if it can; otherwise the sources are asked.  Nothing but the token is printed.
"""

from __future__ import annotations

import json
import os
import sys
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from gitlease.model.redaction import printable
from gitlease.workspace.commands import scope_options
from gitlease.workspace.fetching import renewal_for
from gitlease.workspace.settings import load

if TYPE_CHECKING:
    import argparse

EXAMPLE = "gitlease token --repo acme/app --min-ttl 1800"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options to *parser*."""
    scope_options.add(
        parser,
        owner="a token for all of this owner's repositories",
        repo="a token for this repository",
    )
    parser.add_argument(
        "--min-ttl", metavar="S", type=seconds, help="seconds it must live (default: 600)"
    )
    parser.add_argument(
        "--json", action="store_true", help="print token, expires_at, expires_in, username, source"
    )


def run(args: argparse.Namespace) -> int:
    """Print the token; return 0, or raise why there is none."""
    settings = load(os.environ)
    if settings.problem:
        print(f"gitlease: {settings.problem}", file=sys.stderr)
    renewal = renewal_for(settings, os.environ)
    outcome = renewal.get(scope_options.target_of(args, settings), min_ttl=args.min_ttl)
    if outcome.warning:
        print(f"gitlease: {printable(outcome.warning, 600)}", file=sys.stderr)
    token = outcome.token
    if not args.json:
        print(token.secret.reveal())
        return 0
    expires = token.expires_at
    shown = {
        "token": token.secret.reveal(),
        "expires_at": None
        if expires is None
        else f"{datetime.fromtimestamp(int(expires), UTC):%Y-%m-%dT%H:%M:%SZ}",
        "expires_in": None if expires is None else int(expires - time.time()),
        "username": token.username,
        "source": token.source,
    }
    print(json.dumps(shown))
    return 0


def seconds(text: str) -> float:
    """Read a number of seconds; raise `ValueError` for one that is negative or endless."""
    value = float(text)
    if not 0 <= value < float("inf"):
        raise ValueError
    return value
