"""
One holder at a time for a key, among all processes that share the database.

PostgreSQL has advisory locks; beside SQLite it is a locked file.  Either is released with the
process that held it, however that ended.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import hashlib
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from sqlalchemy import BigInteger, func, literal, select
from sqlalchemy.exc import DBAPIError

from gitlease.broker.store.database import translated
from gitlease.broker.store.engine import engine_of
from gitlease.broker.store.errors import StoreError, StoreUnavailableError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

    from gitlease.broker.store.address import Address

# Longer than a mint with its retries may take, shorter than git's user waits.
LIMIT: Final = 20.0  # seconds
# PostgreSQL's server has 100 connections unless told otherwise, and there are other replicas.
_CONNECTIONS: Final = 16
_POLL: Final = 0.02  # seconds between two looks at a locked file
_BESIDE: Final = ".locks"


@dataclass(slots=True)
class _Lane:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    users: int = 0


class SingleFlight:
    """Gives the right to be the only one, first within this process, then among all."""

    def __init__(self, address: Address, *, limit: float = LIMIT) -> None:
        self._address = address
        self._limit = limit
        self._lanes: dict[str, _Lane] = {}
        # Connections of their own: who holds a lock needs another one for its work.
        self._engine: AsyncEngine | None = None
        if address.file is None:
            self._engine = engine_of(
                address, pool_size=2, overflow=_CONNECTIONS - 2, statement_limit=limit + 1
            )
        # The pool would give up long before the limit.
        self._room = asyncio.Semaphore(_CONNECTIONS)

    @contextlib.asynccontextmanager
    async def __call__(self, key: str) -> AsyncIterator[None]:
        """
        Wait for the right to *key*, and hold it within the context.

        Raises `StoreUnavailableError` if it is not free within the limit, or the database is away.
        If the database's server restarts meanwhile, somebody else may be given it too.
        """
        end = asyncio.get_running_loop().time() + self._limit
        async with contextlib.AsyncExitStack() as held:
            try:
                async with asyncio.timeout_at(end):
                    await held.enter_async_context(self._lane(key))
                    await held.enter_async_context(self._among_all(key))
            except TimeoutError:
                raise StoreUnavailableError("somebody else has been minting for too long") from None
            yield

    async def close(self) -> None:
        """Close the connections that locks were held by."""
        if self._engine is not None:
            with contextlib.suppress(Exception):
                await self._engine.dispose()

    @contextlib.asynccontextmanager
    async def _lane(self, key: str) -> AsyncIterator[None]:
        lane = self._lanes.setdefault(key, _Lane())
        lane.users += 1
        try:
            async with lane.lock:
                yield
        finally:
            lane.users -= 1
            if not lane.users:
                del self._lanes[key]

    def _among_all(self, key: str) -> AbstractAsyncContextManager[None]:
        if self._engine is not None:
            return self._advisory(self._engine, key)
        assert self._address.file is not None  # noqa: S101 - for the type checker
        return _file_lock(self._address.file.with_name(self._address.file.name + _BESIDE), key)

    @contextlib.asynccontextmanager
    async def _advisory(self, engine: AsyncEngine, key: str) -> AsyncIterator[None]:
        digest = hashlib.sha256(key.encode()).digest()[:8]
        number = int.from_bytes(digest, "big", signed=True)
        async with self._room:
            with translated(self._address.name):
                connection = await self._locked_by_number(engine, number)
            try:
                yield
            finally:
                # A connection that was lost holds no lock.
                with contextlib.suppress(Exception):
                    await connection.close()

    async def _locked_by_number(self, engine: AsyncEngine, number: int) -> AsyncConnection:
        # Of the transaction, not the session: a pooler between us and the server may give the
        # session to somebody else.
        lock = select(func.pg_advisory_xact_lock(literal(number, BigInteger())))
        while True:
            connection = await engine.connect()
            try:
                await connection.execute(lock)
            except DBAPIError as failed:
                await connection.invalidate()
                # A connection that went stale in the pool; the next one is new, or refused.
                if not failed.connection_invalidated:
                    raise
            except BaseException:
                # Given up while waiting: the server must not grant it to nobody.
                await connection.invalidate()
                raise
            else:
                return connection


@contextlib.asynccontextmanager
async def _file_lock(folder: Path, key: str) -> AsyncIterator[None]:
    file = folder / hashlib.sha256(key.encode()).hexdigest()[:32]
    try:
        _make(folder)
        descriptor = await _locked(file)
    except OSError as failed:
        raise StoreError(f"the lock {file} cannot be taken: {failed.strerror}") from None
    try:
        yield
    finally:
        # While it is locked: whoever waits on it sees that the name now leads elsewhere.
        file.unlink(missing_ok=True)
        os.close(descriptor)


def _make(folder: Path) -> None:
    folder.mkdir(mode=0o700, exist_ok=True)


async def _locked(file: Path) -> int:
    while True:
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        descriptor = os.open(file, flags, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_still(file, descriptor):
                return descriptor
        except BlockingIOError:
            pass
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)
        await asyncio.sleep(_POLL)


def _is_still(file: Path, descriptor: int) -> bool:
    with contextlib.suppress(FileNotFoundError):
        return os.path.samestat(file.stat(), os.fstat(descriptor))
    return False
