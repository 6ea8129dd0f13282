"""A workspace of a fleet to which something happens, and how long git and gh are without GitHub."""

import json
import os
import signal
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from gitlease.emulator import GitHub
from gitlease.workspace import daemon
from gitlease.workspace.settings import load
from tests.support.brokers import Broker, running_broker
from tests.support.loops import end_all
from tests.support.machines import Machine
from tests.support.polling import until
from tests.support.workspaces import Workspace

SEED = {
    "installations": [{"owner": "acme"}],
    "repositories": [{"name": "acme/app"}],
}
GRANT: dict[str, Any] = {"owner": "acme", "repositories": "ALL"}
HOUR = 3600
# An installed package whose wall clock is as far off as a file says, also in the refresher.
SKEWED = """\
import pathlib as _pathlib, time as _time
_read, _off = _time.time, _pathlib.Path(__file__).with_name("clock-is-off-by")
_time.time = lambda: _read() + float(_off.read_text())
"""


@dataclass
class Scene:
    """
    A workspace in *folder* with git, gh and a refresher, a broker and a GitHub of its own.

    A token lives *life* seconds.  gh is run as by `gitlease run` if it is `behind_shim`.
    """

    machine: Machine
    folder: Path
    life: int
    behind_shim: bool = False
    _things: ExitStack = field(default_factory=ExitStack)
    _brokers: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> Self:
        self.github = self._things.enter_context(GitHub(SEED))
        self.github.settings(token_ttl=self.life)
        self._things.push(self._brokers)
        self.broker = self.start_broker()
        self.workspace = workspace = Workspace.on(self.machine, self.github)
        shown = self.broker.workspace("ws-1", GRANT)["Authorization"].removeprefix("Bearer ")
        workspace.lease_from(self.broker.url, "ws-1", shown)
        workspace.env |= {
            "SSL_CERT_FILE": str(self.github.ca_file),
            "GITLEASE_GH_OWNER": "acme",
        }
        self._things.callback(end_all, workspace.state)
        self.install()
        return self

    def __exit__(self, *_: object) -> None:
        self._things.close()

    def install(self) -> None:
        """Install, so that a refresher runs."""
        self.workspace.gitlease("install", "--strict")

    def start_broker(self, port: int = 0) -> Broker:
        """Start the broker, with what it has kept."""
        running = running_broker(self.folder, self.github, GITLEASE_BROKER_PORT=str(port))
        return self._brokers.enter_context(running)

    def stop_broker(self) -> Callable[[], None]:
        """End the broker; return what brings it back."""
        port = urlsplit(self.broker.url).port or 0
        self._brokers.close()

        def start() -> None:
            self.broker = self.start_broker(port)

        return start

    def git_works(self) -> bool:
        """Tell whether git reaches its repository."""
        ran = self.workspace.git("ls-remote", "https://github.com/acme/app", check=False)
        return ran.returncode == 0

    def gh_works(self) -> bool:
        """Tell whether gh, by its own files, reaches the API."""
        program = self.workspace.state / "shims/gh" if self.behind_shim else "gh"
        words = (program, "api", "repos/acme/app")
        ran = self.machine.run(words, env=self.workspace.env, cwd=self.folder, check=False)
        return ran.returncode == 0

    @property
    def refresher(self) -> int:
        """The process that sleeps between the rounds."""
        return daemon.is_running(load({"GITLEASE_HOME": str(self.workspace.state)})) or 0

    def outlive(self, lives: float = 1.0) -> None:
        """Let so many lives of a token pass, and see that gh has lost GitHub by then."""
        time.sleep(self.life * lives)
        until(lambda: not self.gh_works(), self.life * 2 + 10.0)

    def recovery(self, limit: float, *, git_is_used: bool = True) -> tuple[float, float]:
        """
        Return the seconds until git works, and gh; no more than *limit* is waited.

        Unless *git_is_used*, gh has to come back by itself first.
        """
        began, found = time.monotonic(), {"git": limit, "gh": limit}
        probes = {"git": self.git_works, "gh": self.gh_works}
        waiting = ["git", "gh"] if git_is_used else ["gh"]
        while waiting and time.monotonic() < began + limit:
            for name in list(waiting):
                tried = time.monotonic() - began
                if probes[name]():
                    # It worked from somewhere between the last try and this one.
                    found[name] = tried
                    waiting.remove(name)
            time.sleep(0.25)
        if not git_is_used:
            found["git"] = 0.0 if self.git_works() else limit
        return found["git"], found["gh"]


class Skewed(Scene):
    """A scene whose workspace has a wall clock that can be set."""

    def install(self) -> None:
        """Install a copy of the package whose every Python sees that clock."""
        [site] = Path(self.machine.python).parents[1].glob("lib/python*/site-packages")
        package = self.workspace.home / "package" / "gitlease"
        package.parent.mkdir()
        for one in site.iterdir():
            (package.parent / one.name).symlink_to(one)
        package.unlink()
        self.machine.run(["cp", "-r", site / "gitlease", package])
        self.clock = package / "clock-is-off-by"
        self.clock.write_text("0")
        main = package / "__main__.py"
        main.write_text(SKEWED + main.read_text())
        env = {**self.workspace.env, "PYTHONPATH": str(package.parent)}
        self.machine.run([self.machine.python, "-m", "gitlease", "install", "--strict"], env=env)

    @property
    def last_round(self) -> float:
        """When the refresher's last good round was, by that clock."""
        status = self.workspace.state / "run" / "status.json"
        return float(json.loads(status.read_text())["last_success"] or 0)

    def set_clock(self, seconds: int) -> None:
        """Set the workspace's wall clock so far off."""
        self.clock.write_text(str(seconds))


def refresher_killed(scene: Scene) -> None:
    os.kill(scene.refresher, signal.SIGKILL)
    scene.outlive()


def refresher_suspended(scene: Scene) -> None:
    group = os.getpgid(scene.refresher)
    os.killpg(group, signal.SIGSTOP)
    scene.outlive()
    os.killpg(group, signal.SIGCONT)


def broker_down(scene: Scene) -> None:
    back = scene.stop_broker()
    scene.outlive(3)
    assert not scene.git_works()
    back()


def app_suspended(scene: Scene) -> None:
    scene.github.suspend("acme")
    scene.outlive(2)
    assert not scene.git_works()
    scene.github.unsuspend("acme")


def bearer_rotated(scene: Scene) -> None:
    path = "/workspaces/ws-1/tokens"
    admin = scene.broker.admin
    old = scene.broker.ask("GET", path, headers=admin).json()["tokens"]
    for one in old:
        scene.broker.ask("DELETE", f"{path}/{one['id']}", headers=admin)
    scene.outlive()
    assert not scene.git_works()
    made = scene.broker.ask("POST", path, headers=admin).json()
    scene.workspace.bearer_file.write_text(made["auth_token"])


def tokens_revoked(scene: Scene) -> None:
    scene.github.revoke(all=True)
    assert not scene.gh_works()


def github_ahead(scene: Scene) -> None:
    scene.github.advance(HOUR)


def github_back(scene: Scene) -> None:
    scene.github.advance(-HOUR)


def clock_ahead(scene: Scene) -> None:
    assert isinstance(scene, Skewed)
    scene.set_clock(HOUR)
    until(lambda: scene.last_round > time.time() + HOUR / 2)


def clock_back(scene: Scene) -> None:
    assert isinstance(scene, Skewed)
    scene.set_clock(0)
    until(lambda: scene.last_round < time.time() + HOUR / 2)
