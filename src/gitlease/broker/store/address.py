"""The database's URL: SQLite in a file, or PostgreSQL."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from gitlease.model.errors import SettingsError

_HINT: Final = (
    "use `sqlite:////var/lib/gitlease/broker.db` or `postgresql://user:password@host/gitlease`"
)


@dataclass(frozen=True, slots=True)
class Address:
    """
    Where the database is: `file` for SQLite, otherwise `dsn` for PostgreSQL (it has a password).

    `name` may be shown to anyone.
    """

    name: str
    file: Path | None = None
    dsn: str = field(default="", repr=False)

    @classmethod
    def of(cls, url: str) -> Address:
        """
        Read *url*; raise `SettingsError`, which never quotes it, if it names no database of ours.

        What follows `?` in the URL of PostgreSQL is libpq's (`sslmode`, `sslrootcert`, `host` as
        the folder of a socket, …).
        """
        try:
            parsed = make_url(url)
        except (ArgumentError, ValueError):
            raise SettingsError("the database URL cannot be read", hint=_HINT) from None
        match parsed.drivername.partition("+")[0]:
            case "sqlite" if parsed.database and parsed.database != ":memory:":
                file = Path(parsed.database).absolute()
                return cls(f"SQLite at {file}", file)
            case "sqlite":
                raise SettingsError("a database in memory would forget the journal", hint=_HINT)
            case "postgresql" | "postgres":
                plain = parsed.set(drivername="postgresql")
                name = f"PostgreSQL at {parsed.host or 'its socket'}, database {parsed.database}"
                return cls(name, None, plain.render_as_string(hide_password=False))
        raise SettingsError("the database is neither SQLite nor PostgreSQL", hint=_HINT)
