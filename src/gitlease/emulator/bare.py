"""
Keep the bare git repositories on disk: make one, copy one, look into one.

git itself does all of it, in an environment that knows nothing of the user's configuration.
"""

import asyncio
import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

# What GitHub allows its clients, and what a throw-away world need not pay for.
CONFIG = """\
[user]
\tname = gitlease emulator
\temail = emulator@users.noreply.github.com
[init]
\tdefaultBranch = main
[safe]
\tdirectory = *
[http]
\treceivepack = true
[uploadpack]
\tallowFilter = true
\tallowReachableSHA1InWant = true
[core]
\tfsync = none
[gc]
\tauto = 0
[maintenance]
	auto = false
[receive]
\tautogc = false
[protocol "file"]
\tallow = always
"""


def write_config(home: Path) -> None:
    """Make *home* the HOME of every git that the emulator starts."""
    home.mkdir(parents=True, exist_ok=True)
    (home / ".gitconfig").write_text(CONFIG)


def environment(home: Path) -> dict[str, str]:
    """Return the whole environment of a git that has *home* as its HOME."""
    path = os.environ.get("PATH", os.defpath)
    return {"PATH": path, "HOME": str(home), "LC_ALL": "C", "GIT_CONFIG_NOSYSTEM": "1"}


def git(
    home: Path, arguments: Sequence[str], *, cwd: Path | None = None, stdin: bytes = b""
) -> str:
    """Run git and return its output; raises CalledProcessError with git's own words."""
    done = subprocess.run(
        ["git", *arguments],
        cwd=cwd,
        input=stdin,
        env=environment(home),
        capture_output=True,
        check=True,
    )
    return done.stdout.decode().strip()


def create(
    home: Path,
    path: Path,
    branch: str,
    files: Mapping[str, bytes],
    *,
    submodules: Mapping[str, str] | None = None,
    branches: Sequence[str] = (),
) -> None:
    """
    Make a bare repository with one commit of *files* and *submodules* (path -> commit id) on
    *branch*, and one more commit on each of *branches*.
    """
    git(home, ["init", "--quiet", "--bare", f"--initial-branch={branch}", str(path)])
    stream = b"".join(_history(branch, files, submodules or {}, branches))
    git(home, ["fast-import", "--quiet", "--force"], cwd=path, stdin=stream)


def _history(
    branch: str,
    files: Mapping[str, bytes],
    submodules: Mapping[str, str],
    branches: Sequence[str],
) -> Iterator[bytes]:
    """Yield a stream for git-fast-import(1)."""
    yield _commit(branch, "First commit")
    for name, content in files.items():
        yield f"M 100644 inline {name}\n".encode() + _data(content)
    for name, commit in submodules.items():
        yield f"M 160000 {commit} {name}\n".encode()
    for number, other in enumerate(branches):
        yield _commit(other, f"Work on {other}")
        yield f"from refs/heads/{branch}\n".encode()
        yield f"M 100644 inline change-{number + 1}.txt\n".encode() + _data(other.encode())


def _commit(branch: str, message: str) -> bytes:
    # A fixed date gives equal seeds equal commit ids.
    who = "committer gitlease emulator <emulator@users.noreply.github.com> 1577836800 +0000"
    return f"commit refs/heads/{branch}\n{who}\n".encode() + _data(message.encode())


def _data(content: bytes) -> bytes:
    return f"data {len(content)}\n".encode() + content + b"\n"


def copy(home: Path, source: Path, path: Path) -> str:
    """
    Make *path* a bare copy of the repository at *source*; return its default branch.

    A source whose HEAD is detached (a CI checkout) gets the branch `main` at that commit.
    """
    git(home, ["clone", "--quiet", "--bare", str(source), str(path)])
    git(home, ["remote", "remove", "origin"], cwd=path)
    try:
        return git(home, ["symbolic-ref", "--short", "HEAD"], cwd=path)
    except subprocess.CalledProcessError:
        head = git(home, ["rev-parse", "HEAD"], cwd=path)
        git(home, ["update-ref", "refs/heads/main", head], cwd=path)
        git(home, ["symbolic-ref", "HEAD", "refs/heads/main"], cwd=path)
        return "main"


def commit_id(home: Path, path: Path, branch: str) -> str:
    """Return the commit that *branch* points to."""
    return git(home, ["rev-parse", "--verify", f"refs/heads/{branch}"], cwd=path)


async def blob(path: Path, branch: str, name: str) -> tuple[str, bytes] | None:
    """Return id and content of the file *name* on *branch*, or None if there is none."""
    sha = await _output(path, "rev-parse", "--verify", "--quiet", f"refs/heads/{branch}:{name}")
    if sha is None:
        return None
    content = await _output(path, "cat-file", "blob", sha.decode().strip())
    return None if content is None else (sha.decode().strip(), content)


async def _output(path: Path, *arguments: str) -> bytes | None:
    process = await asyncio.create_subprocess_exec(
        "git",
        *arguments,
        cwd=path,
        env=environment(path),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    output, _ = await process.communicate()
    return output if process.returncode == 0 else None
