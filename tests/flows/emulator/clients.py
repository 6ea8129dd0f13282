"""Ask an emulator as its users do: HTTPS through the proxy or straight, real git, real gh."""

import base64
import contextlib
import http.client
import json
import os
import ssl
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jwt

from gitlease.emulator import GitHub


@dataclass
class Reply:
    """What came back."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def json(self) -> Any:
        """The body, parsed."""
        return json.loads(self.body)


def app_jwt(github: GitHub, **claims: Any) -> str:
    """Return an App JWT by the emulator's clock; *claims* replace those of a good one."""
    now = int(github.now())
    whole = {"iat": now - 60, "exp": now + 540, "iss": github.client_id, **claims}
    return jwt.encode(whole, github.private_key_file.read_text(), algorithm="RS256")


def _reply(response: http.client.HTTPResponse) -> Reply:
    return Reply(response.status, response.headers, response.read())


def connect(github: GitHub, host: str = "api.github.com", *, proxy: bool = True) -> Any:
    """Return a connection to *host* as the emulator serves it, its certificate verified."""
    context = ssl.create_default_context(cafile=str(github.ca_file))
    if not proxy:
        port = urlsplit(github.git_url).port
        return http.client.HTTPSConnection("127.0.0.1", port, context=context, timeout=20)
    port = urlsplit(github.proxy_url).port
    connection = http.client.HTTPSConnection("127.0.0.1", port, context=context, timeout=20)
    connection.set_tunnel(host, 443)
    return connection


def ask(
    github: GitHub,
    method: str,
    path: str,
    *,
    auth: str | None = None,
    body: Any = None,
    headers: Mapping[str, str] | None = None,
    host: str = "api.github.com",
    proxy: bool = True,
) -> Reply:
    """Ask *host* for *path* once; redirects are not followed."""
    sent = {"User-Agent": "tests", **(headers or {})}
    if auth is not None:
        sent["Authorization"] = f"Bearer {auth}"
    content = json.dumps(body).encode() if isinstance(body, dict | list) else body
    connection = connect(github, host, proxy=proxy)
    try:
        connection.request(method, path, content, sent)
        response = connection.getresponse()
        return _reply(response)
    finally:
        connection.close()


def control(github: GitHub, method: str, path: str, body: Any = None) -> Reply:
    """Ask the control address."""
    port = urlsplit(github.control_url).port
    connection = http.client.HTTPConnection("127.0.0.1", port or 0, timeout=20)
    try:
        connection.request(method, path, None if body is None else json.dumps(body).encode())
        response = connection.getresponse()
        return _reply(response)
    finally:
        connection.close()


def until(true: Callable[[], Any], seconds: float = 20) -> Any:
    """Return what *true* returns once it is true; fail when *seconds* are over."""
    deadline = time.monotonic() + seconds
    while not (value := true()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not so within {seconds} s")
        time.sleep(0.01)
    return value


def processes_in(folder: Path) -> list[str]:
    """Return the command lines of the processes that have *folder* in their environment."""
    found = []
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if str(folder).encode() in (entry / "environ").read_bytes():
                words = (entry / "cmdline").read_bytes().split(b"\0")
                found.append(b" ".join(words).decode(errors="replace"))
    return found


def half_a_push(github: GitHub) -> Any:
    """Return a connection on which git's backend waits for the other half of a push."""
    connection = connect(github, "github.com")
    connection.putrequest("POST", "/acme/app.git/git-receive-pack")
    credential = base64.b64encode(f"x:{github.mint('acme')['token']}".encode()).decode()
    for name, value in {
        "Authorization": f"Basic {credential}",
        "Content-Type": "application/x-git-receive-pack-request",
        "Transfer-Encoding": "chunked",
        "User-Agent": "tests",
    }.items():
        connection.putheader(name, value)
    connection.endheaders()
    # The first half of a pkt-line.
    connection.send(b"4\r\n00d0\r\n")
    until(lambda: processes_in(github.ca_file.parent))
    return connection


class Workplace:
    """A folder where git and gh reach github.com through the emulator's proxy."""

    def __init__(self, github: GitHub, home: Path, folder: Path) -> None:
        self.github = github
        self.folder = folder
        self.environment = {
            **os.environ,
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_ASKPASS": "",
            "HTTPS_PROXY": github.proxy_url,
            "SSL_CERT_FILE": str(github.ca_file),
            "GH_PROMPT_DISABLED": "1",
        }
        (home / ".gitconfig").write_text(
            "[user]\n\tname = tests\n\temail = tests@example.com\n"
            f"[http]\n\tsslCAInfo = {github.ca_file}\n\tproxy = {github.proxy_url}\n"
            "[protocol]\n\tversion = 2\n"
        )

    def run(
        self,
        *words: str | Path,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        stdin: str | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Run a program to its end and return what it said."""
        return subprocess.run(
            [str(word) for word in words],
            cwd=cwd or self.folder,
            env={**self.environment, **(env or {})},
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    def git(
        self, *words: str | Path, cwd: Path | None = None, env: Mapping[str, str] | None = None
    ) -> str:
        """Run git and return its output; it must succeed."""
        done = self.run("git", *words, cwd=cwd, env=env)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def refused(self, *words: str | Path, cwd: Path | None = None) -> str:
        """Run git, which must fail, and return what it complained of."""
        done = self.run("git", *words, cwd=cwd)
        assert done.returncode != 0
        return done.stderr

    def url(self, name: str, token: str, user: str = "x-access-token") -> str:
        """Return the address of repository *name* with *token* in it."""
        return f"https://{user}:{token}@github.com/{name}"

    def commit(self, clone: Path, content: bytes = b"change", name: str = "change") -> str:
        """Commit a file in *clone* and return the commit's id."""
        (clone / name).write_bytes(content)
        self.git("add", ".", cwd=clone)
        self.git("commit", "--quiet", "--message", "Change", cwd=clone)
        return self.git("rev-parse", "HEAD", cwd=clone)
