"""Trouble with those whom a workspace asks is found by its cause, and gone when that is."""

import fcntl
import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from gitlease.emulator import GitHub
from gitlease.workspace.doctor.baked import baked_into
from gitlease.workspace.settings import load
from gitlease.workspace.shell import templates
from tests.support.brokers import Broker, running_broker
from tests.support.doctoring import Ward
from tests.support.loopback import Act, Loopback, reply
from tests.support.workspaces import Workspace

pytestmark = pytest.mark.parametrize("machine", ["host"], indirect=True)


@pytest.fixture
def ward(workspace: Workspace) -> Ward:
    return Ward(workspace)


def kinds(ward: Ward) -> set[str]:
    return set(ward.findings())


def pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


# The App.

KEYS: dict[str, tuple[str, Callable[[], bytes]]] = {
    "no PEM": ("app-key", lambda: b"garbage"),
    "no RSA key": ("app-key", lambda: pem(ec.generate_private_key(ec.SECP256R1()))),
    "another App's": ("app-refused", lambda: pem(rsa.generate_private_key(65537, 2048))),
}


@pytest.mark.parametrize("how", KEYS)
def test_a_key_that_is_not_the_apps(ward: Ward, how: str) -> None:
    kind, make = KEYS[how]
    wrong = ward.workspace.home / "wrong.pem"
    wrong.write_bytes(make())
    right = ward.workspace.env["GITLEASE_PRIVATE_KEY_FILE"]
    ward.workspace.env["GITLEASE_PRIVATE_KEY_FILE"] = str(wrong)
    found = ward.findings()
    assert set(found) == {kind}
    assert "GITLEASE_PRIVATE_KEY_FILE" in found[kind]["cure"]
    ward.workspace.env["GITLEASE_PRIVATE_KEY_FILE"] = right
    assert kinds(ward) == set()


def test_a_key_that_is_not_there(ward: Ward) -> None:
    right = ward.workspace.env["GITLEASE_PRIVATE_KEY_FILE"]
    ward.workspace.env["GITLEASE_PRIVATE_KEY_FILE"] = "/gone.pem"
    found = ward.findings()
    assert set(found) == {"app-key"}
    assert "/gone.pem cannot be read: No such file" in found["app-key"]["cause"]
    ward.workspace.env["GITLEASE_PRIVATE_KEY_FILE"] = right
    assert kinds(ward) == set()


def test_an_app_that_is_not_where_it_is_needed(ward: Ward, github: GitHub) -> None:
    _ = ward.repository
    ward.git("remote", "set-url", "origin", "https://github.com/acmee/app")
    found = ward.findings()
    assert set(found) == {"app-installation"}
    assert "check the spelling of acmee" in found["app-installation"]["cure"]
    ward.git("remote", "set-url", "origin", "https://github.com/acme/app")
    github.suspend("acme")
    found = ward.findings()
    assert set(found) == {"app-installation"}
    assert "suspended on acme" in found["app-installation"]["cause"]
    github.unsuspend("acme")
    assert kinds(ward) == set()


def test_looking_mints_nothing(ward: Ward, github: GitHub) -> None:
    assert kinds(ward) == set()
    assert github.stats()["mints"] == 0


# The way there.


def test_a_proxy_that_is_not_there_stops_git_and_us(ward: Ward) -> None:
    right = ward.workspace.env["HTTPS_PROXY"]
    with Loopback(reply(200)) as gone:
        ward.workspace.env["HTTPS_PROXY"] = f"http://127.0.0.1:{gone.port}"
    found = ward.findings()
    assert set(found) == {"api-unreachable", "git-unreachable"}
    assert "through the proxy 127.0.0.1" in found["api-unreachable"]["cause"]
    assert "HTTPS_PROXY" in found["git-unreachable"]["cure"]
    ward.workspace.env["HTTPS_PROXY"] = right
    assert kinds(ward) == set()


@pytest.mark.parametrize(
    ("variable", "kind"),
    [("GITLEASE_CA_FILE", "api-unreachable"), ("GIT_SSL_CAINFO", "git-unreachable")],
)
def test_a_certificate_that_is_not_trusted(ward: Ward, variable: str, kind: str) -> None:
    """Git and we look for certificates in different places: either may lack one."""
    right = ward.workspace.env[variable]
    ward.workspace.env[variable] = "/etc/ssl/certs/ca-certificates.crt"
    found = ward.findings()
    assert set(found) == {kind}
    assert "certificate" in found[kind]["cause"]
    assert variable in found[kind]["cure"]
    ward.workspace.env[variable] = right
    assert kinds(ward) == set()


def test_a_github_that_asks_for_patience(ward: Ward, github: GitHub) -> None:
    github.fault("api", secondary=True, retry_after=60)
    assert kinds(ward) == {"api-answer"}
    github.clear_faults()
    assert kinds(ward) == set()


@pytest.mark.parametrize(("skew", "how"), [(600, "behind"), (-600, "ahead of")])
def test_a_clock_that_is_wrong(ward: Ward, github: GitHub, skew: int, how: str) -> None:
    github.settings(date_skew=skew)
    found = ward.findings()
    assert set(found) == {"clock"}
    assert f" s {how} that of api.github.com" in found["clock"]["cause"]
    assert found["clock"]["cure"] == "set this machine's clock (NTP)"
    github.settings(date_skew=0)
    assert kinds(ward) == set()


# Sources.


def test_without_a_source_the_doctor_names_what_to_set(
    bare_workspace: Workspace, github: GitHub
) -> None:
    env = bare_workspace.env
    kept = {name: env.pop(name) for name in ("GITLEASE_APP_ID", "GITLEASE_PRIVATE_KEY_FILE")}
    bare_workspace.gitlease("install", "--offline", "--strict")
    ward = Ward(bare_workspace)
    found = ward.findings()
    assert set(found) == {"source"}
    assert all(name in found["source"]["cure"] for name in kept)
    env["GITHUB_TOKEN"] = str(github.mint("acme")["token"])
    found = ward.findings()
    assert set(found) == {"source-dies", "gh-token-stale"}
    assert env["GITHUB_TOKEN"] not in json.dumps(found)
    del env["GITHUB_TOKEN"]
    env |= kept
    ward.workspace.gitlease("install", "--offline")
    assert kinds(ward) == set()


# The broker.


@pytest.fixture
def broker(tmp_path: Path, github: GitHub) -> Iterator[Broker]:
    with running_broker(tmp_path / "broker", github) as running:
        yield running


def test_what_is_wrong_between_a_workspace_and_its_broker(
    bare_workspace: Workspace, broker: Broker
) -> None:
    grant = {"owner": "acme", "repositories": ["app"]}
    live = broker.workspace("ws-1", grant)["Authorization"].removeprefix("Bearer ")
    bare_workspace.lease_from(broker.url, "ws-1")
    bare_workspace.gitlease("install", "--offline", "--strict")
    ward, file = Ward(bare_workspace), bare_workspace.bearer_file

    found = ward.findings()
    assert set(found) == {"bearer"}
    assert f"let the platform write it to {file}" in found["bearer"]["cure"]
    for wrong in ("not-the-bearer", "two words"):
        file.write_text(wrong)
        found = ward.findings()
        assert set(found) == {"bearer"}
        assert wrong not in json.dumps(found)
    file.write_text(live)
    assert kinds(ward) == set()
    assert live not in json.dumps(ward.doctor())

    ward.git("remote", "set-url", "origin", "https://github.com/acme/lib")
    found = ward.findings()
    assert set(found) == {"broker-refuses"}
    assert "acme/lib" in found["broker-refuses"]["cause"]
    bare_workspace.git("-C", str(ward.repository), "fetch", check=False)
    assert "failed-lately" in ward.doctor()
    broker.manage("workspace", "grant", "ws-1", "--owner", "acme", "--all")
    found = ward.doctor()
    assert {kind for kind, one in found.items() if one["severity"] != "note"} == set()

    broker.stop()
    found = ward.findings()
    assert set(found) == {"broker-unreachable"}
    place = broker.url.removeprefix("http://")
    assert f"{place} cannot be reached" in found["broker-unreachable"]["cause"]


@pytest.mark.parametrize(
    ("act", "said"),
    [
        (reply(302, Location="https://elsewhere.example/"), "sends us elsewhere (302)"),
        (reply(404, b"<html>nothing here</html>"), "is no broker's"),
        (reply(403, b"<html>who are you</html>"), "is no broker's"),
        (reply(503, b"ill"), "503"),
    ],
    ids=["redirect", "another server", "a proxy's page", "ill"],
)
def test_what_answers_in_the_brokers_place(bare_workspace: Workspace, act: Act, said: str) -> None:
    with Loopback(act) as server:
        bare_workspace.lease_from(f"http://127.0.0.1:{server.port}", "ws-1", "b" * 43)
        bare_workspace.gitlease("install", "--offline", "--strict")
        ward = Ward(bare_workspace)
        found = ward.findings()
        assert set(found) == {"broker-answer"}
        assert said in found["broker-answer"]["cause"]
        assert "b" * 43 not in json.dumps(found)
        server.acts = [reply(200, b'{"token": "ghs_x", "expires_at": "2099-01-01T00:00:00Z"}')]
        assert kinds(ward) == set()


def test_a_workspace_that_has_yet_to_enrol(bare_workspace: Workspace) -> None:
    secret = bare_workspace.home / "secret"
    with Loopback(reply(401, b'{"error": "a bearer, please"}')) as server:
        bare_workspace.lease_from(f"http://127.0.0.1:{server.port}", "ws-1")
        bare_workspace.env["GITLEASE_ENROLMENT_SECRET_FILE"] = str(secret)
        bare_workspace.gitlease("install", "--offline", "--strict")
        ward = Ward(bare_workspace)
        found = ward.findings()
        assert set(found) == {"bearer"}
        assert f"its enrolment secret {secret} cannot be read" in found["bearer"]["cause"]
        secret.write_text("s" * 43)
        assert kinds(ward) == set()
        assert all(b"s" * 43 not in request for request in server.requests)
    assert kinds(ward) == {"broker-unreachable"}


# What keeps the tokens fresh.


def test_a_refresher_that_is_gone_or_failing(ward: Ward) -> None:
    run = ward.workspace.state / "run"
    pid, status = run / "refresher.pid", run / "status.json"

    def put(path: Path, text: str) -> None:
        path.write_text(text)
        path.chmod(0o600)

    def says(**values: object) -> None:
        well: dict[str, object] = {"next_due": time.time() + 600, "failures_in_a_row": 0}
        well |= {"last_error": None, "last_success": None, "pid": None, "version": "0"}
        put(status, json.dumps(well | values))

    mine = load({**ward.workspace.env, "GITLEASE_HOME": str(ward.workspace.state)})
    baked = baked_into(ward.workspace.helper)
    program = templates.refresher(mine, python=baked.python, main=baked.main)
    put(ward.workspace.state / "bin" / "gitlease-refresher", program)
    says()
    put(run / "refresher.wanted", "")
    assert kinds(ward) == {"refresher-dead"}
    put(pid, f"{os.getpid()}\n")
    with pid.open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        error = {"message": "it rains", "hint": "wait"}
        says(failures_in_a_row=3, last_error=error)
        found = ward.findings()
        assert set(found) == {"refresher-failing"}
        assert found["refresher-failing"]["cure"] == "wait"
        says()
        assert kinds(ward) == set()


def test_a_login_of_gh_that_has_died(ward: Ward) -> None:
    _ = ward.repository
    hosts = ward.workspace.home / ".config" / "gh" / "hosts.yml"
    hosts.parent.mkdir(parents=True)

    def login(user: str, token: str) -> None:
        lines = ["github.com:", f"    user: {user}", f"    oauth_token: {token}"]
        lines += ["    users:", f"        {user}:", "            oauth_token: other"]
        hosts.write_text("\n".join(["other.example:", "    oauth_token: x", *lines, ""]))

    login("gitlease[bot]", "ghs_canary")
    found = ward.findings()
    assert set(found) == {"gh-login"}
    assert "canary" not in json.dumps(found)
    # A person's own login is none of our business.
    login("alice", "gho_canary")
    assert kinds(ward) == set()
    ward.git("ls-remote")
    login("gitlease[bot]", ward.workspace.record("github.com~acme").token.secret.reveal())
    assert kinds(ward) == set()
