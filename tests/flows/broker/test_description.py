"""
The description at /openapi.json is true: schemathesis asks what it allows and what it does not.

No 500, and no status, header, media type or shape that is not described, whoever asks.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gitlease.emulator import GitHub
from tests.support.brokers import Broker, running_broker

SCHEMATHESIS = Path(sys.prefix) / "bin" / "schemathesis"
GRANT = {"owner": "acme", "repositories": "ALL"}
# `positive_data_acceptance` is off: what a grant means, a schema cannot say.  The header is read
# from the environment, so that no bearer stands on a command line.
CONFIG = """
headers = { Authorization = "${AUTHORIZATION}" }
continue-on-failure = true
request-timeout = 30.0
[generation]
deterministic = true
max-examples = 5
database = "none"
[checks]
positive_data_acceptance.enabled = false
negative_data_rejection.expected-statuses = ["4xx"]
[dictionaries]
workspaces = { values = ["WORKSPACE"] }
[parameters]
"path.workspace_id" = { dictionary = "workspaces", probability = 0.6 }
"""


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    with (
        GitHub() as github,
        running_broker(tmp_path_factory.mktemp("described"), github) as running,
    ):
        yield running


@pytest.mark.plants("environ AUTHORIZATION of .*schemathesis")  # which is to show it
@pytest.mark.parametrize("caller", ["nobody", "workspace", "admin"])
def test_every_reply_is_as_described(broker: Broker, tmp_path: Path, caller: str) -> None:
    # One for each, because the operator may remove his.
    name = f"ws-{caller}"
    own = broker.workspace(name, GRANT)
    who = {"nobody": {"Authorization": "Bearer"}, "workspace": own, "admin": broker.admin}[caller]
    config = tmp_path / "schemathesis.toml"
    config.write_text(CONFIG.replace("WORKSPACE", name))
    done = subprocess.run(
        [
            *(SCHEMATHESIS, "--config-file", config, "run", "--no-color"),
            f"{broker.url}/openapi.json",
        ],
        check=False,
        cwd=tmp_path,
        env=dict(os.environ) | {"AUTHORIZATION": who["Authorization"]},
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    described = sum(
        len(item) for item in broker.ask("GET", "/openapi.json").json()["paths"].values()
    )
    assert f"Tested: {described}" in done.stdout
    assert int(re.findall(r"(\d+) passed", done.stdout)[-1]) > 300
    assert "defect" not in broker.log.read_text()


def test_a_path_names_every_method_that_it_knows(broker: Broker) -> None:
    """RFC 9110: a 405 has to, and OPTIONS is for that."""
    known = {
        "/healthz": {"GET", "OPTIONS"},
        "/admin/workspaces": {"GET", "POST", "OPTIONS"},
        "/admin/workspaces/ws-1": {"GET", "PATCH", "DELETE", "OPTIONS"},
    }
    for path, methods in known.items():
        for method, status in (("OPTIONS", 204), ("PUT", 405), ("TRACE", 405)):
            reply = broker.ask(method, path)
            assert reply.status_code == status
            assert set(reply.headers["allow"].split(", ")) == methods
