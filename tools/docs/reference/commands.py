"""Every command with what its `--help` says, from the parsers themselves."""

from __future__ import annotations

import argparse
import inspect
from importlib import import_module
from typing import TYPE_CHECKING

from gitlease import cli
from tools.docs.reference.tables import code, table, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator


def commands() -> str:
    """Return a chapter for each command, and under it one for each of its sub-commands."""
    return "\n".join(
        chapter
        for name, (module, _) in cli.COMMANDS.items()
        for chapter in _chapters(cli.command_parser(name, import_module(module)), 2)
    )


def _chapters(parser: argparse.ArgumentParser, level: int) -> Iterator[str]:
    inner = [one for one in parser._actions if isinstance(one, argparse._SubParsersAction)]
    # A group of words alone says nothing that its words do not.
    if not inner or level == 2:
        yield _chapter(parser, level)
    for group in inner:
        for under in group.choices.values():
            yield from _chapters(under, 3)


def _chapter(parser: argparse.ArgumentParser, level: int) -> str:
    example = inspect.cleandoc((parser.epilog or "").partition("example:\n")[2].strip())
    examples = "".join(f"$ {line.strip()}\n" for line in example.splitlines())
    rows = [_row(one) for one in parser._actions if _is_told(one)]
    told = table(["argument", "what"], rows) + "\n" if rows else ""
    description = text_of(parser.description)
    if not description.endswith((".", "`")):
        description += "."
    return (
        f"{'#' * level} {parser.prog}\n\n{description[0].upper()}{description[1:]}\n\n"
        f"{told}```console\n{examples}```\n"
    )


def _is_told(action: argparse.Action) -> bool:
    return not isinstance(action, (argparse._HelpAction, argparse._SubParsersAction))


def _row(action: argparse.Action) -> tuple[str, str]:
    value = action.metavar if isinstance(action.metavar, str) else ""
    if not value and action.choices:
        value = "{" + ",".join(map(str, action.choices)) + "}"
    if not value and action.nargs != 0:
        value = action.dest if not action.option_strings else action.dest.upper()
    name = " ".join(filter(None, [", ".join(action.option_strings), value]))
    help_text = action.help or ""
    if action.option_strings and action.required:
        help_text = f"{help_text} (needed)".strip()
    return code(name), help_text
