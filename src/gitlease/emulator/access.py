"""
Decide who may read or write a git repository: the order of the checks stands here, once.

Statuses and texts are those that git shows to people, so clients match on them.
"""

from dataclasses import dataclass

from .credentials import Shown
from .permissions import allows
from .refusals import SUSPENDED
from .tokens import IssuedToken, State
from .world import Installation, Repository, World

BAD_TOKEN = (
    "Invalid username or token. Password authentication is not supported for Git operations."  # noqa: S105
)
NOT_GRANTED = "Write access to repository not granted."
NOT_FOUND = "Repository not found."
NO_ANONYMOUS_WRITE = "No anonymous write access."


class GitRefusal(Exception):  # noqa: N818 - as refusals.Refusal
    """A "no" from GitHub's git side: *status* and the line that git prints after `remote:`."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.text = text


@dataclass(frozen=True)
class Place:
    """What a path names: a repository, perhaps its wiki, perhaps by a former name."""

    repository: Repository
    wiki: bool
    moved: bool


def find(world: World, full_name: str) -> Place | None:
    """Return what *full_name* (without `.git`) names; a wiki belongs to its repository."""
    wiki = full_name.lower().endswith(".wiki")
    name = full_name[: -len(".wiki")] if wiki else full_name
    if (repository := world.repository(name)) is not None:
        return Place(repository, wiki, moved=False)
    if (repository := world.moved(name)) is not None:
        return Place(repository, wiki, moved=True)
    return None


def check(world: World, shown: Shown | None, full_name: str, *, write: bool) -> Place:
    """
    Return the place called *full_name* if whoever shows *shown* may read (or *write*) it.

    Raises GitRefusal otherwise.
    """
    # 1. Who is it?  A bad credential is refused even where none is needed.
    holder = _holder(world, shown)
    place = find(world, full_name)
    # 2. Without a credential: public repositories, reading.  A private one asks for a credential
    #    and so does not show that it exists.
    if holder is None:
        if place is None or place.repository.private:
            raise GitRefusal(401, NOT_FOUND)
        if write:
            raise GitRefusal(401, NO_ANONYMOUS_WRITE)
        return place
    token, installation = holder
    # 3. Is it in the token's scope?  Beyond it only what everybody sees exists.
    if place is None:
        raise GitRefusal(404, NOT_FOUND)
    if not in_scope(world, token, installation, place.repository):
        if place.repository.private:
            raise GitRefusal(404, NOT_FOUND)
        if write:
            raise _denied(place, installation)
        return place
    # 4. Does the scope allow it?
    if not allows(token.permissions, "contents", "read") and (write or place.repository.private):
        raise GitRefusal(403, NOT_GRANTED)
    if write and not allows(token.permissions, "contents", "write"):
        raise _denied(place, installation)
    return place


def in_scope(
    world: World, token: IssuedToken, installation: Installation, repository: Repository
) -> bool:
    """Return whether *token* reaches *repository*: the installation has it, and so has it."""
    chosen = token.repository_ids
    return world.covers(installation, repository) and (chosen is None or repository.id in chosen)


def _holder(world: World, shown: Shown | None) -> tuple[IssuedToken, Installation] | None:
    """Return whose token is shown, None if nothing is, and refuse what is not live."""
    if shown is None:
        return None
    # GitHub's git side takes a token as the password of any user name, but of some.
    if shown.scheme != "basic" or not shown.user:
        raise GitRefusal(401, BAD_TOKEN)
    state, token, installation = world.shown_token(shown.secret)
    if state is State.SPREADING:
        raise GitRefusal(403, NOT_GRANTED)
    if state is not State.LIVE or token is None or installation is None:
        raise GitRefusal(401, BAD_TOKEN)
    if installation.suspended_at is not None:
        raise GitRefusal(403, SUSPENDED)
    return token, installation


def _denied(place: Place, installation: Installation) -> GitRefusal:
    name, bot = place.repository.full_name, installation.app.bot_login
    return GitRefusal(403, f"Permission to {name}.git denied to {bot}.")
