"""
A PostgreSQL server of the tests' own, from Debian's package.

It listens on a socket in a folder of its own, on no port.  It refuses to run as root, so as root
it is given to the user `postgres` or `nobody`.
"""

import contextlib
import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tests.support.environment import missing
from tests.support.leaks.stores import look_at_server

_NAMES = itertools.count()
# Tests throw their data away; what a kill of the *client* must not lose is unaffected.
_SETTINGS = {"fsync": "off", "listen_addresses": "", "max_connections": "100"}


class Postgres:
    """
    A server in *folder*, which its user owns; the path must be short, for the socket.

    *settings* go over those that suit tests.
    """

    def __init__(self, folder: Path, settings: Mapping[str, str] | None = None) -> None:
        self._settings = _SETTINGS | dict(settings or {})
        self._bin = programs()
        self._folder = folder
        self._data = folder / "data"
        self._process: subprocess.Popen[bytes] | None = None
        user = _user()
        self._as: dict[str, Any] = {"stdin": subprocess.DEVNULL, "cwd": folder}
        if user is not None:
            os.chown(folder, user.pw_uid, user.pw_gid)
            self._as |= {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        words = ["--auth=trust", "--username=gitlease", "--no-sync", f"--pgdata={self._data}"]
        subprocess.run(
            [self._bin / "initdb", *words], check=True, stdout=subprocess.DEVNULL, **self._as
        )

    @property
    def socket(self) -> Path:
        """The socket that the server listens on."""
        return self._folder / ".s.PGSQL.5432"

    def url(self, database: str = "postgres") -> str:
        """Return the URL of *database* as a user of gitlease gives it."""
        return f"postgresql://gitlease@/{database}?host={self._folder}"

    def start(self) -> None:
        """Start the server, and return when it accepts connections."""
        options = [word for pair in self._settings.items() for word in ("-c", "=".join(pair))]
        command: list[str] = [
            str(self._bin / "postgres"),
            "-D",
            str(self._data),
            "-k",
            str(self._folder),
            *options,
        ]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, **self._as)
        ready = [str(self._bin / "pg_isready"), "-q", "-h", str(self._folder)]
        limit = time.monotonic() + 30
        while subprocess.run(ready, check=False).returncode != 0:
            if self._process.poll() is not None or time.monotonic() > limit:
                raise AssertionError((self._folder / "log").read_text())
            time.sleep(0.05)

    def stop(self) -> None:
        """Stop the server as an operator does who will not wait: clients are cut off."""
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(30)
            self._process = None

    def freeze(self, *, frozen: bool) -> None:
        """Let no process of the server answer, or let them go on."""
        assert self._process is not None
        how = signal.SIGSTOP if frozen else signal.SIGCONT
        # The first one before it is asked for the others: meanwhile it would start one more.
        os.kill(self._process.pid, how)
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        for pid in map(int, children.read_text().split()):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, how)

    def create(self, *, like: str | None = None) -> str:
        """Create a database, empty or a copy of the database *like*; return its name."""
        name = f"test_{next(_NAMES)}"
        self.sql(f"CREATE DATABASE {name} TEMPLATE {like or 'template0'}")
        return name

    def drop(self, name: str) -> None:
        """Remove the database *name*, whoever uses it."""
        self.sql(f"DROP DATABASE {name} WITH (FORCE)")

    def sql(self, statement: str, database: str = "postgres") -> str:
        """Return what psql prints for *statement*, bare rows."""
        words = [
            "-qAtX",
            "-h",
            str(self._folder),
            "-U",
            "gitlease",
            "-d",
            database,
            "-c",
            statement,
        ]
        done = subprocess.run([str(self._bin / "psql"), *words], check=True, capture_output=True)
        return done.stdout.decode().strip()

    def dump(self, database: str) -> str:
        """Return all of *database* as pg_dump writes it."""
        words = ["-h", str(self._folder), "-U", "gitlease", database]
        done = subprocess.run([str(self._bin / "pg_dump"), *words], check=True, capture_output=True)
        return done.stdout.decode()


@contextlib.contextmanager
def server(**settings: str) -> Iterator[Postgres]:
    """Give a server that runs with *settings*, and is gone with its folder afterwards."""
    programs()
    # Not pytest's folder: the path of a socket has 107 bytes at most, and others cannot enter it.
    folder = Path(tempfile.mkdtemp(prefix="glpg-"))
    try:
        postgres = Postgres(folder, settings)
        try:
            postgres.start()
            yield postgres
        finally:
            look_at_server(programs(), folder)
            postgres.stop()
    finally:
        shutil.rmtree(folder)


def programs() -> Path:
    """Return the folder of the newest server's programs; without one skip, or fail with CI=true."""
    folders = [file.parent for file in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    if not folders:
        missing("postgresql is not installed")
    return max(folders, key=lambda folder: int(folder.parent.name))


def _user() -> pwd.struct_passwd | None:
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    return missing("PostgreSQL refuses to run as root, and there is no other user")
