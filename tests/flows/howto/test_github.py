"""An App from nothing, and GitHub on a host of one's own: all but the browser, word for word."""

import re
import shutil
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from gitlease.emulator import GitHub
from gitlease.emulator.permissions import LEVELS
from tests.support.environment import CHECKOUT, require_tool
from tests.support.howtos import HowTo
from tests.support.loops import end_below

SEED = {"installations": [{"owner": "acme"}], "repositories": [{"name": "acme/app"}]}


@pytest.fixture
def here(tmp_path: Path) -> Path:
    folder = tmp_path / "here"
    folder.mkdir()
    return folder


def surroundings(github: GitHub) -> dict[str, str]:
    """The network that leads to *github*, and a broker's folder that is empty."""
    return {"HTTPS_PROXY": github.proxy_url, "GIT_TERMINAL_PROMPT": "0"}


def test_an_app_from_nothing(here: Path, home: Path) -> None:
    with GitHub(SEED) as github:
        shutil.copy(github.private_key_file, here / "example.private-key.pem")
        places = {"/run/secrets": str(here / "kept"), "Iv23liEXAMPLE": github.client_id}
        (here / "kept").mkdir()
        ca = str(github.ca_file)
        trust = {"GITLEASE_CA_FILE": ca, "GIT_SSL_CAINFO": ca, "SSL_CERT_FILE": ca}
        HowTo("github-app", here, places).all(surroundings(github) | trust)
        assert (here / "kept/app.pem").stat().st_mode & 0o777 == 0o600
        assert not (here / "example.private-key.pem").exists()
    end_below(home)


def test_the_address_of_the_form_asks_for_what_git_and_gh_need() -> None:
    page = (CHECKOUT / "docs/howto/github-app.md").read_text()
    [address] = re.findall(r"https://github\.com/organizations/\S+", page)
    asked = {name: value for name, [value] in parse_qs(urlsplit(address).query).items()}
    rights = {name: value for name, value in asked.items() if value in LEVELS}
    assert rights == {"contents": "write", "metadata": "read", "pull_requests": "write"}
    assert asked["public"] == asked["webhook_active"] == "false"
    assert set(asked) - set(rights) == {"name", "url", "public", "webhook_active"}


@pytest.mark.parametrize("host", ["github.example.com", "octo.ghe.com"])
def test_a_host_of_ones_own(host: str, here: Path, home: Path) -> None:
    """git, gh and the broker's check, and nobody asks github.com."""
    require_tool("gh")
    seed = {**SEED, "host": host, "settings": {"token_format": "classic"}}
    with GitHub(seed) as github:
        key = here / "app.pem"
        shutil.copy(github.private_key_file, key)
        places = {
            "github.example.com": host,
            "/etc/ssl/company-ca.pem": str(github.ca_file),
            "/run/secrets/app.pem": str(key),
            "Iv23liEXAMPLE": github.client_id,
        }
        HowTo("github-enterprise", here, places).all(surroundings(github))
        api = f"https://api.{host}" if host.endswith(".ghe.com") else f"https://{host}/api/v3"
        page = (CHECKOUT / "docs/howto/github-enterprise.md").read_text()
        assert f"`{api}`".replace("octo", "SUB") in page
        report = github.stats()
        # gh has a host of its own besides, to which it tells how it is used.
        asked = set(report["proxy"]["refused_hosts"])
        assert not asked & {"github.com:443", "api.github.com:443"}
        assert report["api_calls"] > 0
    end_below(home)
