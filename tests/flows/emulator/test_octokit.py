"""GitHub's own client for Apps takes the emulator for GitHub."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from gitlease.emulator import GitHub
from tests.flows.emulator.clients import ask
from tests.support.environment import require_tool

SCRIPT = Path(__file__).with_name("octokit.mjs")


def run(github: GitHub, node_modules: Path, **environment: str) -> Any:
    done = subprocess.run(
        [require_tool("node"), SCRIPT, node_modules],
        input=json.dumps(github.ready()),
        env={**os.environ, "NODE_EXTRA_CA_CERTS": str(github.ca_file), **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("form", ["classic", "stateless"])
@pytest.mark.parametrize("issuer", ["app id", "client id"])
def test_auth_app_gets_tokens_and_finds_installations(
    github: GitHub, node_modules: Path, issuer: str, form: str
) -> None:
    github.settings(token_format=form)
    github.rename_repository("acme/assets", "acme/former")
    github.rename_repository("acme/former", "acme/assets")
    got = run(github, node_modules, BY_CLIENT_ID="1" if issuer == "client id" else "")
    assert got["whole"]["repositorySelection"] == "all"
    assert got["narrowed"]["repositoryNames"] == ["app"]
    assert got["narrowed"]["permissions"] == {"contents": "read", "metadata": "read"}
    assert got["app"]["client_id"] == github.client_id
    assert got["found"]["id"] == github.installations[0]["id"]
    assert got["refusal"]["status"] == 422
    assert "at least one repository that does not exist" in got["refusal"]["message"]
    narrowed = got["narrowed"]["token"]
    assert ask(github, "GET", "/repos/acme/app", auth=narrowed).status == 200
    assert ask(github, "GET", "/repos/acme/whole", auth=narrowed).status == 404
    assert github.stats()["mints"] == 2


def test_auth_app_heals_itself_when_the_clocks_differ(github: GitHub, node_modules: Path) -> None:
    github.advance(-120)
    got = run(github, node_modules, APP_ONLY="1")
    # It reads our Date, and signs again with that.
    assert got["app"]["id"] == github.app_id
    assert github.stats()["by_status"] == {"200": 1, "401": 1}
