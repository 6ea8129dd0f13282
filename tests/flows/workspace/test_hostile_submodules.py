"""A repository whose .gitmodules somebody evil wrote gets no token to anywhere but GitHub."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from gitlease.emulator import GitHub
from tests.support.environment import clean_environment
from tests.support.evidence import Tried
from tests.support.streets import EVIL, Street

COMMIT = "1" * 40
URLS = [
    f"https://{EVIL}/acme/app",
    f"https://github.com.{EVIL}/acme/app",
    f"https://github.com@{EVIL}/acme/app",
    f"https://x-access-token@{EVIL}/acme/app",
    f"https://x-access-token%0d@{EVIL}/acme/app",
    f"https://github.com%0a.{EVIL}/acme/app",
    f"https://{EVIL}%0ahost=github.com/acme/app",
    f"https://{EVIL}/%0ahost=github.com",
    f"https://github.com\r.{EVIL}/acme/app",
    f"https://github.com/acme/app\rhttps://{EVIL}/",
    f"https://github.com\x1b[2J.{EVIL}/acme/app",
    "https://github.com./acme/app",
    "https://github.com:8443/acme/app",
    "http://github.com/acme/app",
    f"../../../{EVIL}/acme/app",
    f"../../../../{EVIL}/acme/app",
    f"./../../..//{EVIL}/acme/app",
    f"//{EVIL}/acme/app",
    "-u./payload",
    "--upload-pack=touch broken-in",
    "ext::touch broken-in",
    "file:///acme/app",
    "ssh://-oProxyCommand=touch${IFS}broken-in/acme/app",
]
# Names and paths that git refuses, or should.
ODD = {
    "way-out": ("../../way-out", "sub", f"https://{EVIL}/acme/app"),
    "git-folder": ("x", ".git/hooks", f"https://{EVIL}/acme/app"),
    "option": ("x", "-f", f"https://{EVIL}/acme/app"),
    "carriage": ("x", "sub\r", f"https://{EVIL}/acme/app"),
}


def gitmodules(*modules: tuple[str, str, str]) -> bytes:
    """Return the text for (name, path, URL)s, every value in quotes, control bytes as they are."""
    return "".join(
        f'[submodule "{name}"]\n\tpath = "{path}"\n\turl = "{url}"\n' for name, path, url in modules
    ).encode()


def history(branch: str, *modules: tuple[str, str, str]) -> bytes:
    """Return what git-fast-import(1) makes a commit of, with *modules* in it."""
    text = gitmodules(*modules)
    lines = [f"commit refs/heads/{branch}", "committer x <x@example.com> 1577836800 +0000"]
    lines += ["data 1", "x", "M 100644 inline .gitmodules", f"data {len(text)}"]
    head = "\n".join(lines).encode() + b"\n" + text + b"\n"
    links = [f"M 160000 {COMMIT} {path}\n" for _, path, _ in modules if path[:1] == "p"]
    return head + "".join(links).encode()


@pytest.fixture
def github(tmp_path: Path) -> Iterator[GitHub]:
    source = tmp_path / "source"
    env = clean_environment(tmp_path)
    subprocess.run(["git", "init", "-q", "-b", "main", source], check=True, env=env)
    modules = [(f"m{number}", f"p{number}", url) for number, url in enumerate(URLS)]
    stream = history("main", *modules)
    for branch, module in ODD.items():
        stream += history(branch, module)
    subprocess.run(
        ["git", "-C", source, "fast-import", "--quiet"], input=stream, check=True, env=env
    )
    seed = {
        "installations": [{"owner": "acme"}],
        "repositories": [{"name": "acme/app"}, {"name": "acme/outer", "from": str(source)}],
    }
    with GitHub(seed) as running:
        yield running


@pytest.mark.guarantee("host")
def test_no_gitmodules_carries_a_token_elsewhere(street: Street, tried: Tried) -> None:
    street.git("clone", "https://github.com/acme/outer", "outer")
    assert street.tokens
    for number in range(len(URLS)):
        words = ["submodule", "update", "--init", "--", f"p{number}"]
        street.git("-C", "outer", *words)
    for branch in ODD:
        words = ["clone", "-b", branch, "--recurse-submodules"]
        street.git(*words, "https://github.com/acme/outer", branch)
    assert street.leaked() == []
    hosts = {one.host for one in street.evil.seen}
    assert {f"{EVIL}:443", f"github.com.{EVIL}:443", "github.com:8443"} <= hosts
    assert (street.workspace.home / "carriage" / ".gitmodules").exists()
    assert list(street.workspace.home.rglob("broken-in")) == []
    tried("malicious submodules through git", len(URLS) + len(ODD))
