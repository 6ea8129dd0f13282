"""
GitHub's rules for Apps in one object, for code that is handed a transport.

It judges proofs by signature, issuer and its own clock, and knows who has installed the App; the
emulator, which needs sockets, is for the flows.
"""

import json
from datetime import UTC, datetime
from email.utils import formatdate
from typing import Any
from urllib.parse import urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from gitlease.model.exchange import Request, Response
from tests.support.parts import Clock

_KEY = rsa.generate_private_key(65537, 2048)
KEY_PEM = _KEY.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())


class TinyGitHub:
    """App 123 on api.github.com; `asked` has a line for each request, `tokens` what was minted."""

    def __init__(self, clock: Clock) -> None:
        self._now = clock.wall()
        self.says_date = True
        self.installed: dict[int, tuple[str, str]] = {}
        self.suspended: set[int] = set()
        self.broken: set[int] = set()  # found, but nothing is minted for them
        self.renamed: dict[str, str] = {}
        self.tokens: dict[str, tuple[str, dict[str, Any]]] = {}
        self.asked: list[str] = []
        self.hosts: set[str] = set()
        self.deadlines: list[float] = []

    def install(self, owner: str, number: int, kind: str = "orgs") -> None:
        """Install the App on *owner*, an organization or one of the `users`."""
        self.installed[number] = (owner, kind)

    def remove(self, owner: str) -> None:
        """Take the App off *owner*."""
        self.installed = {n: who for n, who in self.installed.items() if who[0].lower() != owner}

    def pass_time(self, seconds: float) -> None:
        """Let *seconds* pass on the own clock."""
        self._now += seconds

    def deadline(self, limit: float | None = None) -> float:
        """Return when exchanges that begin now must end, on a clock that counts the calls."""
        assert limit is None
        self.deadlines.append(float(len(self.deadlines) + 1))
        return self.deadlines[-1]

    def exchange(self, request: Request, deadline: float) -> Response:
        """Answer *request* as api.github.com would."""
        assert deadline == self.deadlines[-1], "a fetch has one deadline for all its exchanges"
        url = urlsplit(request.url)
        self.hosts.add(f"{url.scheme}://{url.netloc}")
        status, body = self._judge(request.headers["Authorization"].removeprefix("Bearer "))
        where = ""
        if status == 200:
            self.asked.append(f"{request.method} {url.path}")
            status, body, where = self._answer(url.path.strip("/").split("/"), request.body)
        headers = {"date": formatdate(self._now, usegmt=True)} if self.says_date else {}
        return Response(status, headers | {"location": where}, json.dumps(body).encode())

    def _judge(self, proof: str) -> tuple[int, Any]:
        claims = jwt.decode(
            proof,
            _KEY.public_key(),
            algorithms=["RS256"],
            options={"verify_exp": False, "verify_iat": False},
        )
        if claims["iss"] != "123":
            return 401, _said("A JSON web token could not be decoded")
        if claims["exp"] > self._now + 600 or claims["exp"] <= self._now:
            return 401, _said("'Expiration time' claim ('exp') is too far in the future")
        if claims["iat"] > self._now:
            return 401, _said("'Issued at' claim ('iat') must be an Integer in the past")
        return 200, None

    def _answer(self, path: list[str], body: bytes | None) -> tuple[int, Any, str]:
        match path:
            case ["orgs" | "users" as kind, owner, "installation"]:
                if owner in self.renamed and kind == "orgs":
                    return 301, _said("Moved Permanently"), self.renamed[owner]
                for number, (who, theirs) in self.installed.items():
                    if (who.lower(), theirs) == (owner, kind):
                        return 200, _shape(number, who), ""
            case ["app", "installations"]:
                return 200, [_shape(n, who) for n, (who, _) in self.installed.items()][:2], ""
            case ["app", "installations", number] if int(number) in self.installed:
                return 200, _shape(int(number), self.installed[int(number)][0]), ""
            case ["app", "installations", number, "access_tokens"] if (
                int(number) in self.installed.keys() - self.broken
            ):
                return *self._mint(int(number), json.loads(body or b"{}")), ""
        return 404, _said("Not Found"), ""

    def _mint(self, number: int, body: dict[str, Any]) -> tuple[int, Any]:
        if number in self.suspended:
            return 403, _said("This installation has been suspended")
        text = f"ghs_{len(self.tokens)}"
        self.tokens[text] = (self.installed[number][0].lower(), body)
        return 201, {"token": text, "expires_at": _iso(self._now + 3600)}


def _said(text: str) -> dict[str, str]:
    return {"message": text}


def _shape(number: int, owner: str) -> dict[str, Any]:
    return {"id": number, "account": {"login": owner}}


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
