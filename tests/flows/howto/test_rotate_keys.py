"""Every secret is replaced by the commands of its how-to, and no workspace notices."""

import base64
import contextlib
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from gitlease.emulator import GitHub
from tests.support.brokers import Broker, bearer, running_broker
from tests.support.howtos import HowTo
from tests.support.polling import until

TITLES = {
    "app": "The App's key",
    "seal": "The keys that seal cached tokens",
    "bearer": "A workspace's bearer",
    "admin": "The admin token",
    "enrolment": "An enrolment secret",
}


@dataclass
class Fleet:
    """A broker with one workspace that asks on and on, and the page before it."""

    broker: Broker
    github: GitHub
    folder: Path
    page: HowTo
    statuses: list[int] = field(default_factory=list)

    def play(self, title: str) -> None:
        self.page.section(title, self.broker.env)

    def lease(self, **ask: str) -> int:
        held = bearer((self.folder / "configs/.auth_token").read_text().strip())
        path = "/workspaces/ws-1/github-installation-token"
        return self.broker.ask("GET", path, headers=held, params=ask).status_code

    @contextlib.contextmanager
    def busy(self) -> Iterator[None]:
        """Let the workspace ask all the while, also for what has to be minted."""
        over = threading.Event()
        self.statuses.clear()

        def ask() -> None:
            while not over.wait(0.2):
                number = len(self.statuses)
                asked = {"owner": "acme", "repo": "app" if number % 2 else "lib"}
                self.statuses.append(self.lease(**asked))

        thread = threading.Thread(target=ask)
        thread.start()
        try:
            yield
            # Also some after the last step, however quick the steps were.
            enough = len(self.statuses) + 2
            until(lambda: len(self.statuses) >= enough)
        finally:
            over.set()
            thread.join()
        assert set(self.statuses) == {200}


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    folder = tmp_path_factory.mktemp("fleet")
    here, files = folder / "here", folder / "srv"
    (here / "configs").mkdir(parents=True)
    files.mkdir()
    with GitHub() as github:
        key = files / "app.pem"
        key.write_bytes(github.private_key_file.read_bytes())
        env = {"GITLEASE_PRIVATE_KEY_FILE": str(key)}
        with running_broker(files, github, **env) as broker:
            held = broker.workspace("ws-1", {"owner": "acme", "repositories": "ALL"})
            secret = held["Authorization"].removeprefix("Bearer ")
            (here / "configs/.auth_token").write_text(secret)
            yield Fleet(
                broker, github, here, HowTo("rotate-keys", here, {"/srv/gitlease": str(files)})
            )


class Either:
    """What GitHub does with an App that has several keys: any of them will do."""

    def __init__(self, *keys: rsa.RSAPublicKey) -> None:
        self._keys = keys

    def verify(self, *signed: Any) -> None:
        for key in self._keys:
            with contextlib.suppress(InvalidSignature):
                return key.verify(*signed)
        raise InvalidSignature


def test_the_app_s_key(fleet: Fleet) -> None:
    new = rsa.generate_private_key(65537, 2048)
    pem = new.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    (fleet.folder / "new.private-key.pem").write_bytes(pem)
    [app] = fleet.github._world.apps.values()
    # It is what its installations know it by, so it is changed in its place.
    object.__setattr__(app, "public_key", Either(app.public_key, new.public_key()))
    with fleet.busy():
        fleet.play(TITLES["app"])
        # The old key is deleted at GitHub, as the page says.
        object.__setattr__(app, "public_key", new.public_key())
        assert fleet.lease(owner="acme", repo="site") == 200
    mode = (fleet.folder.parent / "srv/app.pem").stat().st_mode
    assert mode & 0o777 == 0o600


def test_the_keys_that_seal(fleet: Fleet) -> None:
    keys = fleet.folder.parent / "srv/broker.sqlite.key"
    before = keys.read_text().split()
    shared = fleet.folder / "seal-keys"
    shared.touch(mode=0o600)
    shared.write_text(base64.urlsafe_b64encode(os.urandom(32)).decode() + "\n")
    with fleet.busy():
        fleet.play(TITLES["seal"])
    assert keys.read_text().split()[1:] == before
    assert len(shared.read_text().split()) == 1
    assert shared.read_text().strip() == (fleet.folder / "new-key").read_text().strip()


def test_a_workspace_s_bearer(fleet: Fleet) -> None:
    old = bearer((fleet.folder / "configs/.auth_token").read_text().strip())
    with fleet.busy():
        fleet.play(TITLES["bearer"])
    path = "/workspaces/ws-1/github-installation-token"
    # A shell beside the broker has done it, and the broker hears of that within a second.
    until(lambda: fleet.broker.ask("GET", path, headers=old).status_code == 401)


def test_the_admin_token(fleet: Fleet) -> None:
    tokens = fleet.folder.parent / "srv/admin-token"
    [first] = tokens.read_text().split()
    with fleet.busy():
        fleet.play(TITLES["admin"])
    [last] = tokens.read_text().split()
    ask = fleet.broker.ask
    assert ask("GET", "/admin/workspaces", headers=bearer(first)).status_code == 401
    assert ask("GET", "/admin/workspaces", headers=bearer(last)).status_code == 200
    fleet.broker.manage("admin-token", "rotate")
    assert ask("GET", "/admin/workspaces", headers=bearer(last)).status_code == 200
    said = fleet.broker.manage("journal", "--kind", "admin", "--limit", "2")
    assert "admin token changed, the one before ended" in said
    assert last not in said


def test_an_enrolment_secret(fleet: Fleet) -> None:
    old = bearer(fleet.broker.manage("enrolment", "create").strip())
    with fleet.busy():
        fleet.play(TITLES["enrolment"])
    new = bearer((fleet.folder / "enrolment-secret").read_text().strip())
    statuses = [
        fleet.broker.ask("POST", "/registry/register", headers=secret, json={"id": "ws-2"})
        for secret in (old, new)
    ]
    assert [one.status_code for one in statuses] == [401, 200]
