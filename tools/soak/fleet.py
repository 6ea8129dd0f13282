"""Workspaces as users have them, each in a home of its own, that use git now and then."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gitlease.workspace import daemon
from gitlease.workspace.cache import Cache
from gitlease.workspace.settings import load
from tools.soak.saying import say

if TYPE_CHECKING:
    import random
    from collections.abc import Callable
    from pathlib import Path

    from gitlease.emulator import GitHub
    from tools.bench import broker

GITLEASE = (sys.executable, "-m", "gitlease")
LIMIT = 120  # seconds that a command may take
# So many workspaces of the fleet are installed at a time.
_BUILDERS = 4


class FleetError(Exception):
    """A workspace cannot be set up: nothing can be said of it."""


@dataclass(frozen=True)
class Command:
    """A git command that was run: by whom, what, when, and what git said if it failed."""

    workspace: str
    words: str
    began: float
    ended: float
    failure: str | None


@dataclass
class Workspace:
    """The workspace *who* in *folder*, with the broker at *url*; *draw* decides what it does."""

    who: broker.Workspace
    folder: Path
    github: GitHub
    url: str
    draw: random.Random
    held: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        configs = self.folder / "configs"
        configs.mkdir(parents=True)
        self.bearer_file = configs / ".auth_token"
        self.show(self.who.bearer)
        self.env = {
            "PATH": os.defpath,
            "LANG": "C.UTF-8",
            "HOME": str(self.folder),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_TERMINAL_PROMPT": "0",
            "HTTPS_PROXY": self.github.proxy_url,
            "NO_PROXY": "127.0.0.1",
            "GIT_SSL_CAINFO": str(self.github.ca_file),
            "GITLEASE_BROKER_URL": self.url,
            "GITLEASE_WORKSPACE_ID": self.who.id,
            "GITLEASE_CONFIGS_DIR": str(configs),
            **{
                f"GIT_{role}_{what}": value
                for role in ("AUTHOR", "COMMITTER")
                for what, value in (("NAME", self.who.id), ("EMAIL", "soak@example.com"))
            },
        }
        self.settings = load(self.env)

    def show(self, bearer: str) -> None:
        """Write *bearer* where the workspace finds it, as an operator replaces it."""
        new = self.bearer_file.with_name("new")
        new.touch(mode=0o600)
        new.write_text(bearer)
        new.replace(self.bearer_file)

    async def run(self, *words: str) -> tuple[int, str]:
        """Run the program *words* to its end; return its exit code and its last line."""
        process = await asyncio.create_subprocess_exec(
            *words,
            env=self.env,
            cwd=self.folder,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        try:
            said, _ = await asyncio.wait_for(process.communicate(), LIMIT)
        except TimeoutError:
            process.kill()
            said, _ = await process.communicate()
            said += b"\nit hangs"
        assert process.returncode is not None
        return process.returncode, said.decode(errors="replace").strip()

    async def install(self) -> None:
        """Install as at the start of a container, and clone; raises `FleetError`."""
        clone = ("git", "clone", "-q", self._origin, "work")
        for words in ((*GITLEASE, "install", "--strict"), clone):
            code, said = await self.run(*words)
            if code != 0:
                raise FleetError(f"{self.who.id}: {' '.join(words)}: {said}")

    @property
    def _origin(self) -> str:
        return f"https://github.com/{self.who.owner}/app"

    async def use_git(self) -> Command:
        """Do what a developer does next."""
        words = self.draw.choice(
            (
                ["git", "ls-remote", "-q", self._origin],
                ["git", "-C", "work", "fetch", "-q"],
                ["git", "clone", "-q", "--depth=1", self._origin, "again"],
                ["git", "-C", "work", "push", "-qf", "origin", f"HEAD:refs/heads/{self.who.id}"],
            )
        )
        if "push" in words:
            await self.run("git", "-C", "work", "commit", "-q", "--allow-empty", "-m", "soak")
        began = time.time()
        code, said = await self.run(*words)
        shutil.rmtree(self.folder / "again", ignore_errors=True)
        self.look()
        failure = None if code == 0 else said
        return Command(self.who.id, " ".join(words), began, time.time(), failure)

    def look(self) -> None:
        """Note the fingerprints of the tokens that lie in the cache."""
        cache = Cache(self.settings, unseen=True)
        for name in cache.names():
            record = cache.read(name)
            if record is not None:
                self.held.add(record.token.fingerprint)

    @property
    def refresher(self) -> int | None:
        """The process id of its refresher."""
        return daemon.is_running(self.settings)


class Fleet:
    """All *workspaces*; each uses git about every *pace* seconds."""

    def __init__(self, workspaces: list[Workspace], pace: float) -> None:
        self.workspaces = workspaces
        self.commands: list[Command] = []
        self._pace = pace

    async def install(self) -> None:
        """Install every one."""
        free = asyncio.Semaphore(_BUILDERS)

        async def one(workspace: Workspace) -> None:
            async with free:
                await workspace.install()

        await asyncio.gather(*map(one, self.workspaces))

    async def live(self, over: Callable[[], bool]) -> None:
        """Use git everywhere, until *over*."""
        await asyncio.gather(*(self._live(one, over) for one in self.workspaces))

    async def _live(self, workspace: Workspace, over: Callable[[], bool]) -> None:
        await asyncio.sleep(workspace.draw.uniform(0, self._pace))
        while not over():
            done = await workspace.use_git()
            self.commands.append(done)
            if done.failure is not None:
                say(f"{time.strftime('%H:%M:%S')} {done.workspace}: {done.failure[-200:]}")
            await asyncio.sleep(workspace.draw.uniform(0.5, 1.5) * self._pace)
