"""Stolen, guessed and replayed enrolment secrets, and workspaces that were shut out."""

import json
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.flows.attack.conftest import APP
from tests.support.brokers import Broker, bearer
from tests.support.evidence import Survived, Tried
from tests.support.siege import FULL

GUESSES = 4000 if FULL else 150
AT_ONCE = 32


def register(broker: Broker, name: str, secret: str) -> tuple[int, str | None]:
    """Show *secret* as the workspace *name*; return the status, and the bearer that came."""
    reply = broker.ask("POST", "/registry/register", json={"id": name}, headers=bearer(secret))
    return reply.status_code, reply.json().get("auth_token")


def secret_of(broker: Broker, *words: str) -> str:
    return broker.manage("enrolment", "create", *words).strip()


def lose(broker: Broker, name: str, *words: str) -> None:
    """Revoke every live bearer of *name*, from a shell."""
    for row in json.loads(broker.manage("token", "list", name, "--json")):
        if row["revoked_at"] is None:
            broker.manage("token", "revoke", name, row["id"], *words)


def test_fifty_who_show_a_secret_of_one_use_get_one_bearer(broker: Broker) -> None:
    secret = secret_of(broker, "--uses", "1")
    with ThreadPoolExecutor(50) as pool:
        came = list(pool.map(lambda _: register(broker, "ws-race", secret), range(50)))
    # Whoever comes just behind the first is told that it is registered, and gets nothing.
    assert {status for status, _ in came} <= {200, 401}
    (token,) = [token for _, token in came if token is not None]
    assert register(broker, "ws-race", secret) == (401, None)
    assert register(broker, "ws-other", secret) == (401, None)
    assert register(broker, "ws-race", token) == (200, None)


def test_fifty_workspaces_who_share_a_secret_of_one_use_are_one(broker: Broker) -> None:
    secret = secret_of(broker, "--uses", "1")
    with ThreadPoolExecutor(50) as pool:
        came = list(pool.map(lambda n: register(broker, f"ws-share-{n}", secret), range(50)))
    assert [status for status, _ in came].count(200) == 1


def test_a_secret_is_good_for_its_own_workspace_alone(broker: Broker) -> None:
    secret = secret_of(broker, "--workspace", "ws-own")
    for name in ("ws-own-", "WS-OWN", "ws-ow", "ws-other"):
        assert register(broker, name, secret) == (401, None)
    assert register(broker, "ws-own", secret)[1] is not None


def test_whoever_is_removed_in_the_night_stays_out(broker: Broker) -> None:
    """Neither a secret of its own nor the fleet's lets it in; an operator's word does."""
    fleets, own = secret_of(broker), secret_of(broker, "--workspace", "ws-night")
    broker.workspace("ws-night", APP)
    broker.manage("workspace", "remove", "ws-night")
    for secret in (fleets, own, secret_of(broker)):
        assert register(broker, "ws-night", secret) == (401, None)
    path = "/admin/workspaces/ws-night"
    assert broker.ask("GET", path, headers=broker.admin).status_code == 404
    assert "ws-night may not register" in broker.log.read_text()
    broker.manage("workspace", "add", "ws-night", "--owner", "acme", "--repo", "app")
    assert register(broker, "ws-night", fleets)[1] is not None


def test_whoever_has_his_bearer_revoked_stays_out(broker: Broker) -> None:
    fleets = secret_of(broker)
    assert register(broker, "ws-thief", fleets)[1] is not None
    lose(broker, "ws-thief")
    assert register(broker, "ws-thief", fleets) == (401, None)
    # The others that have the same secret are as welcome as before.
    assert register(broker, "ws-honest", fleets)[1] is not None
    later = secret_of(broker, "--workspace", "ws-thief", "--uses", "1")
    assert register(broker, "ws-thief", later)[1] is not None


def test_a_container_that_is_built_again_registers_again(broker: Broker) -> None:
    """Its bearer went with its disk: the operator revokes that one, and says so."""
    fleets = secret_of(broker)
    assert register(broker, "ws-pod", fleets)[1] is not None
    assert register(broker, "ws-pod", fleets) == (200, None)
    lose(broker, "ws-pod", "--readmit")
    token = register(broker, "ws-pod", fleets)[1]
    assert token is not None
    # By the API too, and a bearer that the workspace gives back by itself shuts nobody out.
    path = "/workspaces/ws-pod/tokens"
    rows = broker.ask("GET", path, headers=bearer(token)).json()["tokens"]
    url = f"{path}/{rows[-1]['id']}?readmit=true"
    assert broker.ask("DELETE", url, headers=broker.admin).status_code == 204
    token = register(broker, "ws-pod", fleets)[1]
    assert token is not None
    rows = broker.ask("GET", path, headers=bearer(token)).json()["tokens"]
    url = f"{path}/{rows[-1]['id']}"
    assert broker.ask("DELETE", url, headers=bearer(token)).status_code == 204
    assert register(broker, "ws-pod", fleets)[1] is not None


def test_the_journal_names_the_secret_that_let_a_workspace_in(broker: Broker) -> None:
    made = json.loads(broker.manage("enrolment", "create", "--json"))
    register(broker, "ws-named", made["secret"])
    path = "/admin/journal?workspace_id=ws-named"
    (record,) = broker.ask("GET", path, headers=broker.admin).json()["records"]
    assert record["reason"] == f"registered by enrolment secret {made['id']}"


@pytest.mark.guarantee("secrets")
def test_guessing_is_slow_and_locks_nobody_out(
    broker: Broker, tried: Tried, survived: Survived
) -> None:
    """All of them come from one address, as behind a proxy: the honest ones too."""
    who, good = broker.workspace("ws-guessed", APP), secret_of(broker)
    route = "/workspaces/ws-guessed/github-installation-token"
    began = time.monotonic()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        guesses = [
            pool.submit(register, broker, "ws-guessed", f"gle_{number:043d}")
            for number in range(GUESSES)
        ]
        for number in range(5):
            assert broker.ask("GET", route, headers=who).status_code == 200
            assert register(broker, f"ws-new-{number}", good)[1] is not None
        said = {one.result(120) for one in guesses}
    took = time.monotonic() - began
    assert said <= {(401, None), (429, None)}
    # 30 are answered at once; then there is a read each quarter of a second for all who wait.  How
    # they fall into the first and the last of these turns is by chance.
    assert took >= (GUESSES - 30 - AT_ONCE) / AT_ONCE * 0.25 - 0.5
    print(f"{GUESSES} guesses, {AT_ONCE} at once: {GUESSES / took:.0f} a second")
    tried("guesses at enrolment secrets", GUESSES)
    survived("enrolment secrets guessed from an address that honest workspaces share")
