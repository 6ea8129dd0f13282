"""What the value of each setting must look like, and what it means."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from gitlease.model.targets import lower, parse_path

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# Settings that name a file or folder.
PATHS: Final = {
    "private_key_file",
    "ca_file",
    "configs_dir",
    "enrolment_secret_file",
    "system_dir",
    "compat_dir",
    "token_file",
}
_WHOLE_NUMBERS: Final = {
    "min_ttl",
    "lfs_min_ttl",
    "installation_id",
    "refresh_interval",
    "refresh_jitter",
    "refresh_initial_delay",
}
_APP: Final = re.compile(r"[A-Za-z0-9._-]{1,100}", re.ASCII)
_PERMISSION: Final = re.compile(r"[a-z][a-z0-9_]{0,99}", re.ASCII)
_SWITCHES: Final = {"fail_closed", "second_chance", "allow_http", "rewrite_ssh", "identity", "gh"}
_TRUE: Final = {"1", "true", "yes", "on"}
_FALSE: Final = {"0", "false", "no", "off"}
_URL: Final = "an https URL (or http, at a private address) without user, query or fragment"
_PERMISSIONS: Final = "a table of permission = read, write or admin, or contents=read,issues=write"


class NoMeaningError(Exception):
    """A value has no meaning; *wanted* says what would have."""

    def __init__(self, wanted: str) -> None:
        super().__init__(wanted)
        self.wanted = wanted


def read_value(name: str, value: Any) -> Any:
    """Return what *value* of the setting *name* means; raise `NoMeaningError` if nothing."""
    if name in _WHOLE_NUMBERS:
        if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
            return value
        text = str(value)
        if text.isascii() and text.isdigit() and len(text) < 19:
            return int(text)
        raise NoMeaningError("a whole number")
    if name in _SWITCHES:
        text = str(value).lower()
        if text not in _TRUE | _FALSE:
            raise NoMeaningError("true or false")
        return text in _TRUE
    if name == "permissions":
        return _read_permissions(value)
    text = str(value)
    if name == "private_key_file" and "-----BEGIN" in text:
        raise NoMeaningError("the path of the PEM file, not what is in it")
    if not text.isprintable() or isinstance(value, (dict, list)):
        raise NoMeaningError("plain text")
    if name in PATHS and text and not text.startswith("/"):
        # git starts us in any folder.
        raise NoMeaningError("an absolute path")
    return _READERS.get(name, str)(text)


def _read_permissions(value: Any) -> dict[str, str]:
    if isinstance(value, str):
        # As a variable has it: contents=read,metadata=read.
        words = [word.strip().partition("=") for word in value.split(",")]
        value = {name: level for name, _, level in words}
        if len(value) != len(words):
            raise NoMeaningError(_PERMISSIONS)
    if not isinstance(value, dict) or not all(
        _PERMISSION.fullmatch(key) and level in ("read", "write", "admin")
        for key, level in value.items()
    ):
        raise NoMeaningError(_PERMISSIONS)
    return dict(value)


def _read_host(text: str) -> str:
    host = lower(text)
    name, _, port = host.partition(":")
    labels = name.split(".")
    if not all(
        label and label.isascii() and label.replace("-", "").isalnum() for label in labels
    ) or (":" in host and not (port.isascii() and port.isdigit())):
        raise NoMeaningError("a host name such as github.com or github.example.com")
    return host.removesuffix(":443")


def _read_url(text: str) -> str:
    try:
        url = urlsplit(text)
        right = url.scheme in {"https", "http"} and url.hostname and url.port != 0
    except ValueError:
        right = False
    if not right or not text.isascii() or any(c in text for c in " ?#@"):
        raise NoMeaningError(_URL)
    return text.rstrip("/")


def _read_app_id(text: str) -> str:
    # It becomes part of a file name.
    if text and not _APP.fullmatch(text):
        raise NoMeaningError("the App's client id or number")
    return text


def _read_scope(text: str) -> str:
    if text not in {"user", "system", "env"}:
        raise NoMeaningError("user, system or env")
    return text


def _read_owner(text: str) -> str:
    target = parse_path("", text)
    if text and (target is None or target.owner is None or target.repository is not None):
        raise NoMeaningError("an owner such as acme")
    return "" if target is None else target.owner or ""


def _read_granularity(text: str) -> str:
    if text not in {"owner", "repository"}:
        raise NoMeaningError("owner or repository")
    return text


_READERS: Final[Mapping[str, Callable[[str], Any]]] = {
    "host": _read_host,
    "api_url": _read_url,
    "app_id": _read_app_id,
    "broker_url": _read_url,
    "gh_owner": _read_owner,
    "granularity": _read_granularity,
    "configs_dir": Path,
    "system_dir": Path,
    "compat_dir": Path,
    "scope": _read_scope,
}
