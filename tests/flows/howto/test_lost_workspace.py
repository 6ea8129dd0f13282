"""A stolen workspace is shut out by its how-to; the journal and GitHub's log find each other."""

from pathlib import Path

import pytest

from gitlease.emulator import GitHub
from gitlease.model.tokens import fingerprint
from tests.support.brokers import bearer, running_broker
from tests.support.howtos import HowTo
from tests.support.polling import until

GRANT = {"owner": "acme", "repositories": ["app"]}
LEASE = "/workspaces/{}/github-installation-token?owner=acme&repo=app"
# The fingerprint on the page is that of no token.
SHOWN = "5UTMxr8sQwTxoTDMa5XkZGlnGqMtZTzRs4TLbKgAzGo="


# The reader keeps the new secret in a file.
@pytest.mark.plants(r"file .*/here/enrolment-secret")
def test_the_page_shuts_it_out_and_finds_what_it_held(tmp_path: Path) -> None:
    here = tmp_path / "here"
    here.mkdir()
    with GitHub() as github, running_broker(tmp_path / "broker", github) as broker:
        stolen, other = (broker.workspace(name, GRANT) for name in ("ws-1", "ws-2"))
        anyone = bearer(broker.manage("enrolment", "create").strip())
        token = broker.ask("GET", LEASE.format("ws-1"), headers=stolen).json()["token"]
        assert broker.ask("GET", LEASE.format("ws-2"), headers=other).json()["token"] == token
        named = fingerprint(token)
        page = HowTo("lost-workspace", here, {SHOWN: named})

        page.section("1. Shut it out", broker.env)
        # The page's own words: within a second.
        until(lambda: broker.ask("GET", LEASE.format("ws-1"), headers=stolen).status_code == 401)
        # How many were alive until then.
        assert github.revoke(token) == 0

        def held() -> str:
            said = broker.ask("GET", LEASE.format("ws-2"), headers=other).json()
            return str(said.get("token", token))

        until(lambda: held() != token)
        renewed = held()

        page.section("2. Revoke what it could register with", broker.env)
        asked = broker.ask("POST", "/registry/register", headers=anyone, json={"id": "ws-3"})
        assert asked.status_code == 401

        page.section("3. Find what its tokens touched", broker.env)
        page.section("4. From a line of the log to the workspace", broker.env)
        holders = broker.manage("journal", "--fingerprint", named, "--kind", "lease")
        assert {"ws-1", "ws-2"} <= set(holders.split())

        page.section("5. Let it come back", broker.env)
        once = bearer((here / "enrolment-secret").read_text().strip())
        back = broker.ask("POST", "/registry/register", headers=once, json={"id": "ws-1"}).json()
        assert broker.ask("GET", LEASE.format("ws-1"), headers=stolen).status_code == 401
        again = broker.ask("GET", LEASE.format("ws-1"), headers=bearer(back["auth_token"]))
        assert again.json()["token"] == renewed
