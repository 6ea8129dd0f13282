"""The second act: a broker on SQLite, three workspaces with different grants, one journal."""

from __future__ import annotations

import json
import time
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

from gitlease.demo.operator import Operator
from gitlease.demo.stage import Stage
from gitlease.demo.tale import last_line

if TYPE_CHECKING:
    from collections.abc import Mapping
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
            operator.admit(fleet[name], url, *FLEET[name][0])
            fleet[name].gitlease("install", "--offline", "--strict")
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
