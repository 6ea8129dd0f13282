"""
Granian around the service: one or more worker processes at one address.

A worker reads the settings again, from the same file and environment: nothing secret travels
between processes.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import http.client
import json
import logging
import multiprocessing
import os
import resource
import socket
import ssl
import sys
import tempfile
import threading
import time
from typing import TYPE_CHECKING, Any, Final

from granian import Granian
from granian.constants import HTTPModes, Interfaces, Loops, SSLProtocols
from granian.errors import ConfigurationError
from granian.http import HTTP1Settings

from gitlease.broker import certificate, logs
from gitlease.broker.app import create_app
from gitlease.broker.connections import Connections, can_look
from gitlease.broker.dumps import keep_secrets_in_memory
from gitlease.broker.orphans import end_with_parent
from gitlease.broker.settings import CONFIG, load
from gitlease.model.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, MutableMapping
    from pathlib import Path

    from gitlease.broker.connections import Application
    from gitlease.broker.settings import Settings

log = logging.getLogger(__name__)

# A request's line and headers; an honest one has a few hundred bytes.
MAX_HEAD: Final = 16 * 1024  # bytes
HEAD_LIMIT: Final = 10_000  # milliseconds for all of it, and between two requests
# Each costs 20 KB while it says nothing; from half of them on, who waits makes room.
CONNECTIONS: Final = 4096  # at once, over all workers
FEWEST: Final = 64  # connections of a worker, however few descriptors it may have
RESERVE: Final = 256  # descriptors of a worker for all else
READY_LIMIT: Final = 60.0  # seconds
# A commit on SQLite gets the interpreter back several times in a thread of its own, and waits so
# long each time while the event loop is busy (Python's own: 5 ms).
SWITCH: Final = 0.001  # seconds
# A lease leaves nothing behind for the collector, but all that is under way counts; at Python's 700
# it looks after each second batch of leases and finds nothing.
COLLECT: Final = 5_000  # objects made and not freed
APPLICATION: Final = "gitlease.broker.server:worker"


def serve(
    settings: Settings,
    config: Path | None,
    env: MutableMapping[str, str],
    say: Callable[[str], None],
) -> int:
    """
    Serve until SIGTERM or SIGINT, then let running requests end; return the exit code.

    *say* gets one line of JSON when the service answers.  *env* is what the workers will start
    with.  Raises `GitleaseError` if the service cannot start.
    """
    logs.configure()
    keep_secrets_in_memory()
    _raise_descriptors(settings)
    certificate.require(settings)
    if (trouble := certificate.trouble(settings)) is not None:
        log.warning("%s", trouble)
    if config is not None:
        env[CONFIG] = str(config.absolute())
    # Everything is opened once before a worker starts: a wrong setting is told here, once, a new
    # database is made by one process, and a worker that cannot be wired is not started for ever.
    asyncio.run(_rehearse(settings))
    return run(settings, env, say)


def run(
    settings: Settings,
    env: MutableMapping[str, str],
    say: Callable[[str], None],
    application: str = APPLICATION,
) -> int:
    """
    Do as `serve`, for a service that is known to start.

    *application* names the function that makes the workers' application (`module:function`); it
    must answer `/healthz`.
    """
    multiprocessing.set_start_method("spawn", force=True)
    with _address(settings) as port, _shared_metrics(settings, env):
        server = _server(settings, port, application)
        ready = threading.Thread(target=_tell, args=(settings, port, say), daemon=True)
        server.on_startup(ready.start)
        try:
            server.serve()
        except SystemExit as done:
            return int(done.code or 0)
    return 0


def worker() -> Application:
    """Return the application of one worker process."""
    logs.configure()
    keep_secrets_in_memory()
    sys.setswitchinterval(SWITCH)
    # What was imported stays: the collector need not look at it again.
    gc.freeze()
    gc.set_threshold(COLLECT, *gc.get_threshold()[1:])
    settings = load(os.environ)
    end_with_parent(settings.drain)
    if not can_look():
        return create_app(settings)
    connections = Connections(create_app(settings), _connections(settings) // 2)
    connections.watch()
    return connections


def _server(settings: Settings, port: int, application: str) -> Any:
    try:
        return Granian(
            application,
            factory=True,
            address=settings.host,
            port=port,
            interface=Interfaces.ASGI,
            http=HTTPModes.http1,
            websockets=False,
            loop=Loops.asyncio,
            workers=settings.workers,
            backlog=1024,
            backpressure=_connections(settings),
            http1_settings=HTTP1Settings(header_read_timeout=HEAD_LIMIT, max_buffer_size=MAX_HEAD),
            ssl_cert=settings.tls_certificate,
            ssl_key=settings.tls_key,
            # Every client since 2018 speaks it, and it has no weak cipher to choose.
            ssl_protocol_min=SSLProtocols.tls13,
            workers_kill_timeout=settings.drain,
            respawn_failed_workers=True,
            log_dictconfig={
                "version": 1,
                "disable_existing_loggers": False,
                "loggers": {"_granian": {"handlers": [], "level": "WARNING", "propagate": True}},
            },
        )
    except (ConfigurationError, OSError, ssl.SSLError) as error:
        raise SettingsError(
            f"the server cannot start ({type(error).__name__})",
            hint=certificate.HINT,
        ) from None


def _raise_descriptors(settings: Settings) -> None:
    """Let a worker have as many descriptors as it wants, as far as this user may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = CONNECTIONS // settings.workers + RESERVE
    if resource.RLIM_INFINITY not in {soft, hard} and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(wanted, hard), hard))


def _connections(settings: Settings) -> int:
    """Return how many connections a worker takes: with one more it could open no file."""
    most = CONNECTIONS // settings.workers
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY:
        most = min(most, soft - RESERVE)
    return max(FEWEST, most)


async def _rehearse(settings: Settings) -> None:
    async with create_app(settings).running():
        pass


@contextlib.contextmanager
def _address(settings: Settings) -> Iterator[int]:
    """Hold the port while the service runs: the workers share it by SO_REUSEPORT."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        with socket.socket(family) as alone:
            # Without SO_REUSEPORT, so that a second broker at the same port is told.
            alone.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            alone.bind((settings.host, settings.port))
        held = socket.socket(family)
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        held.bind((settings.host, settings.port))
    except OSError as error:
        raise SettingsError(
            f"{settings.host} port {settings.port} cannot be had: {error.strerror}",
            hint="set GITLEASE_BROKER_HOST and GITLEASE_BROKER_PORT",
        ) from None
    with held:
        yield held.getsockname()[1]


@contextlib.contextmanager
def _shared_metrics(settings: Settings, env: MutableMapping[str, str]) -> Iterator[None]:
    """Let the counters of several workers meet in a folder (prometheus-client's way)."""
    if settings.workers == 1:
        yield
        return
    with tempfile.TemporaryDirectory(prefix="gitlease-metrics-") as folder:
        env["PROMETHEUS_MULTIPROC_DIR"] = folder
        yield


def _tell(settings: Settings, port: int, say: Callable[[str], None]) -> None:
    """Say where the service is once it answers."""
    scheme = "http" if settings.tls_certificate is None else "https"
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)  # noqa: S104 - read, not bound
    end = time.monotonic() + READY_LIMIT
    while time.monotonic() < end:
        if _answers(scheme, host, port):
            shown = f"[{host}]" if ":" in host else host
            file = None if settings.admin_token is not None else str(settings.admin_file)
            say(json.dumps({"url": f"{scheme}://{shown}:{port}", "admin_token_file": file}))
            return
        time.sleep(0.05)


def _answers(scheme: str, host: str, port: int) -> bool:
    if scheme == "http":
        connection = http.client.HTTPConnection(host, port, timeout=2)
    else:
        # It asks itself whether it is up; whose certificate that is does not matter here.
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        connection = http.client.HTTPSConnection(host, port, timeout=2, context=context)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
