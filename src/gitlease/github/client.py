"""
What the broker asks GitHub as an App: who it is, where it is installed, tokens.

Each question carries a proof.  A refusal that can be cured is cured here: a clock that differs by
the reply's own `Date`, a key that was replaced by the App's next one.
"""

from __future__ import annotations

import contextlib
import re
import time
from typing import TYPE_CHECKING, Final

from gitlease.github import budget, protocol
from gitlease.github.pace import MINTS_PER_MINUTE, Pace
from gitlease.github.refusals import refusal
from gitlease.github.signer import Signer
from gitlease.github.times import server_time
from gitlease.model.errors import (
    ClockError,
    NotInstalledError,
    RateLimitedError,
    UnauthorizedError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from gitlease.github.api import Api
    from gitlease.github.budget import Budget
    from gitlease.github.protocol import App, Installation
    from gitlease.model.exchange import Request, Response
    from gitlease.model.scopes import Scope
    from gitlease.model.tokens import Secret, Token

    Build = Callable[[Secret], Request]

PER_PAGE: Final = 100  # installations; GitHub's most
MAX_PAGES: Final = 100
MAX_REDIRECTS: Final = 3
# Each costs a request, and a refused mint is asked for again and again.
MAX_LOOKED_UP: Final = 5  # repositories


class AppClient:
    """App *app_id* (its id or client id) at *api*, with the private keys in *key_files* (PEM)."""

    def __init__(
        self,
        app_id: str,
        key_files: Sequence[Path],
        api: Api,
        *,
        now: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        mints_per_minute: int = MINTS_PER_MINUTE,
    ) -> None:
        self.app_id = app_id
        self.api = api
        self.budget: Budget | None = None
        # GitHub's clock minus ours, in seconds, by its last reply.
        self.skew: float | None = None
        self.patience = budget.Patience(f"App {app_id}", monotonic=monotonic)
        self._pace = Pace(f"App {app_id}", mints_per_minute, monotonic=monotonic)
        self._signer = Signer(app_id, key_files, now)
        self._now = now

    async def get_app(self) -> App:
        """Return who the key's holder is; raises `UnauthorizedError` if it is not this App's."""
        whose = f"App {self.app_id}"
        response = await self._ask(lambda jwt: protocol.get_app(self.api.url, jwt), whose)
        return protocol.read_app(response, whose=whose)

    async def find_installation(self, owner: str) -> Installation:
        """
        Return the App's installation on *owner*, an organization or a user.

        A redirect is followed within this API, so the owner there may have another name.  Raises
        `NotInstalledError`, or another `SourceError` that names the cause.
        """
        for kind in ("orgs", "users"):
            build = lambda jwt, kind=kind: protocol.find_installation(  # noqa: E731
                self.api.url, jwt, owner, kind
            )
            with contextlib.suppress(NotInstalledError):
                response, _ = await self._follow(build, owner)
                return protocol.read_installation(response, whose=owner)
        raise NotInstalledError(
            f"App {self.app_id} is not installed for {owner}",
            hint=f"install it there, or check the spelling of {owner}",
        )

    async def get_installation(self, number: int) -> Installation:
        """Return installation *number* of the App; raises `NotInstalledError`."""
        whose = f"installation {number}"
        response = await self._ask(
            lambda jwt: protocol.get_installation(self.api.url, jwt, number), whose
        )
        return protocol.read_installation(response, whose=whose)

    async def list_installations(self) -> list[Installation]:
        """Return all installations of the App."""
        whose, found = f"App {self.app_id}", list[protocol.Installation]()
        for page in range(1, MAX_PAGES + 1):
            build = lambda jwt, page=page: protocol.list_installations(  # noqa: E731
                self.api.url, jwt, page=page, per_page=PER_PAGE
            )
            listed = protocol.read_installations(await self._ask(build, whose), whose=whose)
            found += listed
            if len(listed) < PER_PAGE:
                break
        return found

    async def find_moved(self, scope: Scope, installation: int) -> dict[str, int]:
        """
        Return the numbers of the repositories of *scope* that have been renamed, by old name.

        Only what *installation* still reaches counts: a repository that went to another owner
        is gone.  Nothing is looked up for a scope of many repositories.
        """
        moved: dict[str, int] = {}
        names = scope.repositories or ()
        if scope.owner is None or len(names) > MAX_LOOKED_UP:
            return moved
        for name in names:
            build = lambda jwt, name=name: protocol.find_on_repository(  # noqa: E731
                self.api.url, jwt, scope.owner or "", name
            )
            with contextlib.suppress(NotInstalledError):
                response, where = await self._follow(build, str(scope))
                number = _moved_to(where)
                found = protocol.read_installation(response, whose=str(scope))
                if number is not None and found.id == installation:
                    moved[name] = number
        return moved

    async def reaches(self, installation: int, owner: str, repository: str) -> bool:
        """Tell whether *installation* reaches *owner*/*repository*, also under a new name."""
        whose = f"{owner}/{repository}"
        build = lambda jwt: protocol.find_on_repository(self.api.url, jwt, owner, repository)  # noqa: E731
        with contextlib.suppress(NotInstalledError):
            response, _ = await self._follow(build, whose)
            return protocol.read_installation(response, whose=whose).id == installation
        return False

    async def mint(
        self, installation: int, scope: Scope, *, moved: dict[str, int] | None = None
    ) -> Token:
        """
        Return a new token of *scope* for *installation*.

        *moved* has the numbers of repositories under new names, see `find_moved`.  Raises a
        `SourceError` that names the cause.
        """
        whose = f"{scope} (App {self.app_id}, installation {installation})"
        self.patience.check()
        await self._pace.turn()
        response = await self._ask(
            lambda jwt: protocol.mint(self.api.url, jwt, installation, scope, moved), whose
        )
        return protocol.read_token(response, self._now(), whose=whose, source="github")

    async def revoke(self, token: Secret) -> None:
        """End *token*; one that is dead already is fine.  Raises a `SourceError`."""
        response = await self.api.exchange(protocol.revoke(self.api.url, token))
        error = refusal(response, "a token's revocation")
        if error is not None and response.status != 401:
            raise error

    async def takes(self, token: Secret) -> bool:
        """Tell whether GitHub takes *token*; raise a `SourceError` if it does not say."""
        response = await self.api.exchange(protocol.get_rate_limit(self.api.url, token))
        error = refusal(response, "a token's limits")
        if error is not None and (response.status == 429 or response.status >= 500):
            raise error
        # A server without limits answers 404, RFC 9110 and GitHub a bad token with 401.
        return response.status != 401

    async def _follow(self, build: Build, whose: str) -> tuple[Response, str]:
        """Ask, and go where GitHub sends us within this API; return the reply and its address."""
        response, where = await self._ask(build, whose), ""
        for _ in range(MAX_REDIRECTS):
            there = response.headers.get("location", "")
            if not protocol.is_moved(response) or not self.api.is_own(there):
                break
            where = there
            response = await self._ask(lambda jwt, where=where: protocol.get(where, jwt), whose)  # type: ignore[misc]
        return response, where

    async def _ask(self, build: Build, whose: str) -> Response:
        """Send what *build* makes of a proof; raise the error that a refusal stands for."""
        refused: set[Path] = set()
        first: UnauthorizedError | None = None
        clock_was_set = False
        while proof := self._signer.proof(but=refused):
            self.patience.check()
            response = await self.api.exchange(build(proof.jwt))
            self.budget = budget.read(response.headers) or self.budget
            error = refusal(response, whose)
            theirs = server_time(response.headers)
            if theirs is not None:
                self.skew = theirs - self._now()
            if isinstance(error, ClockError) and theirs is not None and not clock_was_set:
                self._signer.set_clock(theirs)
                clock_was_set = True
            elif isinstance(error, UnauthorizedError) and response.status == 401:
                # Not the clock, so the signature: the App may have taken another key into use.
                first = first or error
                refused.add(proof.file)
            elif isinstance(error, RateLimitedError):
                error.retry_after = budget.wait(response)
                self.patience.obey(error.retry_after)
                raise error
            elif error is not None:
                raise error
            else:
                self._signer.worked(proof)
                return response
        assert first is not None  # noqa: S101 - at least one key was tried
        raise first


def _moved_to(location: str) -> int | None:
    """Return the number of the repository that a redirect led to, or None."""
    found = re.search(r"/repositories/([0-9]{1,18})/installation\Z", location)
    return int(found[1]) if found else None
