"""A server on a free loopback port that gives each connection a thread, until the test is over."""

import contextlib
import select
import socket
import threading
from types import TracebackType
from typing import Self


class Listening:
    """
    Calls `serve` with each connection, and its number from 0 on, while the `with` lasts.

    `connections` is how many there were; `closing` is set when it is over, for those that wait.
    """

    def __init__(self) -> None:
        self.closing = threading.Event()
        self.connections = 0
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=100)
        self.port: int = self._listener.getsockname()[1]
        self._threads = [threading.Thread(target=self._accept)]

    def serve(self, connection: socket.socket, number: int) -> None:
        """Do what this server does to *connection*, which is that *number*."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        """Start it."""
        self._threads[0].start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End it, and every connection."""
        self.closing.set()
        for thread in self._threads:
            thread.join()
        self._listener.close()

    def _accept(self) -> None:
        while not self.closing.is_set():
            if select.select([self._listener], [], [], 0.02)[0]:
                connection = self._listener.accept()[0]
                thread = threading.Thread(target=self._within, args=(connection, self.connections))
                self.connections += 1
                self._threads.append(thread)
                thread.start()

    def _within(self, connection: socket.socket, number: int) -> None:
        with contextlib.suppress(OSError), connection:
            self.serve(connection, number)
