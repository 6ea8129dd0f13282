"""A broker's settings are read whole, or the broker does not start."""

from pathlib import Path

import pytest

from gitlease.broker.app_settings import AppSettings
from gitlease.broker.settings import load
from gitlease.model.errors import SettingsError

HOME = {"HOME": "/home/x"}
LONG = "0123456789abcdef" * 2


def test_without_a_word_it_is_sqlite_on_loopback() -> None:
    settings = load(HOME)
    assert settings.host == "127.0.0.1"
    assert settings.store_url == "sqlite:////home/x/.local/state/gitlease-broker/broker.sqlite"
    assert settings.apps == ()


@pytest.mark.parametrize("prefix", ["GITLEASE", "GITHUB_APP"])
def test_an_app_is_described_under_our_names_and_the_older_ones(prefix: str) -> None:
    ours = prefix == "GITLEASE"
    env = {
        "GITLEASE_APP_ID" if ours else "GITHUB_APP_ID": "7",
        f"{prefix}_PRIVATE_KEY_FILE": "/run/key.pem",
        f"{prefix}_INSTALLATION_ID": "12",
    }
    expected = AppSettings("7", (Path("/run/key.pem"),), default_installation=12)
    assert load(HOME | env).apps == (expected,)


@pytest.mark.parametrize(
    ("env", "url"),
    [
        ({}, "https://api.github.com"),
        ({"GITLEASE_HOST": "Octo.ghe.com"}, "https://api.octo.ghe.com"),
        ({"GITLEASE_HOST": "ghe.example.com"}, "https://ghe.example.com/api/v3"),
        (
            {"GITLEASE_HOST": "ghe.example.com", "GITLEASE_API_URL": "http://10.0.0.1/api/"},
            "http://10.0.0.1/api",
        ),
    ],
)
def test_the_proof_goes_to_the_api_of_the_host(env: dict[str, str], url: str) -> None:
    app = {"GITLEASE_APP_ID": "7", "GITLEASE_PRIVATE_KEY_FILE": "/run/key.pem"}
    assert load(HOME | app | env).apps[0].api_url == url
    assert load(HOME | env).apps == ()


@pytest.mark.parametrize(
    "url", ["http://api.github.com", "http://8.8.8.8", "https://", "https://[", "ftp://x"]
)
def test_the_proof_never_travels_in_plain_text_over_the_internet(url: str) -> None:
    app = {"GITLEASE_APP_ID": "7", "GITLEASE_PRIVATE_KEY_FILE": "/run/key.pem"}
    with pytest.raises(SettingsError, match="https"):
        load(HOME | app | {"GITLEASE_API_URL": url})


def test_the_file_is_read_and_the_environment_wins(tmp_path: Path) -> None:
    config = tmp_path / "broker.toml"
    config.write_text(
        'port = 9000\nworkers = 2\n[[apps]]\nid = 1\nprivate_key_files = ["/a.pem", "/b.pem"]\n'
        "default_installation = 5\n"
    )
    settings = load(HOME | {"GITLEASE_BROKER_CONFIG": str(config), "GITLEASE_BROKER_PORT": "0"})
    assert (settings.port, settings.workers) == (0, 2)
    files = (Path("/a.pem"), Path("/b.pem"))
    assert settings.apps == (AppSettings("1", files, default_installation=5),)


@pytest.mark.parametrize(
    "env",
    [
        {"GITLEASE_BROKER_PORT": "65536"},
        {"GITLEASE_BROKER_PORT": "\N{SUPERSCRIPT TWO}"},
        {"GITLEASE_BROKER_WORKERS": "0"},
        {"GITLEASE_BROKER_OPEN_ENROLMENT": "maybe"},
        {"GITLEASE_BROKER_METRICS": "all"},
        {"GITLEASE_BROKER_DATA_DIR": "here"},
        {"GITLEASE_BROKER_ADMIN_TOKEN": "short"},
        {"GITLEASE_BROKER_TLS_KEY": "/key.pem"},
        {"GITLEASE_APP_ID": "7"},
        {"GITHUB_APP_PRIVATE_KEY_FILE": "/key.pem"},
        {"GITHUB_APP_INSTALLATION_ID": "7"},
        {"GITLEASE_BROKER_CONFIG": "/not/there.toml"},
    ],
)
def test_a_value_without_a_meaning_is_refused(env: dict[str, str]) -> None:
    with pytest.raises(SettingsError):
        load(HOME | env)


@pytest.mark.parametrize(
    "text",
    [
        "prot = 1",
        "apps = 1",
        "[[apps]]\nid = 1",
        "port = ",
        '[[apps]]\nid = "x"\nmore = 1',
        'metrics = ["admin"]',
    ],
)
def test_a_file_that_says_something_else_is_refused(tmp_path: Path, text: str) -> None:
    config = tmp_path / "broker.toml"
    config.write_text(text)
    with pytest.raises(SettingsError):
        load(HOME, config)


def test_no_secret_is_shown() -> None:
    password = "postgresql://me:hunter2@db/x"
    env = {"GITLEASE_BROKER_DATABASE_URL": password, "GITLEASE_BROKER_ADMIN_TOKEN": LONG}
    shown = repr(load(HOME | env))
    assert LONG not in shown
    assert "hunter2" not in shown
    with pytest.raises(SettingsError) as caught:
        load(HOME | {"GITLEASE_BROKER_ADMIN_TOKEN": "hunter2"})
    assert "hunter2" not in str(caught.value)
