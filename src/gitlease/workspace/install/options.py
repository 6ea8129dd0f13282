"""
The options of `install` and `run`: each is a setting, so that the next start remembers it.

They become the variables that the settings are read from; what the command line says wins.
"""

from __future__ import annotations

from os import fspath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping
    from os import PathLike


def add(parser: argparse.ArgumentParser) -> None:
    """Add the options to *parser*."""
    parser.add_argument(
        "--scope",
        choices=["user", "system", "env"],
        help="whose git is wired: this user's (default), every user's (as root), or none but that "
        'of a shell which runs `eval "$(gitlease env)"`',
    )
    parser.add_argument(
        "--rewrite-ssh", action="store_true", help="let git use https for remotes by SSH"
    )
    parser.add_argument("--identity", action="store_true", help="commit as the App's bot")
    parser.add_argument(
        "--compat",
        metavar="DIR",
        help="also write the older system's scripts into DIR, and keep ~/.gh_token fresh",
    )


def merged(args: argparse.Namespace, env: Mapping[str, str]) -> dict[str, str]:
    """Return *env* with what the options say."""
    return environment(
        env,
        args.scope,
        rewrite_ssh=args.rewrite_ssh,
        identity=args.identity,
        compat=args.compat,
    )


def environment(
    env: Mapping[str, str],
    scope: str | None,
    *,
    rewrite_ssh: bool,
    identity: bool,
    compat: str | PathLike[str] | None,
) -> dict[str, str]:
    """Return *env* with variables for what is not left to it."""
    said = dict(env)
    if scope is not None:
        said["GITLEASE_SCOPE"] = scope
    if rewrite_ssh:
        said["GITLEASE_REWRITE_SSH"] = "true"
    if identity:
        said["GITLEASE_IDENTITY"] = "true"
    if compat is not None:
        said["GITLEASE_COMPAT_DIR"] = fspath(compat)
        if env.get("HOME"):
            said.setdefault("GITLEASE_TOKEN_FILE", f"{env['HOME']}/.gh_token")
    return said
