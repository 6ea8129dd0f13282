"""
What a workspace may ask for.

A grant is a scope that names its owner, and perhaps a quota.  "All repositories" is said out loud
(`ALL`), because an absent or empty list must never come to mean it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from gitlease.model.errors import RequestError
from gitlease.model.redaction import printable
from gitlease.model.scopes import Scope
from gitlease.model.targets import lower

if TYPE_CHECKING:
    from collections.abc import Mapping

ALL: Final = "ALL"
# GitHub mints a token for at most so many names ("Create an installation access token").
MOST_REPOSITORIES: Final = 500
# More than any database's counter holds is a mistake, and none at all is said by null.
MOST_PER_HOUR: Final = 1_000_000_000
_KEYS: Final = {"owner", "repositories", "permissions", "max_per_hour"}
_HINT: Final = (
    'a grant is {"owner": "acme", "repositories": "ALL" or ["app"], '
    '"permissions": {"contents": "read"} or null, "max_per_hour": 60 or null}'
)


@dataclass(frozen=True, slots=True)
class Grant:
    """
    An owner, some or all of its repositories, some or all of the App's permissions, a quota.

    `repositories` is None for the explicit `ALL`, otherwise a sorted tuple of names; `permissions`
    is None for what the installation has, otherwise sorted pairs of name and level;
    `max_per_hour` is how many leases an hour it is good for, None for any number.
    """

    owner: str
    repositories: tuple[str, ...] | None = None
    permissions: tuple[tuple[str, str], ...] | None = None
    max_per_hour: int | None = None

    @classmethod
    def of(
        cls,
        owner: str,
        repositories: str | list[str] | tuple[str, ...],
        permissions: Mapping[str, str] | None = None,
        max_per_hour: int | None = None,
    ) -> Grant:
        """
        Build a grant from plain values, in one normal form.

        *repositories* is `ALL` or names without their owner.  Raises `RequestError` for anything
        that has no meaning, an empty list among them.
        """
        if isinstance(repositories, str) and repositories != ALL:
            raise RequestError(
                f"a grant's repositories are {printable(repr(repositories), 80)}", hint=_HINT
            )
        names = None if isinstance(repositories, str) else repositories
        if names is not None and len(names) > MOST_REPOSITORIES:
            raise RequestError(
                f"a grant names {len(names)} repositories",
                hint=f"GitHub takes {MOST_REPOSITORIES} at most; grant ALL, or make two grants",
            )
        if max_per_hour is not None and not 1 <= max_per_hour <= MOST_PER_HOUR:
            raise RequestError(
                "a grant's max_per_hour is out of range",
                hint=f"it is 1 to {MOST_PER_HOUR}, or null",
            )
        scope = Scope.of(owner, names, permissions)
        return cls(scope.owner or owner, scope.repositories, scope.permissions, max_per_hour)

    @classmethod
    def from_json(cls, value: object) -> Grant:
        """
        Build a grant from what JSON holds, the form of `as_json`; raise `RequestError` otherwise.

        `repositories` may not be absent: whoever means all of them says so.
        """
        if not isinstance(value, dict) or not {"owner", "repositories"} <= set(value) <= _KEYS:
            raise RequestError(f"{printable(repr(value), 80)} is no grant", hint=_HINT)
        owner, repositories = value["owner"], value["repositories"]
        permissions, most = value.get("permissions"), value.get("max_per_hour")
        listed = isinstance(repositories, list) and all(isinstance(r, str) for r in repositories)
        if not isinstance(owner, str) or not (listed or isinstance(repositories, str)):
            raise RequestError(f"{printable(repr(value), 80)} is no grant", hint=_HINT)
        if permissions is not None and not (
            isinstance(permissions, dict)
            and all(isinstance(part, str) for pair in permissions.items() for part in pair)
        ):
            raise RequestError("a grant's permissions are no names and levels", hint=_HINT)
        if most is not None and type(most) is not int:
            raise RequestError("a grant's max_per_hour is no whole number", hint=_HINT)
        return cls.of(owner, repositories, permissions, most)

    @property
    def scope(self) -> Scope:
        """The widest scope that this grant allows."""
        return Scope(self.owner, self.repositories, self.permissions)

    def without(self, repository: str) -> Grant | None:
        """
        Return what is left of this grant without *repository*, None for nothing.

        Raises `RequestError` for a grant of all repositories, which cannot lose one.
        """
        if self.repositories is None:
            raise RequestError(
                f"a grant for all of {self.owner} cannot lose one repository",
                hint="revoke it whole and grant the repositories that shall stay",
            )
        left = tuple(name for name in self.repositories if name != lower(repository))
        return replace(self, repositories=left) if left else None

    def as_json(self) -> dict[str, Any]:
        """Return the form that JSON and the database keep; `from_json` reads it."""
        return {
            "owner": self.owner,
            "repositories": ALL if self.repositories is None else list(self.repositories),
            "permissions": None if self.permissions is None else dict(self.permissions),
            "max_per_hour": self.max_per_hour,
        }

    def __str__(self) -> str:
        most = "" if self.max_per_hour is None else f", {self.max_per_hour} an hour"
        return f"{self.scope}{most}"
