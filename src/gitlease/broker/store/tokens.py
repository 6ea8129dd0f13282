"""
Tokens that any replica may serve: sealed, one for each key.

A row that cannot be opened (another key, another row's bytes) is a miss: it is minted anew.
"""

from __future__ import annotations

import functools
import json
from collections import namedtuple
from dataclasses import dataclass
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import delete, select, update
from sqlalchemy.sql.expression import bindparam

from gitlease.broker.store.batches import Batches
from gitlease.broker.store.statements import with_list
from gitlease.broker.store.tables import REJECTED, TOKENS
from gitlease.broker.store.upserts import upsert
from gitlease.model.scopes import Scope
from gitlease.model.tokens import Token

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sqlalchemy import Row
    from sqlalchemy.ext.asyncio import AsyncConnection

    from gitlease.broker.store.database import Database
    from gitlease.broker.store.invalidations import Invalidations
    from gitlease.broker.store.sealing import Sealer

_BATCH: Final = 500  # rows that are sealed anew in one transaction
_KEPT: Final = select(TOKENS).where(TOKENS.c.key.in_(bindparam("keys", expanding=True)))
_kept_text: Final = functools.cache(functools.partial(with_list, _KEPT, "keys"))
_Kept = namedtuple("_Kept", TOKENS.c.keys())  # type: ignore[misc]  # noqa: PYI024 - the table's names


@dataclass(frozen=True, slots=True)
class StoredToken:
    """A token under its key, with what it is good for and who minted it."""

    key: str
    token: Token
    scope: Scope
    app: str
    installation: int


class Tokens:
    """The shared cache of tokens, and the memory of those that GitHub refused."""

    def __init__(
        self,
        database: Database,
        invalidations: Invalidations,
        sealer: Sealer,
        now: Callable[[], float],
    ) -> None:
        self._database = database
        self._invalidations = invalidations
        self._sealer = sealer
        self._now = now
        # Scopes that are minted at once share a transaction: each is a turn at SQLite's one writer,
        # and a fleet that boots has hundreds of them.
        self._puts: Batches[Mapping[str, Any]] = Batches(self._put_all)
        self._gets: Batches[str] = Batches(self._get_all)

    async def get(self, key: str) -> StoredToken | None:
        """Return what is kept under *key*, or None; it may be over."""
        row = await self._gets.ask(key)
        return None if row is None else self.opened(row)

    async def _get_all(self, keys: Sequence[str]) -> Sequence[Any]:
        rows = {row.key: row for row in await self._found(keys)}
        return [rows.get(key) for key in keys]

    async def _found(self, keys: Sequence[str]) -> Sequence[Any]:
        if self._database.is_sqlite:
            found = await self._database.say(_kept_text(len(keys)), keys, writes=False)
            return [_Kept(*row) for row in found]

        async def work(connection: AsyncConnection) -> Sequence[Any]:
            return (await connection.execute(_KEPT, {"keys": keys})).all()

        return await self._database.read(work)

    async def put(self, key: str, token: Token, scope: Scope, app: str, installation: int) -> None:
        """
        Keep *token* under *key* in place of what was there.

        What was there is nobody's to get any more, and kept aside until its end: it lives on in
        workspaces, and whoever removes one of them has it ended at GitHub too.
        """
        permissions = None if scope.permissions is None else json.dumps(dict(scope.permissions))
        row = {
            "key": key,
            "fingerprint": token.fingerprint,
            "sealed": self._sealer.seal(key, token.secret),
            "owner": scope.owner,
            "repositories": None if scope.repositories is None else json.dumps(scope.repositories),
            "permissions": permissions,
            "app": app,
            "installation": installation,
            "username": token.username,
            "minted_at": token.minted_at,
            "lifetime": token.lifetime,
            "expires_at": token.expires_at,
        }

        await self._puts.ask(row)

    async def _put_all(self, rows: Sequence[Mapping[str, Any]]) -> Sequence[None]:
        async def work(connection: AsyncConnection) -> None:
            left = list(rows)
            while left:
                # One row of each key at a time: each replaces the one before it.
                first = {row["key"]: row for row in reversed(left)}
                await self._put(connection, first)
                left = [row for row in left if row is not first[row["key"]]]

        await self._database.write(work)
        return [None] * len(rows)

    async def _put(
        self, connection: AsyncConnection, rows: Mapping[str, Mapping[str, Any]]
    ) -> None:
        alive = TOKENS.c.expires_at > self._now()
        before = await connection.execute(select(TOKENS).where(TOKENS.c.key.in_(list(rows)), alive))
        older = [row for row in before if row.fingerprint != rows[row.key]["fingerprint"]]
        aside = [kept for row in older if (kept := self._aside(row)) is not None]
        # In one order everywhere, or two replicas could wait for each other's rows.
        both = sorted([*aside, *rows.values()], key=itemgetter("key"))
        await connection.execute(upsert(self._database, TOKENS), both)

    def _aside(self, row: Row[Any]) -> Mapping[str, Any] | None:
        secret = self._sealer.open(row.key, row.sealed)
        if secret is None:
            return None
        key = f"replaced {row.fingerprint}"
        return row._asdict() | {"key": key, "sealed": self._sealer.seal(key, secret)}

    async def close(self) -> None:
        """Answer who has asked, commit what was put, and take no more."""
        await self._gets.close()
        await self._puts.close()

    async def find(self, fingerprint: str) -> tuple[str, StoredToken] | None:
        """Return the token with *fingerprint* and its key, or None."""
        query = select(TOKENS).where(TOKENS.c.fingerprint == fingerprint).limit(1)

        async def work(connection: AsyncConnection) -> Any:
            return (await connection.execute(query)).first()

        row = await self._database.read(work)
        found = None if row is None else self.opened(row)
        return None if found is None else (found.key, found)

    async def drop_fingerprint(self, fingerprint: str) -> list[str]:
        """Remove the token with *fingerprint* and tell the other replicas; return its keys."""
        message = {"kind": "token", "fingerprint": fingerprint}
        gone = delete(TOKENS).where(TOKENS.c.fingerprint == fingerprint).returning(TOKENS.c.key)

        async def work(connection: AsyncConnection) -> list[str]:
            keys = list((await connection.execute(gone)).scalars())
            # Also if no row is left: a replica may have it in memory.
            await self._invalidations.announce(connection, message)
            return keys

        keys = await self._database.write(work)
        self._invalidations.deliver(message)
        return keys

    async def remember_rejected(self, fingerprint: str, until: float) -> None:
        """Let `is_rejected` be true for *fingerprint* until then (seconds of the wall clock)."""
        row = {"fingerprint": fingerprint, "until": until}

        async def work(connection: AsyncConnection) -> None:
            await connection.execute(upsert(self._database, REJECTED), [row])

        await self._database.write(work)

    async def is_rejected(self, fingerprint: str) -> bool:
        """Tell whether *fingerprint* was remembered as rejected."""
        query = select(REJECTED.c.until).where(
            REJECTED.c.fingerprint == fingerprint, REJECTED.c.until > self._now()
        )

        async def work(connection: AsyncConnection) -> bool:
            return (await connection.execute(query)).first() is not None

        return await self._database.read(work)

    async def reseal(self) -> int:
        """
        Seal every row under the newest key; return how many there were.

        A row that no key opens is removed.  A row that changes meanwhile is sealed by whoever
        changes it.
        """
        last, count = "", 0

        async def work(connection: AsyncConnection) -> Sequence[Any]:
            query = select(TOKENS.c.key, TOKENS.c.sealed).where(TOKENS.c.key > last)
            rows = (await connection.execute(query.order_by(TOKENS.c.key).limit(_BATCH))).all()
            for key, sealed in rows:
                same = (TOKENS.c.key == key) & (TOKENS.c.sealed == sealed)
                secret = self._sealer.open(key, sealed)
                if secret is None:
                    await connection.execute(delete(TOKENS).where(same))
                else:
                    again = self._sealer.seal(key, secret)
                    await connection.execute(update(TOKENS).where(same).values(sealed=again))
            return rows

        # In pieces: all rows of a fleet take longer than a transaction may.
        while rows := await self._database.write(work):
            last, count = rows[-1].key, count + len(rows)
        return count

    async def forget_over(self) -> None:
        """Remove what no longer matters: tokens and refusals whose time is over."""
        now = self._now()

        async def work(connection: AsyncConnection) -> None:
            await connection.execute(delete(TOKENS).where(TOKENS.c.expires_at < now))
            await connection.execute(delete(REJECTED).where(REJECTED.c.until < now))

        await self._database.write(work)

    def opened(self, row: Row[Any]) -> StoredToken | None:
        """Return what the *row* of tokens holds; None if no key of ours opens it."""
        secret = self._sealer.open(row.key, row.sealed)
        if secret is None:
            return None
        token = Token(
            secret,
            row.expires_at,
            row.minted_at,
            lifetime=row.lifetime,
            username=row.username,
            source="store",
        )
        permissions = None if row.permissions is None else json.loads(row.permissions)
        names = None if row.repositories is None else json.loads(row.repositories)
        scope = Scope.of(row.owner, names, permissions)
        return StoredToken(row.key, token, scope, row.app, row.installation)
