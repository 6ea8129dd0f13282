"""
The refresher's process: one for each home, a shell that sleeps.

Its PID file is locked for as long as it lives, by a descriptor that it was born with, so the kernel
tells who is alive.  The number in the file is only for whoever wants to send it a signal.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import signal
import time
from typing import TYPE_CHECKING, Final

from gitlease.model.errors import GitleaseError
from gitlease.workspace import folders, loops
from gitlease.workspace.settings import VARIABLES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from gitlease.workspace.install.report import State
    from gitlease.workspace.settings import Settings

PATIENCE: Final = 10.0  # seconds in which it has to come up, or to end
OVERDUE: Final = 60.0  # seconds; a round takes a part of that
_PAUSE: Final = 0.02  # seconds between two looks
_GLANCE: Final = 0.5  # seconds
# What a round may need of the environment; a token is not among it.
_ENVIRONMENT: Final = {
    *(variable for variables in VARIABLES.values() for variable in variables),
    *("PATH", "HOME", "LANG", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR"),
    *("XDG_CONFIG_HOME", "XDG_STATE_HOME", "GH_CONFIG_DIR", "GITLEASE_TRACEBACK"),
    *(word for name in ("https_proxy", "all_proxy", "no_proxy") for word in (name, name.upper())),
}


def pid_file(settings: Settings) -> Path:
    """Return the file that a living refresher has locked."""
    return settings.home / "run" / "refresher.pid"


def marker(settings: Settings) -> Path:
    """Return the file that says that this workspace wants a refresher."""
    return settings.home / "run" / "refresher.wanted"


def status_file(settings: Settings) -> Path:
    """Return the file in which a round leaves how it went; its time is that of the next one."""
    return settings.home / "run" / "status.json"


def is_running(settings: Settings) -> int | None:
    """Return the refresher's process id, 0 where that is not known, or None if none runs."""
    with contextlib.suppress(OSError), _open(settings, os.O_RDWR) as descriptor:
        # Shared, so that two who look do not see each other.
        return None if _is_free(settings, descriptor, fcntl.LOCK_SH) else _number(descriptor)
    return None


def start(settings: Settings, env: Mapping[str, str], *, wait: bool = True) -> tuple[State, str]:
    """
    Start the refresher unless one runs, with what it needs of *env*; return how that went.

    Any number of starters at once start one.  Without *wait* nobody looks whether it comes up.
    Raises `FolderError` or `OSError`.
    """
    if not folders.is_file(settings.refresher):
        return "failed", f"{settings.refresher} is missing; run `gitlease install`"
    folders.check_private(settings.home)
    folders.make_private(pid_file(settings).parent)
    with _open(settings, os.O_RDWR | os.O_CREAT) as descriptor:
        if not _claim(settings, descriptor):
            return "already", f"process {_number(descriptor) or 'unknown'} runs"
        os.ftruncate(descriptor, 0)
        _spawn(settings, env, descriptor)
    # Our own hold on the lock is gone with the descriptor, the loop's is not.
    if wait:
        _eventually(lambda: bool(is_running(settings)))
    if wait and is_running(settings) is None:
        return "failed", "it does not come up; run `gitlease refresh` to see why"
    return "done", f"process {is_running(settings) or 'unknown'}"


def become(settings: Settings, env: Mapping[str, str]) -> None:
    """
    Be the refresher in this process, in the foreground; return only if another one is.

    Raises `GitleaseError` or `OSError` if it cannot be started.
    """
    if not folders.is_file(settings.refresher):
        raise GitleaseError(f"{settings.refresher} is missing", hint="run `gitlease install`")
    folders.check_private(settings.home)
    folders.make_private(pid_file(settings).parent)
    with _open(settings, os.O_RDWR | os.O_CREAT) as descriptor:
        if not _claim(settings, descriptor):
            return
        os.ftruncate(descriptor, 0)
        with open(os.devnull, "rb+", buffering=0) as nothing:  # noqa: PTH123 - no Path needed
            for stream in range(3):
                os.dup2(nothing.fileno(), stream)
        # The loop finds its lock under this number.
        os.dup2(descriptor, 9)
        # It may have had that number before, and then dup2(2) changes nothing.
        os.set_inheritable(9, True)
        os.chdir("/")
        os.umask(0o077)
        words = ["sh", str(settings.refresher), "loop", str(settings.refresh_initial_delay)]
        os.execve("/bin/sh", words, _own_environment(settings, env))  # noqa: S606 - our program


def stop(settings: Settings) -> bool:
    """End the refresher, by force if need be; return whether one ran."""
    if is_running(settings) is None:
        return False
    pid = loops.UNKNOWN
    for number in (signal.SIGTERM, signal.SIGKILL):
        # One that has just been started tells its number in a moment.
        _eventually(lambda: is_running(settings) != loops.UNKNOWN, limit=_GLANCE)
        pid = is_running(settings) or loops.UNKNOWN
        loops.send(pid, number, settings.refresher)
        # Whatever is suspended hears nothing before it goes on.
        loops.send(pid, signal.SIGCONT, settings.refresher)
        if _eventually(lambda: is_running(settings) is None):
            return True
    raise GitleaseError(
        f"the refresher (process {pid or 'unknown'}) does not end",
        hint=loops.cure(pid, settings.refresher),
    )


def attend(settings: Settings, env: Mapping[str, str], due: float | None = None) -> None:
    """
    See that the refresher is there, if this workspace wants one; never fails, never waits.

    A dead one is started, one that is overdue is woken, and so is one whose next round would come
    after *due*, the wall time at which a new token wants to be renewed.
    """
    with contextlib.suppress(OSError, GitleaseError):
        if not folders.is_there(marker(settings)):
            return
        pid = is_running(settings)
        if pid is None:
            start(settings, env, wait=False)
            return
        next_due = status_file(settings).stat().st_mtime
        if next_due + OVERDUE < time.time() or (due is not None and due < next_due):
            loops.send(pid, signal.SIGCONT, settings.refresher)
            loops.send(pid, signal.SIGUSR1, settings.refresher)


@contextlib.contextmanager
def _open(settings: Settings, flags: int) -> Iterator[int]:
    descriptor = os.open(pid_file(settings), flags | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _is_free(settings: Settings, descriptor: int, how: int) -> bool:
    """Tell whether nobody else holds the lock, and hold it *how* until the descriptor closes."""
    try:
        fcntl.flock(descriptor, how | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno == errno.EWOULDBLOCK:
            return False
        # No locks here (NFS): the number has to do, and the loop looks after it too.
        return not loops.is_ours(_number(descriptor), settings.refresher)
    return True


def _claim(settings: Settings, descriptor: int) -> bool:
    """Take the lock, or tell that a refresher has it."""
    # Somebody who only looks may hold it for an instant; a refresher tells its number.
    return _eventually(
        lambda: _is_free(settings, descriptor, fcntl.LOCK_EX),
        limit=_GLANCE,
        unless=lambda: loops.is_ours(_number(descriptor), settings.refresher),
    )


def _number(descriptor: int) -> int:
    text = os.pread(descriptor, 20, 0).strip()
    return int(text) if text.isdigit() else loops.UNKNOWN


def _spawn(settings: Settings, env: Mapping[str, str], descriptor: int) -> None:
    import subprocess  # noqa: PLC0415 - a helper that finds the refresher alive needs it not

    subprocess.run(
        ["/bin/sh", settings.refresher, str(settings.refresh_initial_delay)],
        stdin=descriptor,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd="/",
        env=_own_environment(settings, env),
        start_new_session=True,
        umask=0o077,
        # Whether it came up is seen by its lock.
        check=False,
    )


def _own_environment(settings: Settings, env: Mapping[str, str]) -> dict[str, str]:
    own = {name: value for name, value in env.items() if name in _ENVIRONMENT}
    return own | {"GITLEASE_HOME": str(settings.home)}


def _eventually(
    true: Callable[[], bool],
    *,
    limit: float | None = None,
    unless: Callable[[], bool] = lambda: False,
) -> bool:
    deadline = time.monotonic() + (PATIENCE if limit is None else limit)
    while not true():
        if unless() or time.monotonic() >= deadline:
            return False
        time.sleep(_PAUSE)
    return True
