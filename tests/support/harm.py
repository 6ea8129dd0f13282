"""What can be wrong with the place in which a container starts, each done for real."""

import os
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.disks import fill, small_file_system
from tests.support.workspaces import Workspace

# The files of a person, none of which may be harmed.
BELONGINGS = {
    ".gitconfig": "[user]\n\tname = A Person\n",
    ".config/gh/config.yml": "editor: vi # mine\n",
    ".config/gh/hosts.yml": "ghe.example.com:\n    user: mona\n    oauth_token: gho_mine\n",
    ".local/state/other/file": "of another program\n",
}


@dataclass
class Start:
    """
    A workspace that is about to start.

    `script` is what a shell does before, in a mount namespace of that start alone; `after` is run
    when the start is over.
    """

    workspace: Workspace
    script: str = ""
    env: dict[str, str | None] = field(default_factory=dict)
    after: ExitStack = field(default_factory=ExitStack)

    def command(self, *words: str) -> list[str]:
        """Return the command line that runs gitlease with *words*."""
        command = [self.workspace.machine.gitlease, *words]
        if not self.script:
            return command
        enter = ["unshare", "--mount", "--propagation", "private"]
        return [*enter, "sh", "-c", f'set -e\n{self.script}\nexec "$@"', "sh", *command]

    def keep_state_elsewhere(self) -> None:
        """Let our folder be on a disk of its own."""
        self.workspace.env["GITLEASE_HOME"] = str(self.workspace.machine.folder())

    def lock_up(self, path: Path) -> None:
        """Let *path* be mounted read-only."""
        self.script = f"mount --bind {path} {path}\nmount -o remount,bind,ro {path}"

    def make_state(self, mode: int = 0o700) -> Path:
        """Make our folder before the installation does."""
        self.workspace.state.mkdir(parents=True)
        self.workspace.state.chmod(mode)
        return self.workspace.state


Harm = Callable[[Start], None]


def variables(**env: str | None) -> Harm:
    """Start with these variables, and with our folder where no HOME is needed to find it."""

    def harm(start: Start) -> None:
        start.keep_state_elsewhere()
        start.env = env

    return harm


def a_read_only_home(start: Start) -> None:
    start.lock_up(start.workspace.home)


def a_read_only_home_and_state_elsewhere(start: Start) -> None:
    start.keep_state_elsewhere()
    start.lock_up(start.workspace.home)


def the_root_as_home(start: Start) -> None:
    # Nothing is to be left in the machine's own.
    start.keep_state_elsewhere()
    start.script = "mount --bind /tmp /tmp\nmount -o remount,bind,ro /"
    start.env = {"HOME": "/"}


def a_foreign_folder(start: Start) -> None:
    state = start.make_state()
    os.chown(state, 12345, 12345)
    start.after.callback(os.chown, state, 0, 0)


def an_open_folder(start: Start) -> None:
    start.after.callback(start.make_state(0o777).chmod, 0o700)


def a_linked_folder(start: Start) -> None:
    start.workspace.state.parent.mkdir(parents=True, exist_ok=True)
    start.workspace.state.symlink_to(start.workspace.machine.folder())
    start.after.callback(start.workspace.state.unlink)


def a_file_for_a_folder(start: Start) -> None:
    start.workspace.state.parent.mkdir(parents=True, exist_ok=True)
    start.workspace.state.write_text("a file\n")
    start.after.callback(start.workspace.state.unlink)


def a_mounted_gitconfig(start: Start) -> None:
    start.lock_up(start.workspace.home / ".gitconfig")


def a_stale_lock(start: Start) -> None:
    lock = start.workspace.home / ".gitconfig.lock"
    lock.touch()
    start.after.callback(lock.unlink)


def a_broken_gitconfig(start: Start) -> None:
    config = start.workspace.home / ".gitconfig"
    text = config.read_text()
    config.write_text(text + "[alias\n\tst = status\n")
    start.after.callback(config.write_text, text)


def a_full_disk(start: Start) -> None:
    start.after.enter_context(small_file_system(start.make_state(), "size=64k,mode=700"))
    fill(start.workspace.state)


def no_proc(start: Start) -> None:
    start.script = "mount -t tmpfs none /proc"


def no_gh(start: Start) -> None:
    path = start.workspace.machine.folder()
    (path / "git").symlink_to(start.workspace.machine.which("git") or "")
    start.env = {"PATH": str(path)}


def no_broker(start: Start) -> None:
    start.workspace.lease_from("http://127.0.0.1:1", "ws-1", "a-bearer")
