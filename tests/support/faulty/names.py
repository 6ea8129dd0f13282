"""
A name server that tests can make go wrong: each name leads to loopback.

It listens on port 53 of a loopback address of its own, and programs see it by a resolv.conf of
their own: both need root.
"""

import contextlib
import os
import socket
import struct
import threading
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.support.environment import missing, require_tool

_ENTER = 'mount --bind "$0" /etc/resolv.conf && exec "$@"'
_ADDRESS, _FAILS, _UNKNOWN = 1, 2, 3  # a type of record, and two codes of an answer (RFC 1035)
_ALSO = iter(range(1, 1 << 15))


class Names:
    """A name server; `trouble` is "" or "silent", "fails", "unknown"."""

    def __init__(self, folder: Path) -> None:
        if os.geteuid() != 0:
            missing("only root can listen where name servers do")
        require_tool("unshare")
        self.trouble = ""
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        pid, also = os.getpid(), next(_ALSO)
        self._address = f"127.{64 + also % 128}.{pid >> 8 & 255}.{pid & 255}"
        self._socket.bind((self._address, 53))
        self._file = folder / f"resolv-{also}.conf"
        self._file.write_text(f"nameserver {self._address}\n")

    def __enter__(self) -> Self:
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # It wakes whoever reads.
        self._socket.sendto(b"", (self._address, 53))

    @property
    def before(self) -> tuple[str, ...]:
        """The words before a command that let it ask this server."""
        enter = ("/usr/bin/unshare", "--mount", "--propagation", "private")
        return (*enter, "/bin/sh", "-c", _ENTER, str(self._file))

    @contextlib.contextmanager
    def get(self, trouble: str) -> Iterator[None]:
        """Let *trouble* be within this context."""
        self.trouble = trouble
        try:
            yield
        finally:
            self.trouble = ""

    def _serve(self) -> None:
        with self._socket:
            while True:
                asked, who = self._socket.recvfrom(1024)
                if not asked:
                    return
                if self.trouble != "silent":
                    self._socket.sendto(self._answer(asked), who)

    def _answer(self, asked: bytes) -> bytes:
        end = asked.index(0, 12) + 5
        question, kind = asked[12:end], struct.unpack(">H", asked[end - 4 : end - 2])[0]
        code = {"fails": _FAILS, "unknown": _UNKNOWN}.get(self.trouble, 0)
        record = b""
        if not code and kind == _ADDRESS:
            record = b"\xc0\x0c" + struct.pack(">HHIH", _ADDRESS, 1, 0, 4) + bytes([127, 0, 0, 1])
        head = struct.pack(">HHHHH", 0x8180 | code, 1, 1 if record else 0, 0, 0)
        return asked[:2] + head + question + record
