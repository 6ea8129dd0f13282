"""How sub-commands are added to a parser: each with a line of help, an example and `--config`."""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from gitlease.broker.settings import load

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gitlease.broker.settings import Settings

# Who did it, in the journal.
BY: Final = "command line"


class Words:
    """The words that may come next on the command line."""

    def __init__(self, subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
        self._subparsers = subparsers

    def group(self, name: str, what: str) -> Words:
        """Add a word that more words follow."""
        parser = self._subparsers.add_parser(name, help=what, description=what)
        return Words(parser.add_subparsers(metavar="ACTION", required=True))

    def add(
        self,
        name: str,
        what: str,
        example: str,
        do: Callable[[argparse.Namespace, Mapping[str, str]], Any],
        *,
        is_blocking: bool = False,
    ) -> argparse.ArgumentParser:
        """
        Add a word that does something, and return its parser.

        *do* is a coroutine function, or with *is_blocking* a plain one; it gets the arguments
        and the environment and returns the exit code.
        """
        parser = self._subparsers.add_parser(
            name,
            help=what,
            description=what,
            epilog=f"example:\n  {example}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        parser.add_argument("--config", type=Path, metavar="FILE", help="TOML file of settings")
        parser.set_defaults(do=do if is_blocking else lambda args, env: asyncio.run(do(args, env)))
        return parser


def settings_of(args: argparse.Namespace, env: Mapping[str, str]) -> Settings:
    """Return the settings that `--config` and *env* describe; raise `SettingsError`."""
    return load(env, args.config)
