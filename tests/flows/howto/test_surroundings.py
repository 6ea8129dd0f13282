"""Several organizations, and a proxy with its own CA, as their how-tos say."""

from pathlib import Path

import pytest

from gitlease.emulator import GitHub
from tests.support.brokers import running_broker
from tests.support.environment import require_tool
from tests.support.howtos import HowTo

SEED = {
    "installations": [{"owner": "acme"}, {"owner": "other"}],
    "repositories": [{"name": "acme/app"}, {"name": "other/lib"}],
}


@pytest.fixture
def here(tmp_path: Path) -> Path:
    folder = tmp_path / "here"
    folder.mkdir()
    return folder


def test_a_workspace_of_two_owners_reaches_both(tmp_path: Path, here: Path, home: Path) -> None:
    require_tool("gh")
    page = HowTo("several-organisations", here, {})
    with GitHub(SEED) as github, running_broker(tmp_path / "broker", github) as broker:
        page.section("1. Grant each owner", broker.env)
        configs = home / "configs"
        configs.mkdir()
        (configs / ".auth_token").write_text(broker.manage("token", "create", "ws-1").strip())
        env = {
            "GITLEASE_BROKER_URL": broker.url,
            "GITLEASE_WORKSPACE_ID": "ws-1",
            "GITLEASE_CONFIGS_DIR": str(configs),
            "HTTPS_PROXY": github.proxy_url,
            "SSL_CERT_FILE": str(github.ca_file),
        }
        page.section("2. Say whose token gh has", env)


def test_a_workspace_behind_a_proxy_works(here: Path, home: Path) -> None:
    with GitHub(SEED) as github:
        env = {
            "GITLEASE_APP_ID": github.client_id,
            "GITLEASE_PRIVATE_KEY_FILE": str(github.private_key_file),
            "GIT_TERMINAL_PROMPT": "0",
        }
        places = {
            "http://proxy.example.com:3128": github.proxy_url,
            "/etc/ssl/proxy-ca.pem": str(github.ca_file),
        }
        page = HowTo("proxy", here, places)
        # In one shell, as a reader does it.
        page.all(env)
    kept = (home / ".local/state/gitlease/settings.toml").read_text()
    assert str(github.ca_file) in kept
    assert "proxy" not in kept.replace(str(github.ca_file), "")
