"""
Who may have what: pure, so that every rule can be tried on every grant.

A request for more than the grants is refused and never clamped; nothing here makes a scope wider.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gitlease.model.errors import RequestError
from gitlease.model.redaction import is_secret
from gitlease.model.scopes import Scope
from gitlease.model.targets import lower

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitlease.model.grants import Grant


@dataclass(frozen=True, slots=True)
class Asked:
    """What a workspace asks for: an owner and a repository of it, or None where it leaves that."""

    owner: str | None = None
    repository: str | None = None

    @classmethod
    def of(cls, owner: str | None, repository: str | None) -> Asked:
        """
        Read the words of a request; *repository* may be `app` or `acme/app`.

        Raises `RequestError` for what cannot be a name, or for two owners that differ.
        """
        if owner is None and repository is None:
            return NOTHING
        for name in (owner, *(repository or "").split("/")):
            if is_secret(name or ""):
                # It would be a name that is refused, and as such stay in the journal.
                raise RequestError(
                    "a secret stands where a name belongs",
                    hint="a bearer goes into the Authorization header; this one needs replacing",
                )
        if repository is not None and "/" in repository:
            before, _, repository = repository.partition("/")
            if owner is not None and lower(owner) != lower(before):
                raise RequestError("the request names two owners")
            owner = before
        names = None if repository is None else [repository]
        scope = Scope.of(owner, names)
        return cls(scope.owner, None if scope.repositories is None else scope.repositories[0])

    def __str__(self) -> str:
        if self.repository is None:
            return self.owner or "its own repositories"
        return f"{self.owner}/{self.repository}" if self.owner else self.repository


# What nearly every request names.
NOTHING: Final = Asked()


@dataclass(frozen=True, slots=True)
class Allowed:
    """A token of `scope` may be had, by reason of `grant`."""

    scope: Scope
    grant: Grant


@dataclass(frozen=True, slots=True)
class Refused:
    """No token: `reason` is a sentence's end for a person, `missing` what a grant would name."""

    reason: str
    missing: Asked


def decide(grants: Sequence[Grant], asked: Asked) -> Allowed | Refused:
    """
    Return what of *grants* answers *asked*, or why none does.

    A named repository narrows its grant to it; otherwise the answer is a grant's own scope.  Of
    several that fit it is the first that no other covers, so that the order of two grants, one
    inside the other, does not matter.
    """
    if not grants:
        return Refused("it has no grant at all", asked)
    fitting = [
        Allowed(scope, grant) for grant in grants if (scope := _fit(grant, asked)) is not None
    ]
    for one in fitting:
        if len(fitting) == 1 or not any(_wider(other.scope, one.scope) for other in fitting):
            return one
    return Refused(f"none of its grants covers {asked}", asked)


def _fit(grant: Grant, asked: Asked) -> Scope | None:
    if asked.owner not in {None, grant.owner}:
        return None
    if asked.repository is None:
        return grant.scope
    try:
        return grant.scope.narrow(asked.repository)
    except RequestError:
        return None


def _wider(one: Scope, other: Scope) -> bool:
    return one != other and one.covers(other)
