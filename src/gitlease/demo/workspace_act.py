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
    """Tell the act; what fails is counted by the *stage*'s tale."""
    tale, github = stage.tale, stage.github
    tale.title("One workspace that holds the App's key")
    tale.say(f"an emulated GitHub answers for github.com; its tokens live {LIFE} s")
    github.settings(token_ttl=LIFE)
    stage.gitlease("install", "--offline", "--strict")
    tale.say("`gitlease install`: git now asks our helper for github.com, and nothing else")

    stage.git("clone", "--quiet", URL, "app")
    tale.say(f"git clone {URL}: private, cloned with a token minted for it")
    _push(stage, "a first change")
    tale.say("git push: the same token, from the cache")

    tale.say("… waiting until that token has expired")
    stage.wait_for_expiry()
    stage.git("-C", "app", "fetch", "--quiet")
    tale.say(f"git fetch: a new token ({github.stats()['mints']} minted so far), nothing noticed")

    _push_across_a_revocation(stage)

    stage.git("clone", "--quiet", "--recurse-submodules", "https://github.com/acme/outer")
    tale.say("git clone with a submodule of another organization: another installation's token")

    github.settings(token_ttl=3600)
    stage.gitlease("invalidate")
    before = github.stats()["mints"]
    fetches = [
        stage.start("-C", "app", "fetch", "--quiet", "--no-write-fetch-head") for _ in range(CROWD)
    ]
    for process in fetches:
        _, err = process.communicate()
        if process.returncode:
            tale.fail("git fetch, one of many", err)
    minted = github.stats()["mints"] - before
    tale.say(f"{CROWD} fetches at once on an empty cache: {minted} token minted")
    if minted != 1:
        tale.fail(f"{CROWD} fetches at once", f"{minted} mints instead of 1".encode())


def _push(stage: Stage, text: str) -> None:
    stage.git("-C", "app", "commit", "--quiet", "--allow-empty", "-m", text)
    stage.git("-C", "app", "push", "--quiet", "origin", "HEAD:refs/heads/demo")


def _push_across_a_revocation(stage: Stage) -> None:
    """Revoke the token between the two requests of a push."""
    tale = stage.tale
    # A token of a sixth of its life is taken for too young to have been revoked.
    time.sleep(LIFE / 6 + 0.2)
    stage.github.fault("POST github.com/acme/app/git-receive-pack", revoke=True, count=1)
    stage.git("-C", "app", "commit", "--quiet", "--allow-empty", "-m", "a second change")
    words = ("-C", "app", "push", "--quiet", "origin", "HEAD:refs/heads/demo")
    done, err = stage.tried(*words)
    if done:
        tale.say("git push, its token revoked in the middle: repaired inside the same command")
        return
    if tale.git_version >= KNOWS_STATE:
        tale.fail("git push across a revocation", err)
        return
    tale.repeated += 1
    tale.say("git push, its token revoked in the middle: refused once, this git cannot ask twice")
    if stage.git(*words):
        tale.say("git push again: the dead token was dropped, a new one minted, pushed")
