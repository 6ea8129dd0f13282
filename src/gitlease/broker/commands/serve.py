"""`gitlease broker serve`: run the service."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

from gitlease.broker import setting_values as values
from gitlease.broker.commands.words import settings_of

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

    from gitlease.broker.commands.words import Words


def add_to(words: Words) -> None:
    """Add the sub-command."""
    parser = words.add(
        "serve",
        "run the service until SIGTERM; prints a line of JSON (url, admin_token_file) when ready",
        "gitlease broker serve --port 8080",
        run,
        is_blocking=True,
    )
    parser.add_argument("--host", help="address to listen on (default: 127.0.0.1)")
    parser.add_argument("--port", help="port to listen on (0: a free one; default: 8080)")


def run(args: argparse.Namespace, env: Mapping[str, str]) -> int:
    """Serve; return the exit code."""
    from gitlease.broker.server import serve  # noqa: PLC0415 - Granian, for this command alone

    settings = settings_of(args, env)
    if args.host is not None:
        settings = replace(settings, host=values.text("--host", args.host))
    if args.port is not None:
        settings = replace(settings, port=values.port("--port", args.port))
    return serve(settings, args.config, os.environ, lambda line: print(line, flush=True))
