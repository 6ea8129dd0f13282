"""Settings come from the environment, then the file; a value without meaning is named."""

import os
import re
from pathlib import Path
from typing import Any

import pytest

from gitlease.model.errors import SettingsError
from gitlease.model.frozen import replace
from gitlease.workspace.settings import VARIABLES, Settings, load


@pytest.fixture
def env(home: Path) -> dict[str, str]:
    folder = home / "gitlease"
    folder.mkdir(mode=0o700)
    return {"GITLEASE_HOME": str(folder)}


def write(env: dict[str, str], text: str | bytes) -> Path:
    path = Path(env["GITLEASE_HOME"]) / "settings.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    path.chmod(0o600)
    return path


def test_nothing_set_means_github_and_the_defaults(env: dict[str, str]) -> None:
    assert load(env) == Settings(Path(env["GITLEASE_HOME"]))


def test_the_environment_wins_over_the_file_and_the_file_over_the_defaults(
    env: dict[str, str],
) -> None:
    write(env, 'app_id = "1"\nmin_ttl = 300\nfail_closed = false\n[permissions]\ncontents = "read"')
    loaded = load(env | {"GITLEASE_APP_ID": "2"})
    assert loaded == Settings(
        Path(env["GITLEASE_HOME"]),
        app_id="2",
        min_ttl=300,
        fail_closed=False,
        permissions={"contents": "read"},
    )


def test_our_name_of_a_variable_wins_over_the_older_one_and_empty_is_unset(
    env: dict[str, str],
) -> None:
    older = {"PLATFORM_URL": "https://old", "WORKSPACE_ID": "ws-old", "CONFIGS_DIR": "/old"}
    assert load(env | older).broker_url == "https://old"
    newer = {
        "GITLEASE_BROKER_URL": "https://new/",
        "GITLEASE_WORKSPACE_ID": "ws-new",
        "GITLEASE_CONFIGS_DIR": "",
    }
    loaded = load(env | older | newer)
    assert (loaded.broker_url, loaded.workspace_id) == ("https://new", "ws-new")
    assert loaded.configs_dir == Path("/old")


def test_every_variable_reaches_its_setting(env: dict[str, str]) -> None:
    given: dict[str, tuple[str, Any]] = {
        "host": ("GHE.example.com", "ghe.example.com"),
        "api_url": ("https://ghe.example.com/api/", "https://ghe.example.com/api"),
        "broker_url": ("http://broker:8080", "http://broker:8080"),
        "workspace_id": ("ws-1", "ws-1"),
        "configs_dir": ("/c", Path("/c")),
        "enrolment_secret_file": ("/run/secret", "/run/secret"),
        "app_id": ("Iv1.a", "Iv1.a"),
        "private_key_file": ("/k.pem", "/k.pem"),
        "installation_id": ("7", 7),
        "app_slug": ("bot", "bot"),
        "gh": ("off", False),
        "gh_owner": ("Acme", "acme"),
        "granularity": ("repository", "repository"),
        "permissions": (
            "contents=read, metadata=read",
            {"contents": "read", "metadata": "read"},
        ),
        "min_ttl": ("60", 60),
        "lfs_min_ttl": ("70", 70),
        "fail_closed": ("No", False),
        "second_chance": ("off", False),
        "ca_file": ("/ca.pem", "/ca.pem"),
        "allow_http": ("1", True),
        "scope": ("system", "system"),
        "system_dir": ("/opt/gitlease", Path("/opt/gitlease")),
        "rewrite_ssh": ("yes", True),
        "identity": ("on", True),
        "compat_dir": ("/scripts", Path("/scripts")),
        "token_file": ("/h/.gh_token", "/h/.gh_token"),
        "refresh_interval": ("600", 600),
        "refresh_jitter": ("0", 0),
        "refresh_initial_delay": ("5", 5),
    }
    assert given.keys() == VARIABLES.keys()
    variables = {VARIABLES[name][0]: text for name, (text, _) in given.items()}
    expected = Settings(
        Path(env["GITLEASE_HOME"]), **{name: value for name, (_, value) in given.items()}
    )
    assert load(env | variables) == expected


@pytest.mark.parametrize(
    ("host", "api"),
    [
        ("github.com", "https://api.github.com"),
        ("GitHub.com:443", "https://api.github.com"),
        ("ghe.example.com", "https://ghe.example.com/api/v3"),
        ("ghe.example.com:8443", "https://ghe.example.com:8443/api/v3"),
        ("Octo.ghe.com", "https://api.octo.ghe.com"),
    ],
)
def test_a_server_of_ones_own_has_its_api_where_github_documents_it(
    env: dict[str, str], host: str, api: str
) -> None:
    assert load(env | {"GITLEASE_HOST": host}).api_url == api


BAD = [
    ("GITLEASE_HOST", "https://github.com", "a host name"),
    ("GITLEASE_HOST", "github.com/acme", "a host name"),
    ("GITLEASE_HOST", "github.com.", "a host name"),
    ("GITLEASE_HOST", "git hub.com", "a host name"),
    ("GITLEASE_HOST", "github.com:", "a host name"),
    ("GITLEASE_HOST", "github.com:x", "a host name"),
    ("GITLEASE_HOST", "github.com:443:443", "a host name"),
    ("GITLEASE_HOST", "*.github.com", "a host name"),
    ("GITLEASE_HOST", "g\N{LATIN SMALL LETTER DOTLESS I}thub.com", "a host name"),
    ("GITLEASE_HOST", "../../x", "a host name"),
    ("GITLEASE_API_URL", "api.github.com", "an https URL"),
    ("GITLEASE_API_URL", "file:///etc/passwd", "an https URL"),
    ("GITLEASE_API_URL", "https://", "an https URL"),
    ("GITLEASE_API_URL", "https://h:port", "an https URL"),
    ("GITLEASE_API_URL", "https://[::1", "an https URL"),
    ("GITLEASE_API_URL", "https://me:pw@h", "an https URL"),
    ("GITLEASE_API_URL", "https://h/?q", "an https URL"),
    ("PLATFORM_URL", "platform:8080", "an https URL"),
    ("GITLEASE_APP_ID", "../../etc", "client id"),
    ("GITLEASE_INSTALLATION_ID", "one", "a whole number"),
    ("GITLEASE_INSTALLATION_ID", "-1", "a whole number"),
    ("GITLEASE_MIN_TTL", "10m", "a whole number"),
    ("GITLEASE_MIN_TTL", "\N{ARABIC-INDIC DIGIT THREE}", "a whole number"),
    ("GITLEASE_MIN_TTL", "9" * 5000, "a whole number"),
    ("TOKEN_REFRESH_INTERVAL_SEC", "45m", "a whole number"),
    ("GITLEASE_FAIL_CLOSED", "maybe", "true or false"),
    ("GITLEASE_GRANULARITY", "org", "owner or repository"),
    ("GITLEASE_PERMISSIONS", "contents", "a table of permission"),
    ("GITLEASE_PERMISSIONS", "contents=owner", "a table of permission"),
    ("GITLEASE_PERMISSIONS", "contents=read,contents=write", "a table of permission"),
    ("GITLEASE_PERMISSIONS", ",", "a table of permission"),
    ("GITLEASE_APP_SLUG", "a\nb", "plain text"),
    ("GITLEASE_GH_OWNER", "acme/app", "an owner"),
    ("GITLEASE_GH_OWNER", "../acme", "an owner"),
    ("GITLEASE_PRIVATE_KEY_FILE", "/k\udc80", "plain text"),
    ("GITLEASE_PRIVATE_KEY_FILE", "-----BEGIN RSA PRIVATE KEY-----\nMIIE", "the path of the PEM"),
]


@pytest.mark.parametrize(("variable", "value", "wanted"), BAD)
def test_a_value_without_meaning_is_refused_by_the_name_that_was_set(
    env: dict[str, str], variable: str, value: str, wanted: str
) -> None:
    with pytest.raises(SettingsError) as raised:
        load(env | {variable: value})
    text = str(raised.value)
    assert text.startswith(f"{variable} is ")
    assert f"it takes {wanted}" in text or wanted in text
    assert text.isprintable()
    assert len(text) < 250


@pytest.mark.parametrize(
    "line",
    [
        "min_ttl = true",
        "min_ttl = 1.5",
        "min_ttl = -1",
        "fail_closed = 2",
        "host = ''",
        "host = ['github.com']",
        "workspace_id = ['a']",
        "permissions = 'read'",
        "permissions = {contents = 'owner'}",
        "permissions = {contents = ['read']}",
        "permissions = {'a:b' = 'read'}",
        "private_key_file = 'app.pem'",
        "ca_file = '~/ca.pem'",
        "configs_dir = './configs'",
    ],
)
def test_a_bad_value_in_the_file_is_refused_by_its_key_and_the_file(
    env: dict[str, str], line: str
) -> None:
    path = write(env, line)
    with pytest.raises(SettingsError, match="it takes") as raised:
        load(env)
    assert f"{line.partition(' ')[0]} in {path} is " in str(raised.value)


def test_a_relative_path_of_the_environment_starts_where_we_do(
    env: dict[str, str], home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(home)
    loaded = load(env | {"GITLEASE_PRIVATE_KEY_FILE": "k/../app.pem", "GITLEASE_CA_FILE": "ca.pem"})
    assert (loaded.private_key_file, loaded.ca_file) == (f"{home}/app.pem", f"{home}/ca.pem")


def test_a_relative_path_in_a_folder_that_is_gone_is_a_line(
    env: dict[str, str], home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "gone").mkdir()
    monkeypatch.chdir(home / "gone")
    (home / "gone").rmdir()
    with pytest.raises(SettingsError, match="GITLEASE_CA_FILE is a relative path"):
        load(env | {"GITLEASE_CA_FILE": "ca.pem"})
    assert load(env | {"GITLEASE_CA_FILE": "/ca.pem"}).ca_file == "/ca.pem"


def test_a_refused_url_does_not_show_its_password(env: dict[str, str]) -> None:
    with pytest.raises(SettingsError) as raised:
        load(env | {"GITLEASE_API_URL": "https://me:hunter2@h"})
    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize("name", ["configs_dir", "system_dir", "compat_dir", "ca_file"])
def test_an_empty_path_in_the_file_is_none_and_not_the_folder_one_is_in(
    env: dict[str, str], name: str
) -> None:
    write(env, f"{name} = ''")
    assert load(env) == Settings(Path(env["GITLEASE_HOME"]))


@pytest.mark.parametrize(
    "text", ["host = ", "[", b"\xff\xfe", "a = 1\na = 2", "\0", "a = " + "[" * 4000]
)
def test_a_broken_file_is_set_aside_with_a_complaint_and_the_rest_serves_on(
    env: dict[str, str], text: str | bytes
) -> None:
    path = write(env, text)
    loaded = load(env | {"GITLEASE_APP_ID": "1"})
    assert str(path) in loaded.problem
    assert "correct it or remove it" in loaded.problem
    assert loaded.problem.isprintable()
    assert replace(loaded, problem="") == Settings(path.parent, app_id="1")


def test_a_file_that_cannot_be_read_is_set_aside(env: dict[str, str]) -> None:
    path = Path(env["GITLEASE_HOME"]) / "settings.toml"
    path.mkdir()
    assert "directory" in load(env).problem


def test_a_file_that_others_can_write_is_not_believed(env: dict[str, str]) -> None:
    path = write(env, "api_url = 'https://evil.example.com'")
    path.chmod(0o602)
    loaded = load(env)
    assert loaded.api_url == "https://api.github.com"
    assert "others can write it" in loaded.problem


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_file_of_another_user_is_not_believed(env: dict[str, str]) -> None:
    path = write(env, "api_url = 'https://evil.example.com'")
    os.chown(path, 12345, 12345)
    assert load(env).api_url == "https://api.github.com"


def test_an_unknown_key_is_mentioned_and_ignored(env: dict[str, str]) -> None:
    write(env, "min_tll = 5\nhome = '/x'\napp_id = '1'")
    loaded = load(env)
    assert "min_tll" in loaded.problem
    assert (loaded.app_id, loaded.home) == ("1", Path(env["GITLEASE_HOME"]))


def test_settings_do_not_change(env: dict[str, str]) -> None:
    with pytest.raises(AttributeError):
        load(env).host = "evil.example.com"  # type: ignore[misc]


@pytest.mark.parametrize(
    "change",
    [
        {"host": "github.example.com"},
        {"api_url": "https://elsewhere.example.com"},
        {"broker_url": "https://broker.example.com"},
        {"workspace_id": "ws-2"},
        {"app_id": "2"},
        {"installation_id": 7},
        {"granularity": "repository"},
        {"permissions": {"contents": "read"}},
    ],
)
def test_what_decides_the_token_decides_the_digest(home: Path, change: dict[str, Any]) -> None:
    plain = Settings(home, app_id="1")
    assert re.fullmatch("[0-9a-f]{12}", plain.digest)
    assert replace(plain, **change).digest != plain.digest


def test_what_decides_nothing_about_the_token_leaves_the_digest_as_it_is(home: Path) -> None:
    plain = Settings(home, permissions={"contents": "read", "issues": "write"})
    turned = {"issues": "write", "contents": "read"}
    same = Settings(home / "x", permissions=turned, min_ttl=1, ca_file="/ca", problem="?")
    assert same.digest == plain.digest
