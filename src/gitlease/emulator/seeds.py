"""
Read a seed: the TOML (or the same as a dict) that says what a world begins with.

It is read and checked whole before anything is made; a mistake is named with its file, its key
and the cure.  `founding` makes the world of it.
"""

import difflib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .permissions import LEVELS
from .settings import Settings

DEFAULT: Mapping[str, Any] = {
    "installations": [{"owner": "acme"}, {"owner": "other"}],
    "repositories": [
        {"name": "acme/app"},
        {"name": "acme/lib"},
        {"name": "acme/site", "private": False},
        {"name": "other/lib"},
    ],
}
PERMISSIONS = {"contents": "write", "metadata": "read", "pull_requests": "write"}
KINDS = ("Organization", "User")
HOST = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+")

Table = Mapping[str, Any]


class SeedError(ValueError):
    """A seed that cannot be used; its text names the file, the key and the cure."""


@dataclass(frozen=True)
class AppSeed:
    """`[app]`, or one of `[[apps]]`."""

    slug: str = "gitlease-demo"
    permissions: Table = field(default_factory=lambda: dict(PERMISSIONS))
    id: int | None = None
    owner: str = "gitlease"


@dataclass(frozen=True)
class InstallationSeed:
    """One of `[[installations]]`."""

    owner: str
    kind: str = "Organization"
    repositories: str | list[str] = "all"
    permissions: Table | None = None
    id: int | None = None
    suspended: bool = False
    app: str | None = None


@dataclass(frozen=True)
class RepositorySeed:
    """
    One of `[[repositories]]`.

    *source* (`from` in the seed) is a git repository to copy.  Without it there is one commit:
    a README, *files* (path -> text), *lfs* (path -> size in bytes of a large file),
    *submodules* (`path`, `url` of a repository of this seed), and for each of *pulls* (`title`,
    `head`, perhaps `base` and `body`) a branch.
    """

    name: str
    private: bool = True
    source: str | None = None
    description: str = ""
    wiki: bool = False
    files: Table = field(default_factory=dict)
    lfs: Table = field(default_factory=dict)
    submodules: list[Table] = field(default_factory=list)
    pulls: list[Table] = field(default_factory=list)


@dataclass(frozen=True)
class Seed:
    """
    A whole seed; *name* is its file, and relative paths in it start at *folder*.

    *host* is what the world is to its clients: github.com, or an enterprise's own host.
    """

    name: str
    folder: Path
    apps: list[AppSeed]
    settings: Settings
    installations: list[InstallationSeed]
    repositories: list[RepositorySeed]
    host: str = "github.com"


def read(given: Table | str | Path | None) -> Seed:
    """
    Return the seed in the file *given*, in a dict of the same form, or the default one.

    Raises SeedError.
    """
    if given is None:
        return _Reader("the default seed", Path.cwd()).seed(DEFAULT)
    if isinstance(given, Mapping):
        return _Reader("the seed", Path.cwd()).seed(given)
    path = Path(given)
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        text = f"{path}: {error.strerror}; name a readable TOML file"
        raise SeedError(text) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SeedError(f"{path}: {error}; the seed must be TOML") from None
    return _Reader(str(path), path.resolve().parent).seed(table)


@dataclass(frozen=True)
class _Reader:
    """Takes one seed apart; *name* opens every complaint."""

    name: str
    folder: Path

    def error(self, key: str, cure: str) -> SeedError:
        return SeedError(f"{self.name}: {key}: {cure}")

    def seed(self, table: Table) -> Seed:
        self.known(table, "", ("host", "app", "apps", "settings", "installations", "repositories"))
        host = table.get("host", Seed.host)
        if not isinstance(host, str) or not HOST.fullmatch(host):
            raise self.error("host", "is a host name in lower case, such as github.example.com")
        apps = [self.app(table.get("app", {}), "app")]
        apps += [self.app(one, key) for key, one in self.tables(table, "apps")]
        wanted = self.table(table, "settings")
        try:
            settings = Settings().changed(wanted)
        except ValueError as error:
            raise SeedError(f"{self.name}: settings.{error}") from None
        return Seed(
            self.name,
            self.folder,
            apps,
            settings,
            [self.installation(one, key) for key, one in self.tables(table, "installations")],
            [self.repository(one, key) for key, one in self.tables(table, "repositories")],
            host,
        )

    def app(self, table: Any, key: str) -> AppSeed:
        if not isinstance(table, Mapping):
            raise self.error(key, "write it as a table")
        kinds: Table = {"slug": str, "permissions": Mapping, "id": int, "owner": str}
        values = self.values(table, key, kinds)
        self.permissions(values, key)
        return AppSeed(**values)

    def installation(self, table: Table, key: str) -> InstallationSeed:
        kinds = {
            "owner": str,
            "kind": str,
            "repositories": (str, list),
            "permissions": Mapping,
            "id": int,
            "suspended": bool,
            "app": str,
        }
        values = self.values(table, key, kinds)
        self.required(values, key, "owner")
        self.permissions(values, key)
        if values.get("kind", KINDS[0]) not in KINDS:
            raise self.error(f"{key}.kind", f"is one of {', '.join(KINDS)}")
        chosen = values.get("repositories", "all")
        if chosen != "all" and (isinstance(chosen, str) or not _all_text(chosen)):
            raise self.error(f"{key}.repositories", 'is "all" or a list of names')
        return InstallationSeed(**values)

    def repository(self, table: Table, key: str) -> RepositorySeed:
        kinds = {
            "name": str,
            "private": bool,
            "from": str,
            "description": str,
            "wiki": bool,
            "files": Mapping,
            "lfs": Mapping,
            "submodules": list,
            "pulls": list,
        }
        values = self.values(table, key, kinds)
        self.required(values, key, "name")
        owner, _, name = values["name"].partition("/")
        if not owner or not name or "/" in name or name.endswith((".git", ".wiki")):
            raise self.error(f"{key}.name", f'{values["name"]!r}: write it as "owner/name"')
        if "from" in values:
            for made in ("files", "lfs", "submodules"):
                if made in values:
                    raise self.error(f"{key}.{made}", "cannot stand beside `from`")
            values["source"] = values.pop("from")
        if not _all_text(values.get("files", {}).values()):
            raise self.error(f"{key}.files", "maps a path to the file's text")
        sizes = values.get("lfs", {}).values()
        if not all(isinstance(size, int) and not isinstance(size, bool) for size in sizes):
            raise self.error(f"{key}.lfs", "maps a path to a size in bytes")
        for number, one in enumerate(values.get("submodules", [])):
            self.entry(one, f"{key}.submodules[{number}]", ("path", "url"), ())
        for number, one in enumerate(values.get("pulls", [])):
            self.entry(one, f"{key}.pulls[{number}]", ("title", "head"), ("base", "body"))
        return RepositorySeed(**values)

    def entry(
        self, table: Any, key: str, needed: tuple[str, ...], optional: tuple[str, ...]
    ) -> None:
        kinds: Table = dict.fromkeys(needed + optional, str)
        values = self.values(table if isinstance(table, Mapping) else {}, key, kinds)
        for name in needed:
            self.required(values, key, name)

    def known(self, table: Table, key: str, names: tuple[str, ...]) -> None:
        for name in table:
            if name not in names:
                near = difflib.get_close_matches(name, names, 1) or [", ".join(names)]
                place = f"{key}.{name}" if key else name
                raise self.error(place, f"no such key; did you mean {near[0]}?")

    def values(self, table: Table, key: str, kinds: Table) -> dict[str, Any]:
        self.known(table, key, tuple(kinds))
        for name, value in table.items():
            wrong_bool = isinstance(value, bool) and kinds[name] is not bool
            if not isinstance(value, kinds[name]) or wrong_bool:
                raise self.error(f"{key}.{name}", f"{value!r} is of a wrong kind")
        return dict(table)

    def required(self, values: Table, key: str, name: str) -> None:
        if not values.get(name):
            raise self.error(f"{key}.{name}", "is missing")

    def table(self, table: Table, key: str) -> Table:
        found = table.get(key, {})
        if not isinstance(found, Mapping):
            raise self.error(key, f"write it as [{key}]")
        return found

    def tables(self, table: Table, key: str) -> list[tuple[str, Table]]:
        found = table.get(key, [])
        if not isinstance(found, list) or not all(isinstance(one, Mapping) for one in found):
            raise self.error(key, f"write each as [[{key}]]")
        return [(f"{key}[{number}]", one) for number, one in enumerate(found)]

    def permissions(self, values: Table, key: str) -> None:
        for name, level in values.get("permissions", {}).items():
            if level not in LEVELS:
                raise self.error(f"{key}.permissions.{name}", f"is one of {', '.join(LEVELS)}")


def _all_text(values: Any) -> bool:
    return all(isinstance(value, str) for value in values)
