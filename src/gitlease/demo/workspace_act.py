"""The first act: one workspace with the App's own key, one git, short lives."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from gitlease.demo.stage import Stage

LIFE: Final = 6  # seconds that GitHub's tokens live in the story, instead of 3,600
CROWD: Final = 30
URL: Final = "https://github.com/acme/app"
KNOWS_STATE: Final = (2, 46)


def play(stage: Stage) -> None:
    """Tell the act; what fails is counted by *stage*."""
    github = stage.github
    stage.say(f"an emulated GitHub answers for github.com; its tokens live {LIFE} s")
    github.settings(token_ttl=LIFE)
    stage.gitlease("install", "--strict")
    stage.say("`gitlease install`: git now asks our helper for github.com, and nothing else")

    stage.git("clone", "--quiet", URL, "app")
    stage.say(f"git clone {URL}: private, cloned with a token minted for it")
    _push(stage, "a first change")
    stage.say("git push: the same token, from the cache")

    stage.say("… waiting until that token has expired")
    stage.wait_for_expiry()
    stage.git("-C", "app", "fetch", "--quiet")
    stage.say(f"git fetch: a new token ({github.stats()['mints']} minted so far), nothing noticed")

    _push_across_a_revocation(stage)

    stage.git("clone", "--quiet", "--recurse-submodules", "https://github.com/acme/outer")
    stage.say("git clone with a submodule of another organization: another installation's token")

    github.settings(token_ttl=3600)
    stage.gitlease("invalidate")
    before = github.stats()["mints"]
    fetches = [
        stage.start("-C", "app", "fetch", "--quiet", "--no-write-fetch-head") for _ in range(CROWD)
    ]
    for process in fetches:
        _, err = process.communicate()
        if process.returncode:
            stage.fail("git fetch, one of many", err)
    minted = github.stats()["mints"] - before
    stage.say(f"{CROWD} fetches at once on an empty cache: {minted} token minted")
    if minted != 1:
        stage.fail(f"{CROWD} fetches at once", f"{minted} mints instead of 1".encode())


def _push(stage: Stage, text: str) -> None:
    stage.git("-C", "app", "commit", "--quiet", "--allow-empty", "-m", text)
    stage.git("-C", "app", "push", "--quiet", "origin", "HEAD:refs/heads/demo")


def _push_across_a_revocation(stage: Stage) -> None:
    """Revoke the token between the two requests of a push."""
    # A token of a sixth of its life is taken for too young to have been revoked.
    time.sleep(LIFE / 6 + 0.2)
    stage.github.fault("POST github.com/acme/app/git-receive-pack", revoke=True, count=1)
    stage.git("-C", "app", "commit", "--quiet", "--allow-empty", "-m", "a second change")
    words = ("-C", "app", "push", "--quiet", "origin", "HEAD:refs/heads/demo")
    done, err = stage.tried(*words)
    if done:
        stage.say("git push, its token revoked in the middle: repaired inside the same command")
        return
    if stage.git_version >= KNOWS_STATE:
        stage.fail("git push across a revocation", err)
        return
    stage.repeated += 1
    stage.say("git push, its token revoked in the middle: refused once, this git cannot ask twice")
    if stage.git(*words):
        stage.say("git push again: the dead token was dropped, a new one minted, pushed")
