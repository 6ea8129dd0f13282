"""
Look after a worker's connections, so that none that only waits is in the way of one that asks.

The server has a limit for reading a head, and none for a caller who does not take his reply; and
where it has as many connections as it may have, it takes no more until one ends.  So this process
looks through its own descriptors now and then, and cuts what has come to nothing for long (on
Linux; elsewhere nothing is cut).
"""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import stat
import threading
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

log = logging.getLogger(__name__)

Application = Callable[[Any, Any, Any], Awaitable[None]]

PERIOD: Final = 1.0  # seconds between two looks
# A head and a body have ten each, and a reply is a megabyte at most.
LONGEST: Final = 30.0  # seconds in which a connection must come to a reply
# An honest request follows its connection at once.
CROWDED: Final = 1.0  # seconds that a connection may wait where there are too many
_FOLDER: Final = Path("/proc/self/fd")
# A reply that nobody takes goes with its connection; the kernel would keep it for minutes.
_GIVE_UP: Final = 1  # milliseconds


@dataclass(frozen=True, slots=True)
class Waiting:
    """A connection, and since when it has come to nothing."""

    peer: tuple[Any, ...]
    since: float


class Connections:
    """
    Stands around an application, and cuts connections that wait too long.

    Where more than *most* are open, those that have waited longest go first, until there are
    three quarters of *most*.  A request that waits for us is never cut.
    """

    def __init__(
        self,
        app: Application,
        most: int,
        *,
        longest: float = LONGEST,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._app = app
        self._most = most
        self._longest = longest
        self._clock = clock
        self._working: set[Any] = set()
        self._served: set[Any] = set()
        self._known: dict[int, Waiting] = {}
        self._ports: set[int] = set()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve a request, and know meanwhile whose connection works."""
        peer, working = scope.get("client"), self._working

        async def receive_waiting() -> Any:
            # While its body does not come, it is the caller who keeps us waiting.
            working.discard(peer)
            try:
                return await receive()
            finally:
                working.add(peer)

        working.add(peer)
        try:
            await self._app(scope, receive_waiting, send)
        finally:
            working.discard(peer)
            self._served.add(peer)

    def watch(self) -> None:
        """Look every second, for as long as the process lives."""
        threading.Thread(target=self._watch, name="gitlease connections", daemon=True).start()

    def look(self) -> int:
        """Cut what has waited too long; return how many that were."""
        now = self._clock()
        served, self._served = self._served, set()
        known = {}
        for inode, peer in self._open():
            before = self._known.get(inode)
            is_new = before is None or before.peer != peer or peer in served
            if is_new or before is None or peer in self._working:
                before = Waiting(peer, now)
            known[inode] = before
        self._known = known
        room = self._most if len(known) <= self._most else self._most * 3 // 4
        order = sorted((one.since, inode) for inode, one in known.items())
        gone = [
            inode
            for left, (since, inode) in zip(range(len(order), 0, -1), order, strict=True)
            if now - since >= (self._longest if left <= room else CROWDED)
        ]
        return self._cut(gone) if gone else 0

    def _open(self) -> Iterator[tuple[int, tuple[Any, ...]]]:
        """Yield the inode and the peer of each connection that was accepted here."""
        for inode, sock in _sockets():
            with contextlib.suppress(OSError):
                port = sock.getsockname()[1]
                if sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
                    self._ports.add(port)
                elif port in self._ports:  # the others go to GitHub, or to a database
                    yield inode, sock.getpeername()[:2]

    def _cut(self, inodes: Collection[int]) -> int:
        gone = {inode for inode in inodes if self._known[inode].peer not in self._working}
        for inode, sock in _sockets():
            if inode in gone:
                with contextlib.suppress(OSError):
                    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _GIVE_UP)
                    sock.shutdown(socket.SHUT_RDWR)
        if gone:
            log.warning("of %d connections %d only waited and are cut", len(self._known), len(gone))
        return len(gone)

    def _watch(self) -> None:
        while True:
            time.sleep(PERIOD)
            try:
                self.look()
            except Exception as error:  # noqa: BLE001 - the next look makes up for this one
                log.warning("connections were not looked at: %s", type(error).__name__)


def can_look() -> bool:
    """Tell whether this system shows a process its own connections."""
    return _FOLDER.is_dir()


def _sockets() -> Iterator[tuple[int, socket.socket]]:
    """Yield this process's TCP sockets by their inodes; what closes meanwhile is left out."""
    for name in os.listdir(_FOLDER):  # noqa: PTH208 - thousands of names, every second
        with contextlib.suppress(OSError):
            if not stat.S_ISSOCK(os.stat(f"{_FOLDER}/{name}").st_mode):  # noqa: PTH116
                continue
            # A descriptor of our own: the server may close its own at any moment, and the number
            # be somebody else's a moment later.
            held = os.dup(int(name))
            known = os.fstat(held)
            if not stat.S_ISSOCK(known.st_mode):
                # By closing any descriptor of a file a process loses its locks on it (fcntl(2)),
                # SQLite's too: rather one descriptor too many, once in the life of a broker.
                continue
            with socket.socket(fileno=held) as sock:
                if sock.family in {socket.AF_INET, socket.AF_INET6}:
                    yield known.st_ino, sock
