"""The places in which something goes wrong: who asks, and whom."""

import itertools
import socket
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from gitlease.emulator import GitHub
from tests.support.brokers import GITLEASE, Broker, running_broker
from tests.support.faulty.faults import NAMES, WIRES
from tests.support.faulty.names import Names
from tests.support.faulty.scene import GitScene, Scene
from tests.support.faulty.wire import Wire
from tests.support.machines import Machine
from tests.support.postgres import Postgres
from tests.support.replicas import database_env
from tests.support.workspaces import Workspace

GRANTS = [{"owner": owner, "repositories": "ALL"} for owner in ("acme", "other")]
# After its handshake a server of TLS 1.3 sends tickets, about half a kilobyte.
_TICKETS = 600


@dataclass
class Parts:
    """What all scenes share: a GitHub, a broker and a PostgreSQL server that are well."""

    machine: Machine
    folder: Path
    github: GitHub
    broker: Broker
    postgres: Postgres
    numbers: Iterator[int] = field(default_factory=itertools.count)

    @property
    def api_port(self) -> int:
        """The port of GitHub's API."""
        return urlsplit(self.github.api_url).port or 0

    def workspace(self, url: str, broker: Broker) -> Workspace:
        """Return a new workspace of *broker*, which it finds at *url*."""
        name = f"ws-{next(self.numbers)}"
        shown = broker.workspace(name, *GRANTS)["Authorization"].removeprefix("Bearer ")
        workspace = Workspace.on(self.machine, self.github)
        workspace.lease_from(url, name, shown)
        workspace.gitlease("install", "--offline", "--strict")
        return workspace


Way = Callable[[Parts, bool], AbstractContextManager[Scene]]


@contextmanager
def workspace_to_broker(parts: Parts, by_name: bool) -> Iterator[Scene]:
    """Lease from a broker behind a wire, or behind a name."""
    port = urlsplit(parts.broker.url).port or 0
    with Wire(("127.0.0.1", port)) as wire, _names(parts, by_name) as names:
        host = "broker.test" if names else "127.0.0.1"
        workspace = parts.workspace(f"http://{host}:{wire.port}", parts.broker)
        yield _scene(workspace, wire, names)


@contextmanager
def workspace_to_github(parts: Parts, by_name: bool) -> Iterator[Scene]:
    """Mint with the App's key, over a wire or by a name."""
    head = _handshake(parts.api_port, parts.github.ca_file)
    wire = Wire(("127.0.0.1", parts.api_port), head=head)
    with wire, _names(parts, by_name) as names:
        workspace = Workspace.on(parts.machine, parts.github)
        workspace.env |= {
            "GITLEASE_API_URL": _api_url(wire, by_name),
            "NO_PROXY": "127.0.0.1,api.github.com",
        }
        workspace.gitlease("install", "--offline", "--strict")
        yield _scene(workspace, wire, names)


@contextmanager
def git_to_github(parts: Parts, by_name: bool) -> Iterator[Scene]:
    """Fetch over a wire to a proxy; the name of GitHub is the proxy's affair."""
    assert not by_name
    head = _handshake(parts.api_port, parts.github.ca_file)
    with Wire(("127.0.0.1", urlsplit(parts.github.proxy_url).port or 0), head=head) as wire:
        workspace = parts.workspace(parts.broker.url, parts.broker)
        workspace.env["HTTPS_PROXY"] = f"http://127.0.0.1:{wire.port}"
        yield GitScene(workspace, lambda fault: wire.trouble(WIRES[fault]))


@contextmanager
def broker_to_github(parts: Parts, by_name: bool) -> Iterator[Scene]:
    """Lease from a broker that mints over a wire, or by a name."""
    head = _handshake(parts.api_port, parts.github.ca_file)
    wire = Wire(("127.0.0.1", parts.api_port), head=head)
    with wire, _names(parts, by_name) as names, ExitStack() as stack:
        env = {"GITLEASE_API_URL": _api_url(wire, by_name)}
        scene = _scene(_served(parts, stack, env, names), wire, names)
        # It is the broker that asks for the name.
        scene.before = ()
        yield scene


@contextmanager
def broker_to_postgresql(parts: Parts, by_name: bool) -> Iterator[Scene]:
    """Lease from a broker whose database is behind a wire, or behind a name."""
    with (
        Wire(str(parts.postgres.socket)) as wire,
        _names(parts, by_name) as names,
        ExitStack() as stack,
    ):
        env = database_env(parts.folder / f"database-{next(parts.numbers)}", parts.postgres)
        database = urlsplit(env["GITLEASE_BROKER_DATABASE_URL"]).path
        host = "database.test" if names else "127.0.0.1"
        env["GITLEASE_BROKER_DATABASE_URL"] = (
            f"postgresql://gitlease@{host}:{wire.port}{database}?sslmode=disable"
        )
        scene = _scene(_served(parts, stack, env, names), wire, names)
        scene.before = ()
        yield scene


WAYS: Mapping[str, Way] = {
    "the workspace to its broker": workspace_to_broker,
    "the workspace to GitHub, with the App's key": workspace_to_github,
    "git to GitHub": git_to_github,
    "the broker to GitHub": broker_to_github,
    "the broker to PostgreSQL": broker_to_postgresql,
}
ROWS = [
    (way, fault)
    for way in WAYS
    for fault in (*WIRES, *NAMES)
    # The name of GitHub is the proxy's affair there.
    if fault in WIRES or way != "git to GitHub"
]


@contextmanager
def _names(parts: Parts, by_name: bool) -> Iterator[Names | None]:
    if by_name:
        with Names(parts.folder) as names:
            yield names
    else:
        yield None


def _scene(workspace: Workspace, wire: Wire, names: Names | None) -> Scene:
    if names is None:
        return Scene(workspace, lambda fault: wire.trouble(WIRES[fault]))

    @contextmanager
    def trouble(fault: str) -> Iterator[None]:
        with names.get(NAMES[fault]):
            # A name is asked for where a connection is missing.
            wire.hang_up()
            yield

    return Scene(workspace, trouble, before=names.before)


def _served(
    parts: Parts, stack: ExitStack, env: Mapping[str, str], names: Names | None
) -> Workspace:
    """Return a workspace of a broker of its own, which has *env* and asks *names*."""
    folder = parts.folder / f"broker-{next(parts.numbers)}"
    program: tuple[str | Path, ...] = (*(names.before if names else ()), GITLEASE)
    broker = stack.enter_context(running_broker(folder, parts.github, program, **env))
    return parts.workspace(broker.url, broker)


def _api_url(wire: Wire, by_name: bool) -> str:
    if by_name:
        return f"https://api.github.com:{wire.port}/api/v3"
    return f"https://127.0.0.1:{wire.port}/api/v3"


def _handshake(port: int, ca_file: Path) -> int:
    """Return how many bytes the server at *port* sends before the first reply."""
    context = ssl.create_default_context(cafile=ca_file)
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(incoming, outgoing, server_hostname="127.0.0.1")
    received = 0
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        while True:
            try:
                tls.do_handshake()
            except ssl.SSLWantReadError:
                connection.sendall(outgoing.read())
                data = connection.recv(65_536)
                received += len(data)
                incoming.write(data)
            else:
                return received + _TICKETS
