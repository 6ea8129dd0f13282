"""
The others who answer git from a store: git's own cache, gh, and a bash helper.

Each is given the same secret and the same request.  One that is not installed is left out.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tools.bench.program import BenchError, Program
from tools.bench.workspace import REQUEST, stored, with_any_token, with_password

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gitlease.emulator import GitHub
    from tools.bench import broker

BASH = "bash helper (stand-in)"
BASH_HELPER = Path(__file__).with_name("bash_helper.bash")
SHELLS = {"bash": ["bash"], "busybox": ["busybox", "sh"]}


def shell(name: str) -> list[str] | None:
    """Return the first words of a command that runs a script in the shell *name*."""
    program, *words = SHELLS[name]
    found = shutil.which(program, path=os.defpath)
    return [found, *words] if found else None


@contextmanager
def git_cache(folder: Path, secret: str) -> Iterator[Program]:
    """Run git-credential-cache's daemon, which holds *secret*; yield its C client's `get`."""
    said = subprocess.run(["git", "--exec-path"], check=True, capture_output=True, text=True)
    exec_path = said.stdout.strip()
    folder.mkdir(mode=0o700)
    socket = folder / "socket"
    # By itself `store` starts the daemon; started here, it is ours to end.
    daemon = subprocess.Popen(
        [f"{exec_path}/git-credential-cache--daemon", socket],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    try:
        assert daemon.stdout is not None
        if daemon.stdout.read(2) != b"ok":
            raise BenchError("git-credential-cache--daemon does not start")
        client = [f"{exec_path}/git-credential-cache", f"--socket={socket}", "--timeout=3600"]
        Program([*client, "store"], stored(secret)).time()
        yield Program([*client, "get"], REQUEST, accept=with_password(secret))
    finally:
        daemon.terminate()
        daemon.communicate()


def gh_paths() -> dict[str, str]:
    """Return where Debian's gh and the current one are, by name."""
    found = {
        "Debian's gh": shutil.which("gh", path=os.defpath),
        "current gh": shutil.which("gh", path=str(Path(sys.executable).parent)),
    }
    return {name: path for name, path in found.items() if path}


def gh_programs(folder: Path, secret: str) -> dict[str, Program]:
    """Return `gh auth git-credential get` of each gh, logged in with *secret*."""
    config = folder / "gh"
    config.mkdir(parents=True)
    (config / "config.yml").write_text('version: "1"\n')
    token = f"oauth_token: {secret}\n"
    host = "github.com:\n    user: app[bot]\n    git_protocol: https\n"
    (config / "hosts.yml").write_text(
        f"{host}    {token}    users:\n        app[bot]:\n            {token}"
    )
    env = {"HOME": str(folder), "GH_CONFIG_DIR": str(config)}
    words = ["auth", "git-credential", "get"]
    accept = with_password(secret)
    return {
        name: Program([path, *words], REQUEST, env, accept) for name, path in gh_paths().items()
    }


def bash_hit(folder: Path, secret: str) -> Program | None:
    """Return the bash helper with *secret* in its cache."""
    bash = shell("bash")
    if bash is None:
        return None
    (folder / "cache").mkdir(parents=True)
    (folder / "cache" / "token").write_text(secret)
    (folder / "cache" / "expiry").write_text(str(int(time.time()) + 3000))
    argv = [*bash, str(BASH_HELPER), "get"]
    return Program(argv, REQUEST, {"HOME": str(folder)}, with_password(secret))


def bash_asking_github(folder: Path, github: GitHub, proof: str) -> Program | None:
    """Return the bash helper, cold, that has curl ask *github* by the ready-made JWT *proof*."""
    number = next(one["id"] for one in github.installations if one["owner"] == "acme")
    return _bash_miss(
        folder,
        f"{github.api_url}/app/installations/{number}/access_tokens",
        [f"Authorization: Bearer {proof}", "Accept: application/vnd.github+json"],
        ["request = POST", f'cacert = "{github.ca_file}"'],
    )


def bash_asking_broker(folder: Path, url: str, workspace: broker.Workspace) -> Program | None:
    """Return the bash helper, cold, that has curl ask the broker at *url* for *workspace*."""
    route = f"{url}/workspaces/{workspace.id}/github-installation-token"
    return _bash_miss(folder, route, [f"Authorization: Bearer {workspace.bearer}"], [])


def _bash_miss(
    folder: Path, url: str, headers: Sequence[str], options: Sequence[str]
) -> Program | None:
    bash = shell("bash")
    if bash is None or shutil.which("curl", path=os.defpath) is None:
        return None
    folder.mkdir()
    (folder / "url").write_text(url)
    (folder / "bearer").write_text("".join(f"{line}\n" for line in headers))
    (folder / ".curlrc").write_text("".join(f"{line}\n" for line in options))

    def forget() -> None:
        shutil.rmtree(folder / "cache", ignore_errors=True)

    argv = [*bash, str(BASH_HELPER), "get"]
    return Program(argv, REQUEST, {"HOME": str(folder)}, with_any_token, forget)
