"""
Issue installation tokens: the rules of "Create an installation access token for an app".

One function decides and keeps the token; `rest` gives it a parsed body, tests may call it
without a request.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from . import tokens
from .permissions import LEVELS, exceeds, with_metadata
from .refusals import MINT_DOCS, SUSPENDED, Refusal
from .world import Installation, Repository, World

MAX_REPOSITORIES = 500  # names in one request
NO_SUCH_REPOSITORY = (
    "There is at least one repository that does not exist or is not accessible to the parent "
    "installation."
)
NOT_GRANTED = "The permissions requested are not granted to this installation."


@dataclass(frozen=True)
class Minted:
    """A token just issued; the only place that shows its plaintext."""

    plaintext: str
    token: tokens.IssuedToken
    repositories: list[Repository] | None

    def __repr__(self) -> str:
        """Name the token by its fingerprint alone."""
        return f"Minted({self.token.fingerprint})"


def mint(
    world: World,
    installation: Installation,
    body: Mapping[str, Any],
    token_format: str | None = None,
) -> Minted:
    """
    Issue a token for *installation*, narrowed as *body* asks (`repositories`,
    `repository_ids`, `permissions`; what is absent or empty means all).

    *token_format* overrides the world's setting.  Raises Refusal: 403 for a suspended
    installation, 422 for what was not granted or has a wrong form.
    """
    if installation.suspended_at is not None:
        raise Refusal(403, SUSPENDED, MINT_DOCS)
    repositories = _narrowed_repositories(world, installation, body)
    permissions = _narrowed_permissions(installation, body)
    now = world.clock.now()
    expires = int(now + world.settings.token_ttl)
    if (token_format or world.settings.token_format) == "stateless":
        plaintext = tokens.stateless(installation.app.id, installation.id, now, expires)
    else:
        plaintext = tokens.classic()
    token = tokens.IssuedToken(
        fingerprint=tokens.fingerprint(plaintext),
        installation_id=installation.id,
        permissions=permissions,
        repository_ids=None if repositories is None else frozenset(r.id for r in repositories),
        created=now,
        expires=expires,
        lag=world.settings.replication_lag,
    )
    world.tokens.keep(token)
    world.issued.add("token", plaintext)
    return Minted(plaintext, token, repositories)


def _narrowed_repositories(
    world: World, installation: Installation, body: Mapping[str, Any]
) -> list[Repository] | None:
    """Return the repositories asked for, each once, or None if no list narrows them."""
    names = _list(body, "repositories", str)
    numbers = _list(body, "repository_ids", int)
    if len(names) + len(numbers) > MAX_REPOSITORIES:
        given = len(names) + len(numbers)
        text = f"No more than {MAX_REPOSITORIES} items are allowed; {given} were supplied."
        raise _invalid(text)
    if not names and not numbers:
        return None
    wanted = [world.repository(f"{installation.account.login}/{name}") for name in names]
    wanted += [world.repositories.get(number) for number in numbers]
    found = {}
    for repository in wanted:
        if repository is None or not world.covers(installation, repository):
            raise Refusal(422, NO_SUCH_REPOSITORY, MINT_DOCS)
        found[repository.id] = repository
    return list(found.values())


def _narrowed_permissions(installation: Installation, body: Mapping[str, Any]) -> dict[str, str]:
    asked = body.get("permissions", {})
    if not isinstance(asked, dict):
        raise _invalid(f"For 'properties/permissions', {_shown(asked)} is not an object.")
    for name, level in asked.items():
        if level not in LEVELS:
            text = f"For 'permissions/{name}', {_shown(level)} is not a possible value."
            raise _invalid(text)
    if exceeds(asked, with_metadata(installation.permissions)):
        raise Refusal(422, NOT_GRANTED, MINT_DOCS)
    return with_metadata(asked or installation.permissions)


def _list(body: Mapping[str, Any], key: str, kind: type) -> list[Any]:
    values = body.get(key, [])
    if not isinstance(values, list):
        raise _invalid(f"For 'properties/{key}', {_shown(values)} is not an array.")
    for value in values:
        if not isinstance(value, kind) or isinstance(value, bool):
            noun = "a string" if kind is str else "an integer"
            raise _invalid(f"For 'items', {_shown(value)} is not {noun}.")
    return values


def _invalid(problem: str) -> Refusal:
    return Refusal(422, f"Invalid request.\n\n{problem}", MINT_DOCS)


def _shown(value: Any) -> str:
    """Return *value* as GitHub's validator quotes it, cut short."""
    return "nil" if value is None else repr(value)[:80]
