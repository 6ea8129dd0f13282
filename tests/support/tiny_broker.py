"""
A broker's rules in one object, for code that is handed a carrier.

It knows one workspace, `ws-1`, its bearers, its grants and what was rejected; the real broker,
which needs sockets, is for the flows.
"""

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from gitlease.model.exchange import Request, Response
from gitlease.model.tokens import fingerprint

URL = "https://broker.example"
LEASE = "/workspaces/ws-1/github-installation-token"


@dataclass
class TinyBroker:
    """
    Answers as the broker would; `asked` has a row for each request: method, path, words, bearer.

    `grants` is an owner's repositories, None for all of them; `speaks_old` leaves it with the two
    keys that the older platform answers.
    """

    grants: dict[str, list[str] | None] = field(default_factory=lambda: {"acme": None})
    bearers: set[str] = field(default_factory=lambda: {"bearer-1"})
    enrolment_secrets: set[str] = field(default_factory=set)
    speaks_old: bool = False
    expires_in: int = 3000
    lifetime: int = 3600
    replies: list[Response] = field(default_factory=list)
    more: dict[str, Any] = field(default_factory=dict)
    asked: list[tuple[str, str, dict[str, str], str]] = field(default_factory=list)
    rejected: list[str] = field(default_factory=list)
    deadlines: list[float | None] = field(default_factory=list)

    def deadline(self, limit: float | None = None) -> float:
        """Remember which limit was asked for."""
        self.deadlines.append(limit)
        return 10.0 if limit is None else limit

    def exchange(self, request: Request, deadline: float) -> Response:
        """Answer *request*, by the next of `replies` if there is one."""
        assert deadline > 0
        url = urlsplit(request.url)
        words = dict(parse_qsl(url.query))
        bearer = request.headers.get("Authorization", "").removeprefix("Bearer ")
        self.asked.append((request.method, url.path, words, bearer))
        if self.replies:
            return self.replies.pop(0)
        body = json.loads(request.body) if request.body else {}
        status, said = self._answer(url.path, words, bearer, body)
        return Response(status, {}, json.dumps(said).encode())

    def _answer(
        self, path: str, words: dict[str, str], bearer: str, body: dict[str, str]
    ) -> tuple[int, dict[str, Any]]:
        if path == "/registry/register":
            return self._register(bearer, body)
        if bearer not in self.bearers:
            return 401, {"error": "the bearer is missing or not valid"}
        if path.endswith("/rejected-tokens"):
            if self.speaks_old:
                return 404, {"error": "not found"}
            self.rejected.append(body["fingerprint"])
            return 200, {"dropped": True}
        return self._lease(words.get("owner"), words.get("repo"))

    def _register(self, bearer: str, body: dict[str, str]) -> tuple[int, dict[str, Any]]:
        assert body["id"] == body["workspace_id"]
        if bearer in self.bearers:
            return 200, {"status": "registered"}
        if bearer not in self.enrolment_secrets:
            return 401, {"error": "an enrolment secret is missing or not valid"}
        if self.bearers:
            return 200, {"status": "registered"}
        self.bearers = {"bearer-new"}
        return 200, {"status": "registered", "auth_token": "bearer-new"}

    def _lease(self, owner: str | None, repo: str | None) -> tuple[int, dict[str, Any]]:
        token = f"ghs_{owner}_{len(self.rejected)}"
        if self.speaks_old:
            return 200, {"token": "ghs_all", "expires_at": "2027-01-15T08:50:00Z"} | self.more
        owner = owner or next(iter(self.grants))
        granted = self.grants.get(owner, [])
        if granted == [] or (repo and granted is not None and repo not in granted):
            said = "its grants do not cover it"
            return 403, {"error": said, "detail": f"{said}; grant it"}
        return 200, {
            "token": f"{token}_{repo}" if repo else token,
            "expires_in": self.expires_in,
            "lifetime": self.lifetime,
            "username": "x-access-token",
            "owner": owner,
            "repositories": [repo] if repo else granted,
            "permissions": None,
            "app": "1",
        } | self.more

    def is_told_of(self, secret: str) -> bool:
        """Tell whether the token *secret* was reported."""
        return fingerprint(secret) in self.rejected
