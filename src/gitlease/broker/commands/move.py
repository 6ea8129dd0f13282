"""`gitlease broker move`: from SQLite to PostgreSQL, once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from gitlease.broker import setting_values as values
from gitlease.broker.commands.words import settings_of
from gitlease.broker.store import Store
from gitlease.model.errors import SettingsError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

    from gitlease.broker.commands.words import Words
    from gitlease.broker.settings import Settings
    from gitlease.broker.store import Moved

# Its URL has a password, so it is no word of the command line.
TO: Final = "GITLEASE_BROKER_MOVE_TO"


def add_to(words: Words) -> None:
    """Add the sub-command."""
    parser = words.add(
        "move",
        "move all that the broker keeps from SQLite to an empty PostgreSQL; nobody may serve it",
        f"{TO}=postgresql://db/gitlease gitlease broker move",
        run,
    )
    parser.add_argument(
        "--to-file", type=Path, metavar="FILE", help=f"where the new database's URL is (or {TO})"
    )
    parser.add_argument(
        "--undo",
        action="store_true",
        help="let SQLite be served again, as it was when it was moved; it says what that leaves",
    )


async def run(args: argparse.Namespace, env: Mapping[str, str]) -> int:
    """Move, or take that back; say what has to be done next."""
    settings = settings_of(args, env)
    if args.undo:
        where = Store.undo_move(settings.store_url)
        print(f"it is served again, without all that was done since at {where}")
        print(f"next: stop every broker on {where}, and revoke again what was revoked there")
        return 0
    done = await Store.move(settings.store_url, _target(args.to_file, env))
    rows = ", ".join(f"{name} {count}" for name, count in done.rows.items())
    print(f"moved to {done.to}: {rows}")
    print(_next(settings, done))
    return 0


def _target(file: Path | None, env: Mapping[str, str]) -> str:
    if file is None:
        if not env.get(TO):
            raise SettingsError(
                "no database is named to move to",
                hint=f"set {TO} to its URL, or name a file that holds it: --to-file FILE",
            )
        return values.secret(TO, env[TO]).reveal()
    try:
        held = file.read_text("utf-8").strip()
    except (OSError, UnicodeError) as failed:
        said = getattr(failed, "strerror", None) or "it is no text"
        raise SettingsError(f"{file} cannot be read: {said}", hint="correct --to-file") from None
    return values.secret(str(file), held).reveal()


def _next(settings: Settings, done: Moved) -> str:
    key = settings.key_file or done.key_file
    return (
        "next: on every replica set GITLEASE_BROKER_DATABASE_URL to it, and "
        f"GITLEASE_BROKER_KEY_FILE to a copy of {key}; {done.file} is served no more"
    )
