"""
What a token may reach: an owner, some or all of its repositories, some permissions.

Scopes are ordered: one covers another if it may do all that the other may.  To *narrow* is the
only way from one to the next; nothing here makes a scope wider.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from gitlease.model.errors import RequestError
from gitlease.model.frozen import Frozen
from gitlease.model.targets import lower, parse_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# GitHub's permission levels, each including the ones before it.
_LEVELS: Final = {"read": 1, "write": 2, "admin": 3}
_LEVEL: Final = "say it as contents=read; the levels are read, write and admin"
# In a message; a grant may have 500, and a line is for people.
_SHOWN: Final = 8  # repositories
_PERMISSION: Final = re.compile(r"[a-z][a-z0-9_]{0,99}", re.ASCII)


class Scope(Frozen):
    """
    An owner (None: the installation's only or default one), repositories, permissions.

    `repositories` is None for all of them, otherwise a sorted tuple of names; an empty tuple is
    refused, because GitHub reads it as "all".  `permissions` is None for all that the
    installation has, otherwise sorted pairs of name and level.
    """

    owner: str | None = None
    repositories: tuple[str, ...] | None = None
    permissions: tuple[tuple[str, str], ...] | None = None

    def __post_init__(self) -> None:
        if self.repositories is not None and not self.repositories:
            raise RequestError("a scope with no repository would mean all of them")
        if self.permissions is not None and not self.permissions:
            raise RequestError("a scope with no permission would mean all of them")

    @classmethod
    def of(
        cls,
        owner: str | None,
        repositories: Iterable[str] | None = None,
        permissions: Mapping[str, str] | None = None,
    ) -> Scope:
        """
        Build a scope from plain values, in one normal form.

        Raises `RequestError` for a name or a level that GitHub does not have.
        """
        if owner is not None:
            owner = _name(owner, owner)
        names = None
        if repositories is not None:
            names = tuple(sorted({_name(owner or "x", repo) for repo in repositories}))
        levels = None
        if permissions is not None:
            for permission, level in permissions.items():
                if not _PERMISSION.fullmatch(permission):
                    raise RequestError(
                        f"{permission!r} is no permission that GitHub knows", hint=_LEVEL
                    )
                if level not in _LEVELS:
                    raise RequestError(
                        f"permission {permission!r} has no level {level!r}", hint=_LEVEL
                    )
            levels = tuple(sorted(permissions.items()))
        return cls(owner, names, levels)

    def covers(self, other: Scope) -> bool:
        """Tell whether a token of this scope may do all that one of *other* may."""
        if self.owner != other.owner:
            return False
        if self.repositories is not None and (
            other.repositories is None or not set(other.repositories) <= set(self.repositories)
        ):
            return False
        if self.permissions is None:
            return True
        if other.permissions is None:
            return False
        held = dict(self.permissions)
        return all(
            _LEVELS[level] <= _LEVELS.get(held.get(permission, ""), 0)
            for permission, level in other.permissions
        )

    def narrow(self, repository: str) -> Scope:
        """Return this scope for one *repository*; raise `RequestError` if it is not covered."""
        name = _name(self.owner or "x", repository)
        if self.repositories is not None and name not in self.repositories:
            raise RequestError(f"repository {repository} is outside the scope {self}")
        return Scope(self.owner, (name,), self.permissions)

    @property
    def key(self) -> str:
        """One string for one scope: equal scopes have equal keys."""
        repositories = "*" if self.repositories is None else ",".join(self.repositories)
        permissions = (
            "*"
            if self.permissions is None
            else ",".join(f"{name}:{level}" for name, level in self.permissions)
        )
        return f"{self.owner or '*'}|{repositories}|{permissions}"

    def __str__(self) -> str:
        owner = self.owner or "the default installation"
        if self.repositories is None:
            where = owner
        else:
            shown = self.repositories[:_SHOWN]
            where = ", ".join(f"{owner}/{name}" for name in shown)
            if len(shown) < len(self.repositories):
                where += f" and {len(self.repositories) - len(shown)} more"
        if self.permissions is None:
            return where
        return f"{where} ({', '.join(f'{name}:{level}' for name, level in self.permissions)})"


def _name(owner: str, text: str) -> str:
    name = lower(text)
    target = parse_path("github.com", f"{lower(owner)}/{name}")
    if target is None or target.repository is None or "/" in name:
        raise RequestError(f"{text!r} is no name that GitHub knows")
    return target.repository
