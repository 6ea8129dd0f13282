"""
The Apps that a broker mints for.

One App comes from the environment, under our names or the older platform's; any number from
`[[apps]]` tables.  Whose token a request gets is decided by its owner.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gitlease.broker import setting_values as values
from gitlease.model.errors import SettingsError
from gitlease.model.hosts import api_url_of
from gitlease.model.redaction import printable
from gitlease.model.targets import lower

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

API_URL: Final = api_url_of("github.com")
# The host that workspaces set too: its API is the default for the App beside it.
HOST: Final = "GITLEASE_HOST"

# What the environment says of one App; of several names the first that is set wins.
VARIABLES: Final[Mapping[str, tuple[str, ...]]] = {
    "id": ("GITLEASE_APP_ID", "GITHUB_APP_ID"),
    "private_key_files": ("GITLEASE_PRIVATE_KEY_FILE", "GITHUB_APP_PRIVATE_KEY_FILE"),
    "default_installation": ("GITLEASE_INSTALLATION_ID", "GITHUB_APP_INSTALLATION_ID"),
    "api_url": ("GITLEASE_API_URL",),
}
_KEYS: Final = set(VARIABLES)


@dataclass(frozen=True, slots=True)
class AppSettings:
    """
    An App: `id` is its client id or number, `private_key_files` its keys (several may overlap).

    `default_installation` answers a request that names no owner; the others are found by owner.
    """

    id: str
    private_key_files: tuple[Path, ...]
    api_url: str = API_URL
    default_installation: int | None = None


def read_apps(env: Mapping[str, str], tables: object) -> tuple[AppSettings, ...]:
    """
    Return the App that *env* describes, if any, and those of the TOML *tables*.

    Raises `SettingsError` for an App that is described by half, or twice.
    """
    if not isinstance(tables, list):
        raise SettingsError("apps is no list of tables", hint="write [[apps]] above each App")
    found: list[AppSettings] = [_read(one) for one in tables]
    given = {
        name: next((env[v] for v in variables if env.get(v)), None)
        for name, variables in VARIABLES.items()
    }
    if env.get(HOST) and given["api_url"] is None:
        given["api_url"] = api_url_of(lower(values.text(HOST, env[HOST])))
    # An API's address alone describes no App: it belongs to whatever is configured later.
    if any(given[name] is not None for name in VARIABLES if name != "api_url"):
        found.insert(0, _read({name: value for name, value in given.items() if value}))
    _no_two(found)
    return tuple(found)


def _read(table: object) -> AppSettings:
    if not isinstance(table, dict) or not set(table) <= _KEYS:
        raise SettingsError(
            f"an App is described by {printable(repr(table), 80)}",
            hint=f"the keys of [[apps]] are: {', '.join(sorted(_KEYS))}",
        )
    if "id" not in table or "private_key_files" not in table:
        raise SettingsError(
            "an App is described by half",
            hint="set its id (GITLEASE_APP_ID) and its key (GITLEASE_PRIVATE_KEY_FILE)",
        )
    number = table["id"]
    files = table["private_key_files"]
    listed = files.split(":") if isinstance(files, str) else files
    if not isinstance(listed, list) or not listed:
        raise values.bad("private_key_files", files, "one path or a list of them")
    default = table.get("default_installation")
    return AppSettings(
        values.text("id", str(number) if type(number) is int else number),
        tuple(values.file("private_key_files", one) for one in listed),
        values.url("api_url", table.get("api_url", API_URL)),
        None if default is None else values.count("default_installation", default),
    )


def _no_two(apps: Sequence[AppSettings]) -> None:
    # Not even at two servers: a token is ended by the App of its name, at that App's server.
    seen: set[str] = set()
    for app in apps:
        if app.id in seen:
            raise SettingsError(
                f"the App {printable(app.id, 80)} is described twice",
                hint="remove one of them, or name one by its client id",
            )
        seen.add(app.id)
