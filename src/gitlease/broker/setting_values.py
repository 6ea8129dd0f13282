"""How one setting's value is read: text or TOML in, a value with a meaning out, or a complaint."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from gitlease.model.errors import SettingsError
from gitlease.model.redaction import printable
from gitlease.model.tokens import Secret

_TRUE: Final = {"1", "true", "yes", "on"}
_FALSE: Final = {"0", "false", "no", "off"}
# Shorter ones can be guessed: 32 characters of hexadecimal are 128 bits.
SHORTEST_BEARER: Final = 32
LONGEST_BEARER: Final = 512


def text(name: str, value: Any) -> str:
    """Return one line of printable text that is not empty."""
    if not isinstance(value, str) or not value or not value.isprintable():
        raise bad(name, value, "plain text")
    return value


def secret(name: str, value: Any) -> Secret:
    """Return text that is shown to nobody."""
    if not isinstance(value, str) or not value or not value.isprintable():
        raise SettingsError(f"{name} is no plain text", hint="correct it")
    return Secret(value)


def bearer(name: str, value: Any) -> Secret:
    """Return a bearer that nobody guesses."""
    found = secret(name, value)
    length = len(found.reveal())
    if not found.reveal().isascii() or not SHORTEST_BEARER <= length <= LONGEST_BEARER:
        raise SettingsError(
            f"{name} has {length} characters",
            hint=f"it takes at least {SHORTEST_BEARER}, random: `openssl rand -hex 32`",
        )
    return found


def folder(name: str, value: Any) -> Path:
    """Return an absolute path."""
    path = Path(text(name, value))
    if not path.is_absolute():
        raise bad(name, value, "an absolute path")
    return path


def file(name: str, value: Any) -> Path:
    """Return the path of a file, which need not be there yet."""
    return folder(name, value)


def whole(name: str, value: Any) -> int:
    """Return a whole number that is not negative."""
    if type(value) is int and value >= 0:
        return value
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 19:
        return int(value)
    raise bad(name, value, "a whole number")


def count(name: str, value: Any) -> int:
    """Return a whole number of at least one."""
    number = whole(name, value)
    if number < 1:
        raise bad(name, value, "a whole number of at least 1")
    return number


def port(name: str, value: Any) -> int:
    """Return a port; 0 means a free one."""
    number = whole(name, value)
    if number > 65535:
        raise bad(name, value, "a port, 0 to 65535")
    return number


def flag(name: str, value: Any) -> bool:
    """Return true or false."""
    word = str(value).lower()
    if word not in _TRUE | _FALSE:
        raise bad(name, value, "true or false")
    return word in _TRUE


def metrics(name: str, value: Any) -> str:
    """Return who may read the metrics."""
    if value not in ("anyone", "admin", "nobody"):
        raise bad(name, value, "anyone, admin or nobody")
    return str(value)


def url(name: str, value: Any) -> str:
    """Return the address of an API, without a slash at its end; http only to a near machine."""
    address = text(name, value)
    try:
        parts = urlsplit(address)
    except ValueError:
        raise bad(name, value, "an https URL") from None
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and _is_near(parts.hostname or ""))
    if not is_safe or not parts.hostname or any(c in address for c in " ?#@"):
        raise bad(name, value, "an https URL")
    return address.rstrip("/")


def _is_near(host: str) -> bool:
    """Tell whether *host* is this machine or in a private network, by its address alone."""
    try:
        address = ipaddress.ip_address("127.0.0.1" if host == "localhost" else host)
    except ValueError:
        return False
    return address.is_loopback or address.is_private


def bad(name: str, value: object, wanted: str) -> SettingsError:
    """Return the complaint about a value that is no secret."""
    return SettingsError(f"{name} is {printable(repr(value), 80)}", hint=f"it takes {wanted}")
