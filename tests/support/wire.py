"""
A wire between two programs, on which something can go wrong: a TCP proxy on loopback.

What is wrong can change while connections are open, as on a real wire: what a silent one has
swallowed arrives when it is well again.
"""

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

# Where the wire leads: host and port, or the path of a Unix socket.
Goal = tuple[str, int] | str
_RESET = struct.pack("ii", 1, 0)  # SO_LINGER with no time: closing sends RST


@dataclass(frozen=True)
class Trouble:
    """
    What is wrong with a wire.

    `refuses`: nobody listens, and open connections are reset.  `ignores`: a new connection gets no
    answer at all.  `silent`: nothing arrives any more.  `delay` (seconds) holds each piece up.
    After `after` bytes from the server something `happens`: "reset", "end" (the server's half is
    closed), "corrupt" (a bit turns over).  `rate` (bytes a second) is how slowly they arrive.
    """

    refuses: bool = False
    ignores: bool = False
    silent: bool = False
    delay: float = 0.0
    rate: float = 0.0
    happens: str = ""
    after: int = 0


WELL = Trouble()


@dataclass
class _Line:
    """One connection: its two ends, and how many bytes came from the server in this trouble."""

    client: socket.socket
    server: socket.socket
    trouble: Trouble = WELL
    count: int = 0
    is_over: threading.Event = field(default_factory=threading.Event)
    _halves: list[int] = field(default_factory=lambda: [1, 1])

    def end_half(self) -> None:
        """Close both ends once both halves are over; the list is popped by one thread each."""
        self._halves.pop()
        if not self._halves:
            self.is_over.set()
            self.client.close()
            self.server.close()

    def reset(self) -> None:
        self.is_over.set()
        for end in (self.client, self.server):
            with contextlib.suppress(OSError):
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                # It wakes whoever reads; RST is sent by the close that follows.
                end.shutdown(socket.SHUT_RD)
            end.close()


class Wire:
    """Leads connections on `port` of loopback to *goal*."""

    def __init__(self, goal: Goal) -> None:
        self._goal = goal
        self._trouble = WELL
        self._changed = threading.Condition()
        self._is_over = False
        self._lines: list[_Line] = []
        self._fillers: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.connections = 0

    def __enter__(self) -> Self:
        self._listen()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._changed:
            self._is_over = True
            self._changed.notify_all()
        self._close_listener()
        self._reset_all()

    def get(self, trouble: Trouble) -> None:
        """Let *trouble* be from now on, also for what is open."""
        was_open = not (self._trouble.refuses or self._trouble.ignores)
        with self._changed:
            self._trouble = trouble
            self._changed.notify_all()
        if trouble.refuses or trouble.ignores:
            self._close_listener()
            if trouble.refuses:
                self._reset_all()
            else:
                self._ignore()
        elif not was_open:
            self._close_listener()
            self._listener = socket.create_server(("127.0.0.1", self.port))
            self._listen()

    @contextlib.contextmanager
    def trouble(self, trouble: Trouble) -> Iterator[None]:
        """Let *trouble* be within this context."""
        self.get(trouble)
        try:
            yield
        finally:
            self.get(WELL)

    def _listen(self) -> None:
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def _ignore(self) -> None:
        # Beyond its backlog a listener drops what asks for a connection (listen(2)).
        self._listener = socket.socket()
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listener.bind(("127.0.0.1", self.port))
        self._listener.listen(0)
        for _ in range(3):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", self.port))
            self._fillers.append(filler)

    def _close_listener(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        while self._fillers:
            self._fillers.pop().close()

    def _reset_all(self) -> None:
        while self._lines:
            self._lines.pop().reset()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            self.connections += 1
            try:
                server = self._reach()
            except OSError:
                client.close()
                continue
            self._lines = [line for line in self._lines if not line.is_over.is_set()]
            line = _Line(client, server)
            self._lines.append(line)
            for work in (self._to_server, self._to_client):
                threading.Thread(target=work, args=(line,), daemon=True).start()

    def _reach(self) -> socket.socket:
        if isinstance(self._goal, str):
            server = socket.socket(socket.AF_UNIX)
            server.connect(self._goal)
            return server
        return socket.create_connection(self._goal)

    def _to_server(self, line: _Line) -> None:
        with contextlib.suppress(OSError):
            while data := line.client.recv(65_536):
                self._pause(line)
                line.server.sendall(data)
            line.server.shutdown(socket.SHUT_WR)
        line.end_half()

    def _to_client(self, line: _Line) -> None:
        with contextlib.suppress(OSError):
            data = line.server.recv(65_536)
            while data and self._arrives(line, data):
                data = line.server.recv(65_536)
            line.client.shutdown(socket.SHUT_WR)
        line.end_half()

    def _arrives(self, line: _Line, data: bytes) -> bool:
        self._pause(line)
        return self._deliver(line, data)

    def _pause(self, line: _Line) -> None:
        """Wait as long as nothing may pass."""
        self._wait(line, self._trouble.delay)
        with self._changed:
            while (self._trouble.silent or self._trouble.ignores) and not self._is_over:
                self._changed.wait(1)

    def _wait(self, line: _Line, seconds: float) -> None:
        line.is_over.wait(seconds)

    def _deliver(self, line: _Line, data: bytes) -> bool:
        """Send *data* to the client as it may arrive; tell whether there can be more."""
        trouble = self._trouble
        if line.trouble is not trouble:
            line.trouble, line.count = trouble, 0
        begins, line.count = line.count, line.count + len(data)
        if trouble.rate:
            self._trickle(line, data, trouble)
        elif trouble.happens and line.count > trouble.after:
            return self._strike(line, data, max(trouble.after - begins, 0), trouble.happens)
        else:
            line.client.sendall(data)
        return True

    def _trickle(self, line: _Line, data: bytes, trouble: Trouble) -> None:
        for at in range(len(data)):
            if self._trouble is not trouble:
                line.client.sendall(data[at:])
                return
            line.client.sendall(data[at : at + 1])
            self._wait(line, 1 / trouble.rate)

    def _strike(self, line: _Line, data: bytes, at: int, happens: str) -> bool:
        if happens == "corrupt":
            wrong = bytes([data[at] ^ 0x04]) if at < len(data) else b""
            line.client.sendall(data[:at] + wrong + data[at + 1 :])
            return True
        line.client.sendall(data[:at])
        if happens == "reset":
            # What was sent would be lost too, if it had not arrived.
            time.sleep(0.05)
            line.reset()
        else:
            line.client.shutdown(socket.SHUT_WR)
        return False
