"""Far more sockets than a broker takes, while an honest workspace goes on getting its token."""

import contextlib
import resource
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from gitlease.emulator import GitHub
from tests.flows.attack.conftest import APP
from tests.support.brokers import GITLEASE, Broker, running_broker
from tests.support.evidence import Survived
from tests.support.siege import FULL

# The short form gives the broker few descriptors, so that few sockets are far too many.
SOCKETS = 10_000 if FULL else 600
DESCRIPTORS = 20_000 if FULL else 500
# Seconds within which a workspace has its token whatever is open (its own limit is ten).
WITHIN = 5.0
ROUNDS = 30 if FULL else 3
ROUTE = "/workspaces/ws-1/github-installation-token"


@pytest.fixture
def broker(tmp_path: Path, github: GitHub) -> Iterator[Broker]:
    """Run a broker that may have so many descriptors."""
    program: list[str | Path] = ["prlimit", f"--nofile={DESCRIPTORS}:{DESCRIPTORS}", GITLEASE]
    with running_broker(tmp_path / "broker", github, program) as running:
        yield running


@pytest.fixture
def room() -> Iterator[int]:
    """Let this process have as many sockets as it may; return how many the attack can have."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    yield min(SOCKETS, hard - 500)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


class Siege:
    """Sockets that are open, and opened again when the broker cuts them."""

    def __init__(self, broker: Broker, stack: contextlib.ExitStack) -> None:
        at = urlsplit(broker.url)
        self._at = (at.hostname, at.port)
        self._open: list[socket.socket] = []
        stack.callback(self._end)

    def _end(self) -> None:
        for one in self._open:
            one.close()

    def fill(self, count: int) -> None:
        """Open sockets until there are *count*; each says a word, and no more."""
        for one in self._open:
            with contextlib.suppress(OSError):
                one.send(b"GET /heal")
        for one in list(self._open):
            with contextlib.suppress(BlockingIOError):
                try:
                    is_cut = one.recv(100) == b""
                except OSError as error:
                    is_cut = not isinstance(error, BlockingIOError)
                if is_cut:
                    one.close()
        self._open = [one for one in self._open if one.fileno() >= 0]
        while len(self._open) < count:
            one = socket.socket()
            one.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                one.connect(self._at)
            self._open.append(one)


def test_an_honest_workspace_is_served_among_any_number_of_sockets(
    broker: Broker, room: int, survived: Survived
) -> None:
    who = broker.workspace("ws-1", APP)
    waits = []
    with contextlib.ExitStack() as stack:
        siege = Siege(broker, stack)
        for _ in range(ROUNDS):
            siege.fill(room)
            began = time.monotonic()
            reply = broker.ask("GET", ROUTE, headers=who, timeout=60)
            waits.append(time.monotonic() - began)
            assert reply.status_code == 200
            time.sleep(0.2)  # so much that not all the time of the machine is the attacker's
    assert max(waits) < WITHIN * 2, waits
    middle = sorted(waits)[len(waits) // 2]
    print(f"{room} sockets, {ROUNDS} leases: median {middle:.2f} s, at most {max(waits):.2f} s")
    assert broker.ask("GET", "/readyz").status_code == 200
    survived("10,000 sockets at a broker" if FULL else "more sockets than a broker takes")
