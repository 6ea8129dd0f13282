"""
A fleet's whole life at one broker, with all that goes wrong in it, as a story in chapters.

Every secret that comes up on the way is let loose as a canary.
"""

import base64
import json
import re
import secrets
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2

from gitlease.emulator import GitHub
from gitlease.model.tokens import fingerprint
from tests.support.brokers import Broker, bearer
from tests.support.canaries import Canaries
from tests.support.crooked_github import CrookedGitHub
from tests.support.loopback import reply

Sql = Callable[[str], None]
LEASE = "/workspaces/{}/github-installation-token"
APP: dict[str, Any] = {"owner": "acme", "repositories": ["app"]}
ACME: dict[str, Any] = {"owner": "acme", "repositories": "ALL"}
OTHER: dict[str, Any] = {
    "owner": "other",
    "repositories": ["lib"],
    "permissions": {"contents": "read"},
}
CROOKED: dict[str, Any] = {"owner": "crooked", "repositories": "ALL"}
# A name that may be known, and is found where names are written down.
PLANTED = "planted-4Zr8Xq0vN2tYb7LkWm5sHd9c-C3eGj6uRp1aTf"


@dataclass
class Fleet:
    """*broker* mints at *github* and, for the owner `crooked`, at *crooked*."""

    broker: Broker
    github: GitHub
    crooked: CrookedGitHub
    sql: Sql
    canaries: Canaries = field(default_factory=Canaries)
    shown: dict[str, bytes] = field(default_factory=dict)
    secrets: list[str] = field(default_factory=list)
    _client: httpx2.Client = field(
        default_factory=lambda: httpx2.Client(timeout=30, trust_env=False)
    )

    def live(self) -> None:
        """Let everything happen."""
        self._let_loose("admin bearer", self.broker.admin["Authorization"].split()[1])
        self._leases()
        self._registrations()
        self._rejections()
        self._mistakes()
        self._crooked_replies()
        self._troubles()
        self._removals()
        self._defects()
        self._reports()
        self._client.close()

    def _ask(self, method: str, path: str, **more: Any) -> httpx2.Response:
        # One client for all: to make one for each request takes longer than the request.
        return self._client.request(method, f"{self.broker.url}{path}", **more)

    def _let_loose(self, name: str, secret: str) -> str:
        self.canaries.add(name, secret)
        self.secrets.append(secret)
        return secret

    def _workspace(self, name: str, *grants: dict[str, Any]) -> dict[str, str]:
        who = self.broker.workspace(name, *grants)
        self._let_loose(f"bearer of {name}", who["Authorization"].split()[1])
        return who

    def _lease(self, name: str, who: dict[str, str], query: str = "") -> str:
        said = self._ask("GET", LEASE.format(name) + query, headers=who)
        assert said.status_code == 200, said.text
        return self._let_loose(f"token of {name}{query}", said.json()["token"])

    def _leases(self) -> None:
        self.one = self._workspace("ws-1", APP, OTHER)
        self.two = self._workspace("ws-2", ACME)
        self._lease("ws-1", self.one)
        self.github.settings(token_format="stateless")
        self._lease("ws-1", self.one, "?owner=other")
        self._lease("ws-2", self.two)
        self.github.settings(token_format="classic")
        self._lease("ws-2", self.two, "?repo=acme/lib")
        said = self._ask(
            "GET", "/admin/github-installation-token", headers=self.broker.admin
        ).json()
        self._let_loose("token of the operator", said["token"])

    def _registrations(self) -> None:
        secret = self._let_loose(
            "enrolment secret", self.broker.manage("enrolment", "create", "--uses", "2").strip()
        )
        path = "/registry/register"
        first = self._ask("POST", path, json={"id": "ws-5"}, headers=bearer(secret)).json()
        self._let_loose("first bearer", first["auth_token"])
        self._ask("POST", path, json={"id": "ws-5"}, headers=bearer(secret))
        wrong = self._let_loose("wrong enrolment secret", "gle_" + secrets.token_urlsafe(32))
        refused = self._ask("POST", path, json={"id": "ws-6"}, headers=bearer(wrong))
        assert refused.status_code == 401
        self._let_loose("shell's bearer", self.broker.manage("token", "create", "ws-5").strip())
        assert self._ask("POST", path, json={"id": PLANTED}).status_code == 200

    def _rejections(self) -> None:
        token = self._lease("ws-1", self.one)
        said = {"fingerprint": fingerprint(token)}
        path = "/workspaces/ws-1/rejected-tokens"
        assert self._ask("POST", path, headers=self.one, json=said).json()["dropped"]
        assert self._lease("ws-1", self.one) != token

    def _mistakes(self) -> None:
        """Put every secret where a confused client might put it."""
        self._let_loose("wrong bearer", "glw_" + secrets.token_urlsafe(32))
        # One of each kind and length: of all it would take a minute.
        kinds = {secret[:4] + str(len(secret)): secret for secret in self.secrets}
        for secret in kinds.values():
            for path in (
                LEASE.format("ws-1") + f"?repo={secret}",
                LEASE.format("ws-1") + f"?owner={secret}",
                LEASE.format("ws-1") + f"?repo=acme/{secret}",
                LEASE.format("ws-1") + f"?min_ttl={secret}",
                LEASE.format(secret),
                f"/{secret}",
            ):
                self._ask("GET", path, headers=self.one)
            self._ask("GET", LEASE.format("ws-1"), headers=bearer(secret))
            self._ask("GET", LEASE.format("ws-1"), headers={"Authorization": secret})
            odd = {"X-Request-Id": secret[:64], "User-Agent": secret, "Cookie": f"token={secret}"}
            self._ask("GET", LEASE.format("ws-1"), headers=self.one | odd)
            body = {"fingerprint": secret}
            path = "/workspaces/ws-1/rejected-tokens"
            self._ask("POST", path, headers=self.one, json=body)
            self._ask("POST", path, headers=self.one, content=secret)
            admin = self.broker.admin
            for grant in ({"owner": secret}, APP | {"permissions": {secret: "read"}}):
                more = {"json": {"id": "ws-7", "grants": [grant]}}
                self._ask("POST", "/admin/workspaces", headers=admin, **more)
            self._ask("POST", "/admin/workspaces", headers=admin, json={"id": secret})
            self._ask("POST", "/registry/register", json={"id": secret})
            self._ask("GET", f"/admin/workspaces/{secret}", headers=admin)
            self._ask("GET", f"/admin/journal?fingerprint={secret}", headers=admin)

    def _crooked_replies(self) -> None:
        """Let GitHub throw our own proof back at us, in every kind of refusal."""
        who = self._workspace("ws-4", CROOKED)

        def echoes(status: int) -> Callable[[socket.socket], None]:
            def act(connection: socket.socket) -> None:
                said = self.crooked.server.requests[-1].decode("latin-1")
                body = json.dumps({"message": f"no: {said}"}).encode()
                reply(status, body, X_Echo=said.partition("Bearer ")[2][:2000].split("\r")[0])(
                    connection
                )

            return act

        for status in (500, 401, 404, 422, 400, 403):
            self.crooked.act = echoes(status)
            # Of each its own: a refusal of the last one is remembered for a while.
            self._ask("GET", LEASE.format("ws-4") + f"?repo=status-{status}", headers=who)
        self.crooked.act = None
        assert self._ask("GET", LEASE.format("ws-4"), headers=who).status_code == 200
        proofs = set(re.findall(rb"Bearer (eyJ\S+)", b"\n".join(self.crooked.server.requests)))
        assert proofs
        for number, proof in enumerate(sorted(proofs)):
            self.canaries.add(f"proof {number}", proof.rpartition(b".")[2])

    def _troubles(self) -> None:
        who = self._workspace("ws-8", OTHER | {"max_per_hour": 5})
        faults: list[dict[str, Any]] = [
            {"status": 502},
            {"status": 401},
            {"drop": "connect"},
            {"status": 422},
        ]
        for fault in faults:
            self.github.fault("api", **fault)
            self._ask("GET", LEASE.format("ws-8") + "?repo=lib&min_ttl=3500", headers=who)
            self.github.clear_faults()
        for _ in range(4):
            self._ask("GET", LEASE.format("ws-8"), headers=who)

    def _removals(self) -> None:
        path = "/workspaces/ws-1/tokens"
        made = self._ask("POST", path, headers=self.one).json()
        self._let_loose("bearer to be revoked", made["auth_token"])
        gone = self._ask("DELETE", f"{path}/{made['id']}", headers=self.one)
        assert gone.status_code == 204
        self.github.fault("DELETE api.github.com/installation/token", status=500, count=2)
        removed = self._ask("DELETE", "/admin/workspaces/ws-2", headers=self.broker.admin)
        assert removed.status_code == 200

    def _defects(self) -> None:
        """Break a row and a table under the running broker."""
        who = self._workspace("ws-3", APP)
        self.sql("UPDATE workspaces SET grants = '[{\"owner\"' WHERE id = 'ws-3'")
        self._comes_to("ws-3", who, 503)
        self.sql("UPDATE workspaces SET grants = '[]' WHERE id = 'ws-3'")
        self.sql("ALTER TABLE journal RENAME TO mislaid")
        self._comes_to("ws-1", self.one, 503)
        self.sql("ALTER TABLE mislaid RENAME TO journal")
        self._comes_to("ws-1", self.one, 200)

    def _comes_to(self, name: str, who: dict[str, str], status: int) -> None:
        end = time.monotonic() + 20
        while self._ask("GET", LEASE.format(name), headers=who).status_code != status:
            assert time.monotonic() < end, f"never {status}"
            time.sleep(0.1)

    def _reports(self) -> None:
        """Ask for all that may be read, by HTTP and from a shell."""
        admin = self.broker.admin
        for path in ("/metrics", "/openapi.json", "/admin/workspaces", "/workspaces/ws-1/tokens"):
            self.shown[path] = self._ask("GET", path, headers=admin).content
        after: int | None = 0
        while after is not None:
            page = self._ask("GET", f"/admin/journal?after={after}&limit=1000", headers=admin)
            self.shown[f"journal after {after}"] = page.content
            after = page.json()["next"]
        for words in (["enrolment", "list"], ["token", "list", "ws-1"]):
            self.shown[" ".join(words)] = self.broker.manage(*words, "--json").encode()
        self.shown["journal"] = self.broker.manage("journal", "--limit", "1000").encode()


def key_material(canaries: Canaries, pem: Path) -> None:
    """Let the secret half of the RSA key in *pem* loose, as bytes and as the file has it."""
    lines = pem.read_text().splitlines()[1:-1]
    canaries.add(f"{pem.name}", base64.b64decode("".join(lines))[-300:])
    for number in (-2, -5):
        canaries.add(f"{pem.name} line {number}", lines[number])


def sealing_keys(canaries: Canaries, file: Path) -> None:
    """Let the keys in *file* loose that seal tokens at rest."""
    for number, key in enumerate(file.read_text().split()):
        canaries.add(f"sealing key {number}", key)
        canaries.add(f"sealing key {number} in bytes", base64.urlsafe_b64decode(key))
