"""GitHub's API behind a socket of ours: by the rules, or to the byte as badly as a test says."""

import contextlib
import json
import socket
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from gitlease.model.exchange import Request
from tests.support.loopback import Act, Loopback, reply
from tests.support.parts import Clock
from tests.support.tiny_github import KEY_PEM, TinyGitHub

INSTALLATION = 7


class CrookedGitHub:
    """
    `TinyGitHub` with the App installed on `acme`, in plain HTTP on loopback.

    While `act` is set, it is done to whoever asks for a token, in the place of an answer.
    """

    def __init__(self) -> None:
        clock = Clock()
        clock.set_wall(time.time())
        self.tiny = TinyGitHub(clock)
        self.tiny.install("acme", INSTALLATION)
        self.act: Act | None = None
        self.server = Loopback(self._answer)

    @property
    def url(self) -> str:
        """The base of the API."""
        return f"http://127.0.0.1:{self.server.port}"

    def env(self, folder: Path) -> dict[str, str]:
        """Return what makes a broker mint here; the App's key is written into *folder*."""
        key = folder / "app.pem"
        key.write_bytes(KEY_PEM)
        return {
            "GITLEASE_APP_ID": "123",
            "GITLEASE_PRIVATE_KEY_FILE": str(key),
            "GITLEASE_API_URL": self.url,
        }

    def _answer(self, connection: socket.socket) -> None:
        head, _, body = self.server.requests[-1].partition(b"\r\n\r\n")
        line, *fields = head.decode("latin-1").split("\r\n")
        method, path, _ = line.split(" ")
        if self.act is not None and method == "POST":
            self.act(connection)
            return
        headers = dict(field.split(": ", 1) for field in fields)
        asked = Request(method, self.url + path, {k.title(): v for k, v in headers.items()}, body)
        said = self.tiny.exchange(asked, self.tiny.deadline())
        reply(said.status, said.body, **{k: v for k, v in said.headers.items() if v})(connection)


@contextlib.contextmanager
def crooked_github() -> Iterator[CrookedGitHub]:
    """Serve until the context ends."""
    github = CrookedGitHub()
    with github.server:
        yield github


def token(text: object = "ghs_crooked", *, life: float = 3600.0) -> bytes:
    """Return the body of a mint's reply; *life* is in seconds."""
    ends = datetime.fromtimestamp(time.time() + life, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return json.dumps({"token": text, "expires_at": ends}).encode()
