"""
A platform's how-to, played: its commands in their order, each by whom it is for.

`docker compose exec agent …` and its kin are an address; what follows runs in what stands for that
container. What belongs to the platform alone, such as `docker compose up`, is a player's affair.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.consoles import Step, fits, steps_of
from tests.support.environment import CHECKOUT
from tests.support.loops import end_below
from tests.support.persons import Person

BROKER = "https://broker.example.com"
Player = Callable[[str], str]
_PATIENCE = 60.0  # seconds


def example(name: str, places: Mapping[str, str]) -> str:
    """Return the example *name*, whose paths and addresses are the test's, as *places* says."""
    return _moved((CHECKOUT / "examples" / name).read_text(), places)


def play_page(
    name: str, places: Mapping[str, str], players: Mapping[str, Player], section: str = ""
) -> None:
    """
    Play the page *name*, or its *section*; *players* have the commands that begin with their words.

    What shows nothing runs once; of what is shown the page says that it comes after a while.
    """
    page = (CHECKOUT / f"docs/howto/{name}.md").read_text()
    if section:
        page = page.partition(f"\n## {section}\n")[2].partition("\n## ")[0]
    steps = steps_of(_moved(page, places))
    assert steps
    for step in steps:
        words = max((one for one in players if step.command.startswith(one)), key=len, default=None)
        assert words is not None, f"nobody plays {step.command}"
        _play(step, players[words], step.command.removeprefix(words))


def _play(step: Step, player: Player, rest: str) -> None:
    deadline = time.monotonic() + _PATIENCE
    told = player(rest)
    while step.shown and not fits(step.shown, told):
        assert time.monotonic() < deadline, (step.command, step.shown, told)
        time.sleep(0.1)
        told = player(rest)


def _moved(text: str, places: Mapping[str, str]) -> str:
    for place, ours in places.items():
        text = text.replace(place, ours)
    return text


@dataclass
class Shell:
    """The operator's shell, in *folder*, where the broker runs."""

    folder: Path
    env: Mapping[str, str]

    def run(self, command: str) -> str:
        """Run *command* to its good end; return what it printed."""
        path = f"{Path(sys.prefix) / 'bin'}:/usr/local/bin:/usr/bin:/bin"
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-c", command],
            check=False,
            cwd=self.folder,
            env={**self.env, "PATH": path},
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, (command, done.stderr)
        return done.stdout


def whole(run: Player, *beginnings: str) -> dict[str, Player]:
    """Return the players of all commands with these *beginnings*: *run* is told each whole."""

    def player(words: str) -> Player:
        return lambda rest: run(words + rest)

    return {words: player(words) for words in beginnings}


@dataclass
class Container:
    """What stands for a container: *person*'s home, an environment, and a first process."""

    person: Person
    command: list[str]
    env: dict[str, str] = field(default_factory=dict)

    def start(self, _: str = "") -> str:
        """Start the first process, as `docker compose up` and a kubelet do."""
        self.person.machine.popen(
            [*self.person.become, *self.command],
            env={**self.person.env, **self.env},
            cwd=self.person.home,
        )
        return ""

    def stop(self) -> None:
        """End all that runs in it."""
        self.person.machine.end()
        end_below(self.person.home)

    def exec(self, command: str) -> str:
        """Run *command* beside the first process; return what it printed, however it ended."""
        _, out, err = self.person.run("sh", "-c", command, **self.env)
        return err + out

    def done(self, *words: str, **env: str) -> str:
        """Run a command to its good end; return what it printed."""
        code, out, err = self.person.run(*words, **self.env, **env)
        assert code == 0, (words, out, err)
        return out


def owned(folder: Path, uid: int, gid: int, mode: int) -> Path:
    """Make *folder*, the way a platform makes a volume."""
    folder.mkdir(parents=True, exist_ok=True)
    os.chown(folder, uid, gid)
    folder.chmod(mode)
    return folder
