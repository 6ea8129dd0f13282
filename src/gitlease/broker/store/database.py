"""
One read or one transaction at a time, within a time limit, with errors of ours.

A read, and a transaction that was not yet to be committed, is tried again while the database
restarts.  A commit whose answer was lost is not: nobody knows whether it happened.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sqlite3
from typing import TYPE_CHECKING, Any, Final, TypeVar

import asyncpg
from sqlalchemy import exc

from gitlease.broker.store.engine import READS, STATEMENT_LIMIT, engine_of
from gitlease.broker.store.errors import StoreError, StoreUnavailableError
from gitlease.broker.store.line import Line

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence

    from sqlalchemy.ext.asyncio import AsyncConnection

    from gitlease.broker.store.address import Address

# In all, however often it is tried: a caller's own limit is about ten seconds (design, sources).
LIMIT: Final = 6.0  # seconds
_PAUSE: Final = 0.1  # seconds, doubled up to a second

_T = TypeVar("_T")
# What PostgreSQL says while it starts, stops, or has too many clients.
_AWAY: Final = (
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.PostgresConnectionError,
    asyncpg.TooManyConnectionsError,
    asyncpg.InterfaceError,
    asyncpg.QueryCanceledError,
    asyncpg.LockNotAvailableError,
    asyncpg.DeadlockDetectedError,
)


class Database:
    """The database at one address; every other part of the store goes through it."""

    def __init__(
        self, address: Address, *, limit: float = LIMIT, statement_limit: float = STATEMENT_LIMIT
    ) -> None:
        """*limit* is in seconds for all of a read or write, *statement_limit* for one statement."""
        self.address = address
        self.engine = engine_of(address, statement_limit=statement_limit)
        self.is_sqlite = address.file is not None
        self._limit = limit
        # By whether it writes: who reads does not wait for who writes.
        self._lines = {False: Line(self.engine), True: Line(self.engine)}
        # SQLite has one writer; waiting here is fair, and waiting there is polling.
        self._writer = asyncio.Lock() if self.is_sqlite else None

    async def read(self, work: Callable[[AsyncConnection], Awaitable[_T]]) -> _T:
        """
        Return what *work* returned, given a connection to read by, one statement at a time.

        Raises `StoreUnavailableError` if the database stays away for longer than the limit.
        """
        options = {READS: True} if self.is_sqlite else {"isolation_level": "AUTOCOMMIT"}

        async def once(_committing: Callable[[], None]) -> _T:
            async with self.engine.connect() as connection:
                return await work(await connection.execution_options(**options))

        return await self._tried(once)

    async def write(self, work: Callable[[AsyncConnection], Awaitable[_T]]) -> _T:
        """
        Return what *work* returned, once all it did is committed; otherwise nothing is done.

        Raises `StoreUnavailableError` as `read` does; if the connection was lost during the
        commit, it may have happened.
        """

        async def once(committing: Callable[[], None]) -> _T:
            async with self._one_writer(), self.engine.connect() as connection:
                await connection.begin()
                result = await work(connection)
                committing()
                await connection.commit()
                return result

        return await self._tried(once)

    async def say(self, statement: str, values: Sequence[Any], *, writes: bool) -> list[Any]:
        """
        Carry out one *statement* of SQLite's that commits itself; return its rows.

        Raises what `read` and `write` raise.  One hand-over to SQLite's thread is all it takes.
        """

        async def once(_committing: Callable[[], None]) -> list[Any]:
            # A statement that met a lock did nothing; after anything else it is not tried again.
            async with self._one_writer(writes=writes):
                return await self._lines[writes].say(statement, values)

        return await self._tried(once)

    async def close(self) -> None:
        """Close every connection; a server that is gone does not delay it."""
        with contextlib.suppress(TimeoutError, *_AWAY, exc.SQLAlchemyError, OSError):
            async with asyncio.timeout(self._limit):
                for line in self._lines.values():
                    await line.close()
                await self.engine.dispose()

    @contextlib.asynccontextmanager
    async def _one_writer(self, *, writes: bool = True) -> AsyncIterator[None]:
        if self._writer is None or not writes:
            yield
        else:
            async with self._writer:
                yield

    async def _tried(self, once: Callable[[Callable[[], None]], Awaitable[_T]]) -> _T:
        committing = False

        def commits() -> None:
            nonlocal committing
            committing = True

        pause = _PAUSE
        clock = asyncio.get_running_loop().time
        end = clock() + self._limit
        while True:
            committing = False
            try:
                with translated(self.address.name):
                    async with asyncio.timeout_at(end):
                        return await once(commits)
            except StoreUnavailableError:
                if committing or clock() + pause >= end:
                    raise
            await asyncio.sleep(pause)
            pause = min(pause * 2, 1.0)


@contextlib.contextmanager
def translated(name: str) -> Iterator[None]:
    """
    Let errors of the database *name* leave as ours.

    The original is cut off: its text may quote a row, a statement or an address.
    """
    try:
        yield
    except exc.SQLAlchemyError as failed:
        original = getattr(failed, "orig", None)
        cause = getattr(original, "__cause__", None)
        named = getattr(original, "sqlite_errorname", None) or getattr(
            cause, "sqlite_errorname", None
        )
        kind = named or type(cause or original or failed).__name__
        if _is_away(failed, original, cause):
            raise StoreUnavailableError(f"{name} is away ({kind})") from None
        raise StoreError(f"{name} refused ({kind})") from None
    except sqlite3.Error as failed:
        kind = getattr(failed, "sqlite_errorname", None) or type(failed).__name__
        if isinstance(failed, sqlite3.OperationalError) and "locked" in str(failed):
            raise StoreUnavailableError(f"{name} is away ({kind})") from None
        raise StoreError(f"{name} refused ({kind})") from None
    except (OverflowError, UnicodeError) as failed:
        # What Python's sqlite3 says of a value that it cannot hand over.
        raise StoreError(f"{name} refused ({type(failed).__name__})") from None
    except _AWAY as failed:
        raise StoreUnavailableError(f"{name} is away ({type(failed).__name__})") from None
    except TimeoutError:
        raise StoreUnavailableError(f"{name} did not answer in time") from None
    except asyncpg.PostgresError as failed:
        raise StoreError(f"{name} refused ({type(failed).__name__})") from None
    except OSError as failed:
        # asyncio puts an address in the place of the system's own words.
        number = failed.errno or 0
        said = os.strerror(number) if number > 0 else failed.strerror
        said = said or type(failed).__name__
        raise StoreUnavailableError(f"{name} cannot be reached ({said})") from None


def _is_away(
    failed: exc.SQLAlchemyError, original: BaseException | None, cause: BaseException | None
) -> bool:
    if isinstance(failed, exc.TimeoutError):
        return True
    if isinstance(failed, exc.DBAPIError) and failed.connection_invalidated:
        return True
    if isinstance(cause, (*_AWAY, OSError, TimeoutError)):
        return True
    return isinstance(failed, exc.OperationalError) and "locked" in str(original)
