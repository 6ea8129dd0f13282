"""One of several brokers on a database: started, killed and started again at the same port."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

GITLEASE = Path(sys.prefix) / "bin" / "gitlease"
_END = 30  # seconds for a broker to drain


class ReplicaError(Exception):
    """A broker does not start."""


@dataclass(frozen=True)
class Held:
    """What the process that serves holds."""

    rss_kib: int
    descriptors: int


class Replica:
    """A broker with the environment *env*, whose log is the file *log*."""

    def __init__(self, env: Mapping[str, str], log: Path) -> None:
        self.port = _free_port()
        self._env = {"PATH": os.defpath, "LANG": "C.UTF-8", **env}
        self._log = log
        self._process: subprocess.Popen[str] | None = None

    async def start(self) -> None:
        """Return when it answers; raises `ReplicaError`."""
        await asyncio.to_thread(self._start)

    def _start(self) -> None:
        with self._log.open("a") as log:
            process = subprocess.Popen(
                [GITLEASE, "broker", "serve", "--port", str(self.port)],
                env=self._env,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        self._process = process
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            raise ReplicaError(f"a broker does not start: {self._log.read_text()[-500:]}")
        self.port = int(json.loads(line)["url"].rpartition(":")[2])

    async def stop(self) -> None:
        """Send SIGTERM, as an orchestrator does, and wait until it has drained."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            await asyncio.to_thread(self._process.wait, _END)
        except subprocess.TimeoutExpired:
            self.kill()
        self._forget()

    def kill(self) -> None:
        """Kill every process of it (kill -9), the first one first, so that it starts no other."""
        if self._process is None:
            return
        for pid in (self._process.pid, *self._children()):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._process.wait(_END)
        self._forget()

    def _forget(self) -> None:
        if self._process is not None and self._process.stdout is not None:
            self._process.stdout.close()
        self._process = None

    def held(self) -> Held:
        """Return what its worker holds now: the child with the most memory."""
        found = [_held(pid) for pid in self._children()]
        return max(found, key=lambda one: one.rss_kib)

    def _children(self) -> list[int]:
        assert self._process is not None
        files = Path(f"/proc/{self._process.pid}/task").glob("*/children")
        return [int(pid) for file in files for pid in file.read_text().split()]


def _held(pid: int) -> Held:
    folder = Path(f"/proc/{pid}")
    [size] = re.findall(r"VmRSS:\s+(\d+)", (folder / "status").read_text())
    return Held(int(size), len(list((folder / "fd").iterdir())))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number: int = probe.getsockname()[1]
        return number
