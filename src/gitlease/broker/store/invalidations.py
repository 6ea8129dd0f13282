"""
What one replica tells the others, so that none serves what was taken away.

PostgreSQL delivers with the commit (NOTIFY); on SQLite the processes of one machine look into a
small table.  Whoever may have missed a message is told `reset`: anything may have changed.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import secrets
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import func, insert, select

from gitlease.broker.store.database import translated
from gitlease.broker.store.engine import connect
from gitlease.broker.store.errors import StoreError, StoreUnavailableError
from gitlease.broker.store.tables import INVALIDATIONS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    import asyncpg
    from sqlalchemy.ext.asyncio import AsyncConnection

    from gitlease.broker.store.database import Database

log = logging.getLogger(__name__)

Message = dict[str, str]

CHANNEL: Final = "gitlease"
# A revoked bearer is dead everywhere within a second, so look more often than that.
POLL: Final = 0.25  # seconds
# How often a quiet connection is asked whether it lives; a cut network says nothing.
PROBE: Final = 5.0  # seconds
PROBE_LIMIT: Final = 3.0  # seconds
START_LIMIT: Final = 6.0  # seconds, as for whatever else is asked of the database
_LONGEST_QUEUE: Final = 10_000  # messages
RESET: Final[Message] = {"kind": "reset"}


class Invalidations:
    """Sends messages with a transaction, and hands on those of every replica, this one's too."""

    def __init__(self, database: Database, now: Callable[[], float]) -> None:
        self._database = database
        self._now = now
        self._origin = secrets.token_hex(8)
        self._listeners: list[Callable[[Message], None]] = []
        self._task: asyncio.Task[None] | None = None
        self._listening = asyncio.Event()
        # SQLite: the last message that was read; None until the first look, which reads none.
        self._last: int | None = None
        self._missed = False

    async def announce(self, connection: AsyncConnection, message: Message) -> None:
        """Let the other replicas know of *message* when *connection*'s transaction is committed."""
        text = json.dumps(message | {"origin": self._origin})
        if self._database.is_sqlite:
            row = {"at": self._now(), "message": text}
            await connection.execute(insert(INVALIDATIONS).values(row))
        else:
            await connection.execute(select(func.pg_notify(CHANNEL, text)))

    def deliver(self, message: Message) -> None:
        """Hand *message* to whoever listens in this process."""
        for listener in list(self._listeners):
            listener(message)

    def listen(self, listener: Callable[[Message], None]) -> None:
        """Call *listener* with every message from now on."""
        self._listeners.append(listener)

    async def messages(self) -> AsyncIterator[Message]:
        """Yield every message from now on; whoever falls far behind gets a `reset` instead."""
        queue: asyncio.Queue[Message] = asyncio.Queue()

        def keep(message: Message) -> None:
            if queue.qsize() >= _LONGEST_QUEUE:
                while not queue.empty():
                    queue.get_nowait()
                message = RESET
            queue.put_nowait(message)

        self._listeners.append(keep)
        try:
            while True:
                yield await queue.get()
        finally:
            self._listeners.remove(keep)

    async def start(self) -> None:
        """
        Begin to listen; what is committed after this returns is heard.

        Raises `StoreUnavailableError` if that cannot be.
        """
        follow = self._poll if self._database.is_sqlite else self._follow
        self._task = asyncio.create_task(self._always(follow), name="gitlease invalidations")
        waits = asyncio.create_task(self._listening.wait())
        await asyncio.wait({waits}, timeout=START_LIMIT)
        if not waits.done():
            waits.cancel()
            name = self._database.address.name
            raise StoreUnavailableError(
                f"{name} lets nobody listen to what other replicas say",
                hint="let the broker's user there have more connections",
            )

    async def close(self) -> None:
        """Stop listening."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def _received(self, text: str) -> None:
        message = _read(text)
        if message.pop("origin", None) != self._origin:
            self.deliver(message)

    async def _always(self, follow: Callable[[], Awaitable[None]]) -> None:
        """Do *follow* again if a defect ends it: who hears nothing serves what was taken away."""
        while True:
            try:
                await follow()
            except Exception as error:  # noqa: BLE001 - whatever it is
                log.error("messages were missed: %s", type(error).__name__)  # noqa: TRY400
                self._missed = True
                await asyncio.sleep(POLL)

    async def _poll(self) -> None:
        while True:
            with contextlib.suppress(StoreError):
                await self._read_on()
                self._listening.set()
                self._tell_if_missed()
            await asyncio.sleep(POLL)

    def _tell_if_missed(self) -> None:
        if self._missed:
            self._missed = False
            self.deliver(RESET)

    async def _read_on(self) -> None:
        last = self._last

        async def work(connection: AsyncConnection) -> list[Any]:
            if last is None:
                newest = await connection.execute(select(func.max(INVALIDATIONS.c.id)))
                return [(newest.scalar() or 0, "")]
            query = select(INVALIDATIONS.c.id, INVALIDATIONS.c.message)
            rows = await connection.execute(
                query.where(INVALIDATIONS.c.id > last).order_by(INVALIDATIONS.c.id)
            )
            return list(rows)

        for number, text in await self._database.read(work):
            self._last = number
            if text:
                self._received(text)

    async def _follow(self) -> None:
        pause, is_told = 0.1, False
        while True:
            try:
                with translated(self._database.address.name):
                    connection = await connect(self._database.address.dsn)
                try:
                    with translated(self._database.address.name):
                        await self._listen_on(connection)
                    pause, is_told = 0.1, False
                finally:
                    connection.terminate()
            except StoreError as error:
                if not is_told:
                    log.warning("nothing is heard of other replicas meanwhile: %s", error)
                is_told = True
            self._missed = True
            await asyncio.sleep(pause)
            pause = min(pause * 2, 1.0)

    async def _listen_on(self, connection: asyncpg.Connection[asyncpg.Record]) -> None:
        over = asyncio.Event()
        connection.add_termination_listener(lambda _connection: over.set())
        await connection.add_listener(CHANNEL, lambda *words: self._received(str(words[-1])))
        self._tell_if_missed()
        self._listening.set()
        while not over.is_set():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(PROBE):
                    await over.wait()
            if not over.is_set():
                await connection.execute("SELECT 1", timeout=PROBE_LIMIT)


def _read(text: str) -> Message:
    said: Any = None
    with contextlib.suppress(ValueError, RecursionError):
        said = json.loads(text)
    if isinstance(said, dict) and "kind" in said and all(type(one) is str for one in said.values()):
        return said
    # Somebody else writes here; who knows what it means.
    return dict(RESET)
