"""The second act: a broker on SQLite, three workspaces with different grants, one journal."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

from gitlease.demo.stage import Stage
from gitlease.demo.tale import last_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from gitlease.demo.tale import Tale
    from gitlease.emulator import GitHub

GITHUB: Final = "https://github.com"
LIFE: Final = 45  # seconds that GitHub's tokens live in this act
KNOWS_STATE: Final = (2, 46)
# Workspace: what it is granted, as the words of a command, and what it clones.
FLEET: Final[Mapping[str, tuple[tuple[str, ...], str]]] = {
    "blue": (("--owner", "acme", "--repo", "app", "--permission", "contents=write"), "acme/app"),
    "green": (("--owner", "acme", "--all"), "acme/app"),
    "red": (("--owner", "other", "--repo", "lib"), "other/lib"),
}


class Operator:
    """Runs a broker with its files in *folder*, and manages it from a shell."""

    def __init__(self, tale: Tale, github: GitHub, folder: Path, env: Mapping[str, str]) -> None:
        self._tale = tale
        self.env = {
            "PATH": env.get("PATH", "/usr/bin:/bin"),
            "GITLEASE_BROKER_DATA_DIR": str(folder),
            "GITLEASE_APP_ID": str(github.app_id),
            "GITLEASE_PRIVATE_KEY_FILE": str(github.private_key_file),
            "GITLEASE_API_URL": github.api_url,
            "GITLEASE_CA_FILE": str(github.ca_file),
        }

    @contextlib.contextmanager
    def broker(self) -> Iterator[str]:
        """Serve until the context ends; yield the URL."""
        command = [sys.executable, "-m", "gitlease", "broker", "serve", "--port", "0"]
        with subprocess.Popen(
            command, env=self.env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        ) as process:
            try:
                assert process.stdout is not None  # noqa: S101 - it was asked for
                yield str(json.loads(process.stdout.readline())["url"])
            finally:
                process.terminate()

    def manage(self, *words: str) -> str:
        """Run a command of the broker's and return what it printed; a failure is told."""
        command = [sys.executable, "-m", "gitlease", "broker", *words]
        ran = subprocess.run(command, env=self.env, capture_output=True, check=False)
        if ran.returncode:
            self._tale.fail(f"gitlease broker {' '.join(words)}", ran.stderr)
        return ran.stdout.decode().strip()


def play(tale: Tale, github: GitHub, folder: Path, env: Mapping[str, str]) -> None:
    """Tell the act; what fails is counted by *tale*."""
    tale.title("A broker, and three workspaces that hold no key")
    if find_spec("litestar") is None:
        tale.say("skipped: it needs `pip install 'gitlease[broker]'`")
        return
    github.settings(token_ttl=LIFE)
    operator = Operator(tale, github, folder / "broker", env)
    with operator.broker() as url:
        tale.say(f"`gitlease broker serve`: it alone has the App's key, and listens at {url}")
        fleet, minted = {}, github.stats()["mints"]
        for name in FLEET:
            fleet[name] = Stage(tale, github, folder / name, env)
            _join(operator, tale, fleet[name], url)
        began = time.monotonic()
        for name, stage in fleet.items():
            stage.git("clone", "--quiet", f"{GITHUB}/{FLEET[name][1]}", "work")
        minted = github.stats()["mints"] - minted
        tale.say(f"each clones what it is granted: {minted} tokens minted, each of its own scope")
        blue, green, red = fleet.values()
        said = blue.refused("ls-remote", f"{GITHUB}/acme/outer")
        tale.say(f"blue asks for acme/outer: {said}")
        _outage(tale, github, blue, green)
        # A token of a sixth of its life is taken for too young to have been revoked.
        time.sleep(max(0.0, LIFE / 6 + 0.5 - (time.monotonic() - began)))
        _removal(operator, tale, red, blue, green)
        _journal(operator, tale, blue)


def _join(operator: Operator, tale: Tale, stage: Stage, url: str) -> None:
    """Create the workspace that the stage's home is named after, and install gitlease in it."""
    name = stage.home.name
    operator.manage("workspace", "add", name, *FLEET[name][0])
    stage.env |= {
        "GITLEASE_BROKER_URL": url,
        "GITLEASE_WORKSPACE_ID": name,
        "GITLEASE_CONFIGS_DIR": str(stage.home),
    }
    file = stage.home / ".auth_token"
    file.touch(mode=0o600)
    file.write_text(operator.manage("token", "create", name))
    stage.gitlease("install", "--strict")
    tale.say(f"workspace {name}: granted {' '.join(FLEET[name][0])}")


def _outage(tale: Tale, github: GitHub, *fleet: Stage) -> None:
    """Let GitHub's API fail while workspaces start with an empty cache."""
    github.fault("api", status=503)
    for stage in fleet:
        stage.gitlease("invalidate")
        stage.git("-C", "work", "fetch", "--quiet")
    github.clear_faults()
    tale.say("GitHub's API is down, blue and green begin with empty caches: nobody notices")


def _removal(operator: Operator, tale: Tale, removed: Stage, *others: Stage) -> None:
    said = operator.manage("workspace", "remove", removed.home.name)
    tale.say(f"`gitlease broker workspace remove`: {said}")
    if tale.git_version < KNOWS_STATE:
        # GitHub's refusal is all that an older git hears in this command.
        removed.refused("-C", "work", "fetch", "--quiet")
    tale.say(f"red fetches: {removed.refused('-C', 'work', 'fetch', '--quiet')}")
    for stage in others:
        stage.git("-C", "work", "fetch", "--quiet")
    tale.say("the others fetch on")


def _journal(operator: Operator, tale: Tale, stage: Stage) -> None:
    [record] = json.loads(stage.gitlease("status", "--json"))["records"][:1]
    held = json.loads(operator.manage("journal", "--fingerprint", record["fingerprint"], "--json"))
    holders = sorted({one["workspace_id"] for one in held})
    tale.say(f"who held {record['fingerprint'][:12]}…? the journal: {', '.join(holders)}")
    if holders != [stage.home.name]:
        tale.fail("the journal", last_line(str(holders).encode()).encode())
