"""What a fetch loads, while git waits for it, stays little."""

import json
import re
import ssl
import subprocess
import sys
from pathlib import Path

import pytest
import trustme

from tests.support.environment import CHECKOUT
from tests.support.loopback import Loopback, reply

OURS = {
    "gitlease": "cli github model workspace",
    "gitlease.github": "protocol refusals times",
    "gitlease.model": "errors exchange frozen gitcred hosts redaction scopes targets tokens wire",
    "gitlease.workspace": "broker_protocol cache clocks cores enrolment events failures files "
    "folders helper locks notes plain_http proxies renewal room setting_values settings "
    "settings_file sources transport usage way",
    "gitlease.workspace.sources": "broker",
}
ALLOWED = {f"{room}.{name}" for room, names in OURS.items() for name in names.split()}
# Of the standard library's, those that cost a millisecond or more and are not needed.
HEAVY = {
    "argparse",
    "ast",
    "asyncio",
    "concurrent.futures",
    "dataclasses",
    "hmac",
    "importlib.metadata",
    "importlib.resources",
    "inspect",
    "logging",
    "queue",
    "secrets",
    "shutil",
    "site",
    "subprocess",
    "tempfile",
    "traceback",
    "zipfile",
}
# What a scheme needs of its own.
ONLY_TLS = {"gitlease.workspace.tls_http", "http.client", "email.message", "ssl"}
LEASE = {"token": "ghs_x", "expires_in": 3600, "owner": "acme"}


@pytest.mark.enable_socket
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_fetch_from_a_broker_loads_nothing_that_it_can_do_without(
    tmp_path: Path, scheme: str
) -> None:
    authority, tls = trustme.CA(), None
    if scheme == "https":
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1").configure_cert(tls)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    (tmp_path / ".auth_token").write_text("bearer\n")
    with Loopback(reply(200, json.dumps(LEASE).encode()), tls=tls) as server:
        (home / "settings.toml").write_text(f'broker_url = "{scheme}://127.0.0.1:{server.port}"\n')
        ran = subprocess.run(
            [
                *(sys.executable, "-I", "-S", "-X", "importtime"),
                *(CHECKOUT / "src/gitlease/__main__.py", "credential", "get"),
            ],
            input=b"protocol=https\nhost=github.com\npath=acme/app\n\n",
            env={
                "GITLEASE_HOME": str(home),
                "GITLEASE_CONFIGS_DIR": str(tmp_path),
                "GITLEASE_WORKSPACE_ID": "ws-1",
                "GITLEASE_CA_FILE": str(tmp_path / "ca.pem"),
            },
            capture_output=True,
            check=True,
        )
    assert b"password=ghs_x\n" in ran.stdout
    loaded = set(re.findall(r"\| +([\w.]+)$", ran.stderr.decode(), re.MULTILINE))
    assert "gitlease.workspace.transport" in loaded
    if scheme == "https":
        loaded -= ONLY_TLS
    assert {name for name in loaded if name.startswith("gitlease.")} - ALLOWED == set()
    assert loaded & (HEAVY | ONLY_TLS) == set()
