"""
A workspace with a wire somewhere before it that can go wrong, and what its user sees then.

`acme`'s token is cached and due for renewal, `other`'s is not there: the first must go on being
served whatever happens, the second shows what is said, how soon, and when it is over.
"""

import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from gitlease.emulator import GitHub
from tests.support.brokers import Broker, running_broker
from tests.support.machines import Machine
from tests.support.postgres import Postgres
from tests.support.replicas import database_env
from tests.support.wire import Wire
from tests.support.workspaces import Workspace, password

GRANTS = [{"owner": owner, "repositories": "ALL"} for owner in ("acme", "other")]
CACHED, ABSENT = "acme/app", "other/lib"
# What a busy machine may add to a limit, mostly the start of Python.
SLACK = 15.0  # seconds
RECOVERED = 60.0  # seconds


@dataclass(frozen=True)
class Answer:
    """What a command said, and after how long."""

    seconds: float
    token: str | None
    lines: tuple[str, ...]

    @property
    def line(self) -> str:
        """All that was said to the user."""
        return " ".join(self.lines)


@dataclass
class Parts:
    """What scenes share: *github*, and a broker and a PostgreSQL server that are well."""

    machine: Machine
    folder: Path
    github: GitHub
    broker: Broker
    postgres: Postgres | None = None
    made: int = 0

    def bearer(self, broker: Broker) -> tuple[str, str]:
        """Return a new workspace's name at *broker*, and its bearer."""
        self.made += 1
        name = f"ws-{self.made}"
        return name, broker.workspace(name, *GRANTS)["Authorization"].removeprefix("Bearer ")


@dataclass
class Scene:
    """*workspace*, *wire* before it, and the *limit* (seconds) within which there is an answer."""

    workspace: Workspace
    wire: Wire
    limit: float

    def ask(self, path: str) -> Answer:
        """Ask for a token as git does."""
        began = time.monotonic()
        said = self.workspace.ask(path)
        lines = tuple(said.stderr.decode().splitlines())
        return Answer(time.monotonic() - began, password(said.stdout), lines)

    def prepare(self) -> str:
        """Have a token for `acme` that works, and wants to be renewed; return it."""
        token = self.ask(CACHED).token
        assert token is not None
        self.workspace.age("github.com~acme", 3600 - 400)
        return token

    def during(self) -> tuple[Answer, Answer]:
        """Ask for what is absent and for what is cached at once; return both answers."""
        with ThreadPoolExecutor(2) as pool:
            absent, cached = pool.submit(self.ask, ABSENT), pool.submit(self.ask, CACHED)
            return absent.result(), cached.result()

    def recovery(self) -> float:
        """Return the seconds from now until a token for what was absent is given."""
        return _until(lambda: self.ask(ABSENT).token is not None)


class GitScene(Scene):
    """The wire is git's own: it has its token, and reaches GitHub or does not."""

    def prepare(self) -> str:
        """Have a token, as the helper keeps it."""
        self.workspace.env |= {"GIT_HTTP_LOW_SPEED_LIMIT": "1000", "GIT_HTTP_LOW_SPEED_TIME": "4"}
        token = self.ask(CACHED).token
        assert token is not None
        return token

    def during(self) -> tuple[Answer, Answer]:
        """Fetch; then ask for the token that was used."""
        return self._fetch(), self.ask(CACHED)

    def recovery(self) -> float:
        """Return the seconds from now until git reaches GitHub."""
        return _until(lambda: self._fetch().token is not None)

    def _fetch(self) -> Answer:
        began = time.monotonic()
        words = ("ls-remote", f"https://github.com/{CACHED}", "HEAD")
        try:
            ran = self.workspace.git(*words, check=False, timeout=self.limit + SLACK)
        except subprocess.TimeoutExpired:
            return Answer(time.monotonic() - began, None, ("git waits on, without a word",))
        lines = tuple(line for line in ran.stderr.decode().splitlines() if "fatal" in line)
        found = "reached" if ran.returncode == 0 else None
        return Answer(time.monotonic() - began, found, lines)


def _until(done: Callable[[], bool]) -> float:
    began = tried = time.monotonic()
    while not done():
        assert time.monotonic() - began < RECOVERED, "it is over, and nothing comes back"
        time.sleep(0.25)
        tried = time.monotonic()
    # It worked from somewhere between the last try and this one.
    return tried - began


@contextmanager
def workspace_to_broker(parts: Parts) -> Iterator[Scene]:
    """The workspace asks the broker over the wire."""
    with Wire(("127.0.0.1", urlsplit(parts.broker.url).port or 0)) as wire:
        workspace = _workspace(parts, f"http://127.0.0.1:{wire.port}", parts.broker)
        yield Scene(workspace, wire, 10.0)


@contextmanager
def workspace_to_github(parts: Parts) -> Iterator[Scene]:
    """The workspace holds the App's key and mints over the wire."""
    with Wire(("127.0.0.1", urlsplit(parts.github.api_url).port or 0)) as wire:
        workspace = Workspace.on(parts.machine, parts.github)
        workspace.env["GITLEASE_API_URL"] = f"https://127.0.0.1:{wire.port}/api/v3"
        workspace.env["NO_PROXY"] = "127.0.0.1"
        workspace.gitlease("install", "--offline", "--strict")
        yield Scene(workspace, wire, 10.0)


@contextmanager
def git_to_github(parts: Parts) -> Iterator[Scene]:
    """git reaches GitHub over the wire, gitlease does not need it."""
    with Wire(("127.0.0.1", urlsplit(parts.github.proxy_url).port or 0)) as wire:
        workspace = _workspace(parts, parts.broker.url, parts.broker)
        workspace.env["HTTPS_PROXY"] = f"http://127.0.0.1:{wire.port}"
        yield GitScene(workspace, wire, 10.0)


@contextmanager
def broker_to_github(parts: Parts) -> Iterator[Scene]:
    """The broker mints over the wire."""
    with ExitStack() as stack:
        wire = stack.enter_context(Wire(("127.0.0.1", urlsplit(parts.github.api_url).port or 0)))
        api = {"GITLEASE_API_URL": f"https://127.0.0.1:{wire.port}/api/v3"}
        yield Scene(_served(parts, stack, api), wire, 10.0)


@contextmanager
def broker_to_postgresql(parts: Parts) -> Iterator[Scene]:
    """The broker reaches its database over the wire."""
    assert parts.postgres is not None
    with ExitStack() as stack:
        wire = stack.enter_context(Wire(str(parts.postgres.socket)))
        parts.made += 1
        env = database_env(parts.folder / f"database-{parts.made}", parts.postgres)
        name = env["GITLEASE_BROKER_DATABASE_URL"].partition("/?")[0]
        database = urlsplit(env["GITLEASE_BROKER_DATABASE_URL"]).path.strip("/")
        del name
        env["GITLEASE_BROKER_DATABASE_URL"] = (
            f"postgresql://gitlease@127.0.0.1:{wire.port}/{database}?sslmode=disable"
        )
        yield Scene(_served(parts, stack, env), wire, 10.0)


WAYS: Mapping[str, Callable[[Parts], AbstractContextManager[Scene]]] = {
    "workspace to broker": workspace_to_broker,
    "workspace to GitHub, with the App's key": workspace_to_github,
    "git to GitHub": git_to_github,
    "broker to GitHub": broker_to_github,
    "broker to PostgreSQL": broker_to_postgresql,
}


def _workspace(parts: Parts, url: str, broker: Broker) -> Workspace:
    workspace = Workspace.on(parts.machine, parts.github)
    workspace.lease_from(url, *parts.bearer(broker))
    workspace.gitlease("install", "--offline", "--strict")
    return workspace


def _served(parts: Parts, stack: ExitStack, env: Mapping[str, str]) -> Workspace:
    """Return a workspace of a broker of its own, which has *env*."""
    parts.made += 1
    folder = parts.folder / f"broker-{parts.made}"
    broker = stack.enter_context(running_broker(folder, parts.github, **env))
    return _workspace(parts, broker.url, broker)
