"""
What goes wrong in a fleet, by lot.

A hidden trouble is one that no user of git may notice.  An announced one takes away what git itself
needs; while it lasts, and until everyone has had a chance to get over it, commands may fail.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx2

from tools.soak.saying import say
from tools.soak.verdict import RECOVERY

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from tools.soak.fleet import Workspace
    from tools.soak.stage import Stage

    Act = Callable[[Stage], Awaitable[None]]


@dataclass(frozen=True)
class Outage:
    """A trouble that happened: its name, from when to when, and whether git might fail."""

    name: str
    began: float
    ended: float
    announced: bool


async def broker_killed(stage: Stage) -> None:
    """Kill -9 a broker, and start it again."""
    replica = stage.replicas[-1]
    replica.kill()
    await asyncio.sleep(stage.draw.uniform(1, 8))
    await replica.start()


async def broker_rolled(stage: Stage) -> None:
    """Stop a broker as a new release does, and start it again."""
    replica = stage.replicas[-1]
    await replica.stop()
    await replica.start()


async def github_mints_nothing(stage: Stage) -> None:
    """Let GitHub answer mints with a 502 for a while."""
    stage.github.fault("mint", status=502)
    await asyncio.sleep(stage.size.life / 12)
    stage.github.clear_faults()


async def github_is_slow(stage: Stage) -> None:
    """Let GitHub's API take its time."""
    stage.github.fault("api", delay=1.5)
    await asyncio.sleep(stage.size.life / 10)
    stage.github.clear_faults()


async def github_limits(stage: Stage) -> None:
    """Let GitHub refuse mints by its secondary limit."""
    stage.github.fault("mint", secondary=True, retry_after=2, count=2)
    await asyncio.sleep(4)
    stage.github.clear_faults()


async def refreshers_killed(stage: Stage) -> None:
    """Kill -9 the refreshers of some workspaces."""
    for one in stage.some():
        if pid := one.refresher:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


async def refreshers_suspended(stage: Stage) -> None:
    """Let the refreshers of some workspaces sleep for more than a token's life."""
    groups = [os.getpgid(pid) for one in stage.some() if (pid := one.refresher)]
    for group in groups:
        os.killpg(group, signal.SIGSTOP)

    def wake() -> None:
        for group in groups:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(group, signal.SIGCONT)

    # Meanwhile other things happen.
    asyncio.get_running_loop().call_later(stage.size.life * 1.2, wake)


async def caches_forgotten(stage: Stage) -> None:
    """Let some workspaces forget what they have."""
    for one in stage.some():
        for record in list((one.settings.home / "cache").glob("github.com*")):
            record.unlink(missing_ok=True)


async def bearers_rotated(stage: Stage) -> None:
    """Give some workspaces a new bearer, and revoke the old one."""
    async with httpx2.AsyncClient(base_url=stage.balancer.url, trust_env=False) as client:
        for one in stage.some():
            await _rotate(client, one)


async def _rotate(client: httpx2.AsyncClient, workspace: Workspace) -> None:
    path = f"/workspaces/{workspace.who.id}/tokens"
    old = {"Authorization": f"Bearer {workspace.bearer_file.read_text()}"}
    told = (await client.get(path, headers=old)).raise_for_status().json()["tokens"]
    made = (await client.post(path, headers=old)).raise_for_status().json()
    workspace.show(made["auth_token"])
    new = {"Authorization": f"Bearer {made['auth_token']}"}
    for one in (each for each in told if each["revoked_at"] is None):
        (await client.delete(f"{path}/{one['id']}", headers=new)).raise_for_status()


async def database_hangs(stage: Stage) -> None:
    """Let PostgreSQL answer nobody for a moment."""
    stage.database.freeze(frozen=True)
    await asyncio.sleep(1.5)
    stage.database.freeze(frozen=False)


async def brokers_away(stage: Stage) -> None:
    """Let nobody reach a broker for more than a token's life."""
    await stage.balancer.shut()
    await asyncio.sleep(stage.draw.uniform(10, stage.size.life * 1.2))
    await stage.balancer.open()


async def database_restarted(stage: Stage) -> None:
    """Stop PostgreSQL with all its clients, and start it again."""
    await asyncio.to_thread(stage.database.stop)
    await asyncio.sleep(stage.draw.uniform(0, 10))
    await asyncio.to_thread(stage.database.start)


async def github_git_down(stage: Stage) -> None:
    """Let GitHub's git answer with a 503."""
    stage.github.fault("git", status=503)
    await asyncio.sleep(stage.draw.uniform(5, 20))
    stage.github.clear_faults()


async def tokens_revoked(stage: Stage) -> None:
    """Revoke all tokens; a git before 2.46 then fails once in each workspace."""
    stage.github.revoke(all=True)
    await asyncio.sleep(stage.size.pace * 1.6)


async def app_suspended(stage: Stage) -> None:
    """Suspend the App with one of its owners."""
    owner = stage.draw.choice(stage.github.installations)["owner"]
    stage.github.suspend(owner)
    await asyncio.sleep(stage.draw.uniform(5, stage.size.life / 2))
    stage.github.unsuspend(owner)


HIDDEN: Sequence[Act] = (
    broker_killed,
    broker_rolled,
    github_mints_nothing,
    github_is_slow,
    github_limits,
    refreshers_killed,
    refreshers_suspended,
    caches_forgotten,
    bearers_rotated,
    database_hangs,
)
ANNOUNCED: Sequence[Act] = (
    brokers_away,
    database_restarted,
    github_git_down,
    tokens_revoked,
    app_suspended,
)
# One announced trouble for so many hidden ones, and the rest between two of them in seconds.
HIDDEN_FOR_ONE = 2
REST = (2.0, 10.0)


async def happen(stage: Stage, over: Callable[[], bool], outages: list[Outage]) -> None:
    """Let troubles happen one after the other, each kind in its turn, until *over*."""
    turns: list[Act] = []
    while not over():
        turns = turns or _round(stage)
        act = turns.pop()
        began = time.time()
        say(f"{time.strftime('%H:%M:%S')} {act.__name__}")
        await act(stage)
        announced = act in ANNOUNCED
        outages.append(Outage(act.__name__, began, time.time(), announced))
        # A hidden trouble must not happen where a failure would be laid to an announced one.
        await asyncio.sleep(stage.draw.uniform(*REST) + (RECOVERY if announced else 0))


def _round(stage: Stage) -> list[Act]:
    """Return every kind of trouble once, in an order drawn by lot."""
    hidden = stage.draw.sample(HIDDEN, len(HIDDEN))
    announced = stage.draw.sample(ANNOUNCED, len(ANNOUNCED))
    order: list[Act] = []
    while hidden or announced:
        order += [hidden.pop() for _ in range(min(HIDDEN_FOR_ONE, len(hidden)))]
        order += [announced.pop()] if announced else []
    return order
