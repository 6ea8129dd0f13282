"""
Run programs on a machine: this one, or a Debian 13 root on it.

Both share the network and the folder for temporary files, at the same path.  All else of the
Debian 13 root is read-only, so tests cannot wear it out, and its mounts live in a namespace of
the single command: whatever happens, nothing stays mounted.
"""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support.environment import QUIET
from tests.support.leaks.ledger import current
from tests.support.loops import end_below

Argument = str | os.PathLike[str]

PATH = "/usr/local/bin:/usr/bin:/bin"
# The system's git config is a machine's own business: on Debian git-lfs writes it, on others
# a company does.
DEFAULTS = {"PATH": PATH, "LANG": "C.UTF-8", "GIT_CONFIG_NOSYSTEM": "1", **QUIET}
SHELLS = {"dash": ["dash"], "bash": ["bash"], "busybox": ["busybox", "sh"]}

# $1 root, $2 folder for temporary files, $3 folder to start in, then the command.  A shell
# exports what it invents (PWD, _), hence the unset; the command's PATH is not ours, hence the
# full paths; /dev is read-only so that nothing can replace a device by a file.
_ENTER_SCRIPT = """\
set -e
/bin/mount --bind "$1" "$1"
/bin/mount -o remount,bind,ro "$1"
/bin/mount --rbind /proc "$1/proc"
/bin/mount --bind /dev "$1/dev"
/bin/mount -o remount,bind,ro "$1/dev"
/bin/mount --bind "$2" "$1$2"
root=$1 folder=$3
shift 3
unset PWD OLDPWD SHLVL _
exec /usr/sbin/chroot "$root" /usr/bin/env -C "$folder" "$@"
"""
_ENTER = ["/usr/bin/unshare", "--mount", "--propagation", "private"]
_ENTER += ["/bin/sh", "-c", _ENTER_SCRIPT, "sh"]


@dataclass(frozen=True)
class Installed:
    """
    One place where the built wheel is installed, made once per test run.

    *python* and *gitlease* are paths inside; *root* is None on the machine itself.
    """

    name: str
    root: Path | None
    git_version: tuple[int, int, int]
    python: str
    gitlease: str


@dataclass(frozen=True)
class Gh:
    """One gh: its path on the machine and its version."""

    path: str
    version: tuple[int, int, int]


@dataclass
class Machine:
    """A machine for one test: it ends the processes and removes the folders that it gave out."""

    installed: Installed
    _folders: list[Path] = field(default_factory=list)
    _started: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def name(self) -> str:
        """``host`` or ``debian13``."""
        return self.installed.name

    @property
    def git_version(self) -> tuple[int, int, int]:
        """The version of git there."""
        return self.installed.git_version

    @property
    def python(self) -> str:
        """The interpreter of a venv there that holds the built wheel with its extra ``app``."""
        return self.installed.python

    @property
    def gitlease(self) -> str:
        """The command ``gitlease`` of that venv."""
        return self.installed.gitlease

    @property
    def shells(self) -> dict[str, list[str]]:
        """The POSIX shells there, by name, as the first words of a command."""
        found = {name: self.which(program) for name, [program, *_] in SHELLS.items()}
        return {name: [path, *SHELLS[name][1:]] for name, path in found.items() if path}

    def which(self, program: str) -> str | None:
        """Return the path inside of *program* on the default PATH, or None."""
        root = str(self.installed.root or "")
        found = shutil.which(program, path=":".join(root + entry for entry in PATH.split(":")))
        return found and found.removeprefix(root)

    def folder(self) -> Path:
        """Make an empty folder, the same path outside and inside, removed after the test."""
        made = Path(tempfile.mkdtemp(prefix="gitlease-"))
        current().own(made)
        self._folders.append(made)
        return made

    def inside(self, path: Path) -> str:
        """Return *path* as processes there see it; raise ValueError if they do not."""
        if self.installed.root and not path.is_relative_to(tempfile.gettempdir()):
            raise ValueError(f"{path} is not on {self.name}: use a folder that it gave out")
        return str(path)

    def run(
        self,
        argv: Sequence[Argument],
        *,
        env: Mapping[str, str | None] | None = None,
        cwd: Path | None = None,
        input: bytes | None = None,  # noqa: A002 (named as in subprocess.run)
        timeout: float = 60,
        check: bool = True,
    ) -> subprocess.CompletedProcess[bytes]:
        """
        Run *argv* there to its end and return it with what it wrote.

        The environment is `DEFAULTS`, HOME as an empty folder, and then *env*, where None takes
        a name away; nothing is inherited, and there is no terminal.  Past *timeout* seconds the
        whole process group is killed and TimeoutExpired raised; with *check*, a status other
        than 0 raises CalledProcessError with the output in its notes.
        """
        stdin = subprocess.DEVNULL if input is None else subprocess.PIPE
        process = self.popen(
            argv, env=env, cwd=cwd, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        try:
            out, err = process.communicate(input, timeout)
        except subprocess.TimeoutExpired as late:
            _kill(process)
            out, err = process.communicate()
            late.add_note(_told(out, err))
            raise
        if check and process.returncode:
            failed = subprocess.CalledProcessError(process.returncode, argv, out, err)
            failed.add_note(_told(out, err))
            raise failed
        return subprocess.CompletedProcess(argv, process.returncode, out, err)

    def popen(
        self,
        argv: Sequence[Argument],
        *,
        env: Mapping[str, str | None] | None = None,
        cwd: Path | None = None,
        **streams: Any,
    ) -> subprocess.Popen[bytes]:
        """
        Start *argv* there in a session of its own, its environment as for `run`.

        *streams* are Popen's stdin, stdout, stderr, pass_fds.  The process's id is that of the
        command itself.  Its process group is killed after the test.
        """
        command, folder = [os.fspath(word) for word in argv], cwd or Path(tempfile.gettempdir())
        if root := self.installed.root:
            places = [str(root), tempfile.gettempdir(), self.inside(folder)]
            command, folder = [*_ENTER, *places, *command], Path("/")
        process = subprocess.Popen(
            command, env=self._environment(env or {}), cwd=folder, start_new_session=True, **streams
        )
        self._started.append(process)
        return process

    def end(self) -> None:
        """End what was started."""
        for process in self._started:
            _kill(process)
            process.communicate()
        self._started.clear()

    def close(self) -> None:
        """End what was started and remove what was given out."""
        self.end()
        for folder in self._folders:
            end_below(folder)
            current().keep(folder)
            shutil.rmtree(folder, ignore_errors=True)

    def _environment(self, env: Mapping[str, str | None]) -> dict[str, str]:
        if env.get("GIT_CONFIG_GLOBAL") == "/dev/null":
            raise ValueError("git as root would replace /dev/null by a file: name a file")
        home = {} if "HOME" in env else {"HOME": str(self.folder())}
        wanted = {**DEFAULTS, **home, **env}
        return {name: value for name, value in wanted.items() if value is not None}


def _kill(process: subprocess.Popen[bytes]) -> None:
    # The group, not the process: it holds what the command left running, and a pipe it holds
    # would keep communicate() waiting.
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _told(out: bytes | None, err: bytes | None) -> str:
    told = [
        f"{name}: {text.decode(errors='replace')}"
        for name, text in (("stdout", out or b""), ("stderr", err or b""))
    ]
    return "\n".join(told)
