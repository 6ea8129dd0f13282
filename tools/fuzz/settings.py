"""Any settings file and environment: settings that mean something, or one of our errors."""

from __future__ import annotations

import atexit
import os
import re
import shutil
import tempfile
import tomllib
from pathlib import Path
from typing import Any, Final

from gitlease.model.errors import SettingsError
from gitlease.workspace.install import toml
from gitlease.workspace.settings import VARIABLES, Settings, home_folder, load
from gitlease.workspace.shell import templates

WORDS: Final = (
    *(f"{name} = ".encode() for name in VARIABLES),
    *(f"\0{names[0]}=".encode() for names in VARIABLES.values()),
    b"\x00GITLEASE_HOME=", b"\x00HOME=", b"\x00XDG_STATE_HOME=",
    b"ghs_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", b"https://", b"http://[", b"@", b"contents=read,",
    b"1979-05-27T07:32:00Z", b"'''", b"[permissions]\n", b'"""', b"[[", b"{a=", b"inf", b"nan",
    b"0x", b"\\u0000", b"\\x7f", b"\x1b[2J", b"-----BEGIN PRIVATE KEY-----",
)  # fmt: skip
_SECRET: Final = re.compile(r"(?:gh[spour]_|gl[aew]_)[A-Za-z0-9]{36,}", re.ASCII)
_MEMORY: Final = "/dev/shm"
_HOST: Final = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)*(?::[0-9]+)?", re.ASCII)
_made: list[Path] = []


def check(data: bytes) -> None:
    """Raise AssertionError unless *data* (a file, then NAME=value after each NUL) is understood."""
    file, *pairs = data.split(b"\0")
    env: dict[str, str] = {}
    for pair in pairs:
        name, _, value = pair.decode("utf-8", "surrogateescape").partition("=")
        env[name] = value
    _check_home(env)
    env["GITLEASE_HOME"] = str(_home(file))
    try:
        settings = load(env)
    except SettingsError as error:
        _check_text(str(error), data)
        return
    _check_text(settings.problem, data)
    _check_settings(settings)
    _check_round_trip(file)


def _check_home(env: dict[str, str]) -> None:
    try:
        home = home_folder(env)
    except SettingsError as error:
        _check_text(str(error), b"")
        return
    assert home.is_absolute()
    assert str(home).isprintable()


def _check_settings(settings: Settings) -> None:
    assert _HOST.fullmatch(settings.host), settings.host
    assert not settings.host.endswith(":443")
    assert re.match("https?://[^@?#\\s]+", settings.api_url)
    assert settings.min_ttl >= 0
    assert settings.refresh_interval >= 0
    assert settings.granularity in {"owner", "repository"}
    assert set(settings.permissions.values()) <= {"read", "write", "admin"}
    for place in (settings.private_key_file, settings.ca_file, settings.enrolment_secret_file):
        assert place == "" or place.startswith("/")
    assert settings.configs_dir.is_absolute()
    program = templates.credential_helper(settings, python="/p", main=Path("/m"))
    assert f"host={templates.quote(settings.host)}" in program
    assert re.search("@[a-z_]+@", program) is None


def _check_text(text: str, data: bytes) -> None:
    assert text.isprintable(), "an escape sequence would reach a terminal"
    assert len(text) < 1000
    for secret in _SECRET.findall(data.decode("latin-1")):
        assert secret not in text, "a secret in a message"


def _check_round_trip(file: bytes) -> None:
    """What the installer writes of a file is read as the same."""
    try:
        document: Any = tomllib.loads(file.decode())
    except (ValueError, RecursionError):
        return
    assert repr(tomllib.loads(toml.dumps(document))) == repr(document)


def _home(file: bytes) -> Path:
    if not _made:
        memory = _MEMORY if os.access(_MEMORY, os.W_OK) else None
        _made.append(Path(tempfile.mkdtemp(prefix="gitlease-fuzz-", dir=memory)))
        atexit.register(shutil.rmtree, _made[0], ignore_errors=True)
    path = _made[0] / "settings.toml"
    path.write_bytes(file)
    return _made[0]
