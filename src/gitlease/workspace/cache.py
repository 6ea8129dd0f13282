"""
Keep one ready answer per key.

A record is the block of lines that git will read, so that a hit is: open, compare, write; the
shell helper does it without starting a process.  A header line before the block says until when it
may be printed, the lines after it say what only Python needs.  For the shell, header and block are
one quoted string: it can take that in with one read, and no word of it can ever be a command.
Whoever reads a record trusts nothing in it: a torn one is a miss.

A record that is read leaves the time of its last use (see `usage`); to look unseen is none.
"""

from __future__ import annotations

import contextlib
import os
import re
from typing import TYPE_CHECKING, Final

from gitlease.model.errors import FolderError
from gitlease.model.frozen import Frozen
from gitlease.model.tokens import Secret, Token, fair_min_ttl, fingerprint
from gitlease.workspace import clocks, files, folders, usage

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gitlease.model.targets import Target
    from gitlease.workspace.clocks import Moment
    from gitlease.workspace.settings import Settings

VERSION: Final = "gitlease-1"
# What stands in a shell's single quotes as itself and holds no word apart.
_PLAIN: Final = re.compile(r"[A-Za-z0-9_.+/=:@\[\] -]+", re.ASCII)
_LIMIT: Final = 16_384  # bytes; a record is well under 2,000


class Record(Frozen):
    """
    A token under a record's name, with the moment at which it was put there.

    `for_all` says that it also serves every more specific name: its source has nothing narrower.
    `settings` is the digest of those it was fetched under (see `Settings.digest`).
    """

    name: str
    token: Token
    put_at: Moment
    for_all: bool
    settings: str

    def left(self, now: Moment) -> float:
        """
        Return how many seconds it may still be printed, by the more cautious of the two clocks.

        After another boot, and without a boot clock if the wall clock stands before the moment at
        which the record was written, nothing is known, and so nothing is left.
        """
        assert self.token.expires_at is not None  # noqa: S101 - `put` refuses others
        by_wall = self.token.expires_at - now.wall
        if now.boot_id != self.put_at.boot_id:
            return 0.0
        if now.boot_id:
            by_boot = (self.token.expires_at - self.put_at.wall) - (now.boot - self.put_at.boot)
            return min(by_wall, by_boot)
        return by_wall if now.wall >= self.put_at.wall - 1 else 0.0

    def usable(self, now: Moment, min_ttl: float) -> bool:
        """Tell whether it outlives *min_ttl* seconds (fairly capped, see `fair_min_ttl`)."""
        return self.left(now) >= fair_min_ttl(min_ttl, self.token.lifetime)

    def alive(self, now: Moment) -> bool:
        """Tell whether it may be printed at all."""
        return self.left(now) >= fair_min_ttl(0, self.token.lifetime)

    def age(self, now: Moment) -> float:
        """Return the seconds since GitHub issued the token, as far as is known."""
        return max(0.0, self.token.lifetime - self.left(now))


class Cache:
    """
    The records in one private folder.

    For one who works *unseen*, finding a record is no use of it, nor is renewing it.
    """

    def __init__(self, settings: Settings, *, unseen: bool = False) -> None:
        self._folder = settings.cache
        self._settings = settings
        self._unseen = unseen

    @property
    def folder(self) -> Path:
        """Where the records are."""
        return self._folder

    def find(self, target: Target) -> Record | None:
        """Return the most specific record that answers *target*, however little life it has."""
        for name in target.names:
            record = self.read(name, unseen=self._unseen)
            if record is not None and (name == target.names[0] or record.for_all):
                return record
        return None

    def read(self, name: str, *, unseen: bool = True) -> Record | None:
        """
        Return the record under *name*, or None if there is none that can be believed.

        To look at it so is no use of it, unless *unseen* says otherwise.
        """
        record = self._read(name, unseen=unseen)
        if record is None or record.settings != self._settings.digest:
            # Another App's, or of a scope that has been narrowed since.
            return None
        return None if self.is_rejected(record.token.fingerprint) else record

    def is_torn(self, name: str) -> bool:
        """Tell whether no record at all can be read under *name*, not even one of no use now."""
        return self._read(name) is None

    def _read(self, name: str, *, unseen: bool = True) -> Record | None:
        data = files.read_ours(self._settings.home, self._folder / name, _LIMIT, unseen=unseen)
        return None if data is None else _decode(name, data)

    def names(self) -> list[str]:
        """Return the names of all records, sorted."""
        found = (path.name for path in _files(self._folder))
        return sorted(name for name in found if not name.startswith(".") and name != "rejected")

    def put(self, name: str, token: Token, now: Moment, *, for_all: bool) -> Record:
        """
        Write *token* under *name* and return the record; raise `OSError` or `FolderError`.

        Only a token with a known expiry is kept.
        """
        assert token.expires_at is not None  # noqa: S101 - personal tokens are not stored
        self._make_folder()
        record = Record(name, token, now, for_all, self._settings.digest)
        data = _encode(record, self._settings, readable=clocks.shell_readable(now))
        spare = fair_min_ttl(self._settings.min_ttl, token.lifetime)
        deadline = now.wall + record.left(now) - spare
        used = usage.last_used(self._folder / name) if self._unseen else None
        folders.write_ours(
            self._settings.home, self._folder / name, data, mtime=max(deadline, 0.0), atime=used
        )
        return record

    def drop(self, name: str) -> bool:
        """Remove the record under *name*; return whether there was one."""
        with contextlib.suppress(OSError, FolderError):
            self.check_owner()
            (self._folder / name).unlink()
            return True
        return False

    def check_owner(self) -> None:
        """Raise `FolderError` if the records are another user's, or in a place of a link's."""
        folders.check_owner(self._settings.home)
        folders.check_owner(self._folder)

    def drop_if(self, name: str, rejected: str) -> bool:
        """
        Remove the record under *name* if it holds the token with fingerprint *rejected*.

        Returns whether it did.  Another process may have renewed it since git was refused, and
        its token must survive (git calls this "erase", gitcredentials(7)).
        """
        path = self._folder / name
        aside = path.with_name(f".{name[:100]}.{os.urandom(8).hex()}")
        if not self._holds(path, rejected):
            return False
        try:
            path.rename(aside)
        except OSError:
            return False
        if self._holds(aside, rejected):
            aside.unlink(missing_ok=True)
            return True
        # It was renewed in between: it goes back, unless a newer one already stands there.
        try:
            path.hardlink_to(aside)
        except OSError:
            if not path.exists():  # a file system without links
                aside.replace(path)
                return False
        aside.unlink(missing_ok=True)
        return False

    def reject(self, rejected: str, until: float) -> None:
        """Remember to the wall time *until* that GitHub refused the token *rejected*."""
        folder = self._folder / "rejected"
        with contextlib.suppress(OSError, FolderError):
            self._make_folder()
            folders.make_private(folder)
            folders.write_ours(self._settings.home, folder / _file_name(rejected), b"", mtime=until)

    def is_rejected(self, fingerprint_: str) -> bool:
        """Tell whether GitHub refused the token with this fingerprint before."""
        return os.path.exists(self._folder / "rejected" / _file_name(fingerprint_))  # noqa: PTH110 - never raises

    def _holds(self, path: Path, fingerprint_: str) -> bool:
        record = self._read(path.name)
        return record is not None and record.token.fingerprint == fingerprint_

    def _make_folder(self) -> None:
        # The home first, or it would be made as a mere parent, open to others.
        folders.make_private(self._settings.home)
        folders.make_private(self._folder)

    def prune(self, now: Moment) -> None:
        """Forget rejected tokens that would be dead by now, and what killed writers left."""
        for folder, old in ((self._folder / "rejected", 0.0), (self._folder, 3600.0)):
            for path in _files(folder):
                if folder == self._folder and (
                    not path.name.startswith(".") or path.name.startswith(".lock~")
                ):
                    continue
                with contextlib.suppress(OSError):
                    if path.stat().st_mtime + old < now.wall and path.is_file():
                        path.unlink()


def _files(folder: Path) -> Iterator[Path]:
    with contextlib.suppress(OSError):
        yield from folder.iterdir()


def _file_name(fingerprint_: str) -> str:
    return fingerprint_.replace("/", "_").replace("+", "-")


def _encode(record: Record, settings: Settings, *, readable: bool) -> bytes:
    token, at = record.token, record.put_at
    left, boot = record.left(at), at.boot
    until = [
        max(0, int(boot + left - fair_min_ttl(min_ttl, token.lifetime)))
        for min_ttl in (settings.min_ttl, settings.lfs_min_ttl)
    ]
    secret = token.secret.reveal()
    header = [
        VERSION,
        str(int(boot)),
        *map(str, until),
        # Where a shell cannot read the clocks no boot matches, and Python decides.
        at.boot_id if readable else "-",
        str(len(secret)),
        "all" if record.for_all else "exact",
        token.fingerprint if settings.second_chance else "-",
        settings.digest,
    ]
    answer = [
        f"username={token.username}",
        f"password={secret}",
        f"password_expiry_utc={int(token.expires_at or 0)}",
    ]
    block = [f"record='{' '.join(header)}", *answer, "'", "return"]
    if not _PLAIN.fullmatch(" ".join(answer)):
        # Tokens are opaque: one that a shell could read wrongly is for Python alone.
        block = [f"record='{VERSION}", "'", "return", *answer]
    lines = [
        *block,
        f"for_all={record.for_all}",
        f"settings={record.settings}",
        f"fingerprint={token.fingerprint}",
        f"expires_at={token.expires_at!r}",
        f"lifetime={token.lifetime!r}",
        f"minted_at={token.minted_at!r}",
        f"put_at={at.wall!r} {at.boot!r} {at.boot_id or '-'}",
        f"source={token.source}",
        "end",
        "",
    ]
    return "\n".join(lines).encode()


def _decode(name: str, data: bytes) -> Record | None:
    try:
        lines = data.decode("ascii").split("\n")
        if lines[0].split(" ")[0] != f"record='{VERSION}" or lines[-2:] != ["end", ""]:
            return None
        values = dict(line.split("=", 1) for line in lines[1:-2] if line not in {"'", "return"})
        wall, boot, boot_id = values["put_at"].split(" ")
        token = Token(
            Secret(values["password"]),
            expires_at=float(values["expires_at"]),
            minted_at=float(values["minted_at"]),
            lifetime=float(values["lifetime"]),
            username=values["username"],
            source=values["source"],
        )
        if fingerprint(values["password"]) != values["fingerprint"]:
            return None
        at = clocks.Moment(float(wall), float(boot), "" if boot_id == "-" else boot_id)
        return Record(name, token, at, values["for_all"] == "True", values["settings"])
    except (ValueError, KeyError, IndexError):
        return None
