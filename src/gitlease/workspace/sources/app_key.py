"""
Mint here, with the App's own key: the source of a machine that needs no broker.

Source: GitHub docs, "Authenticating as a GitHub App installation".
"""

from __future__ import annotations

import contextlib
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from gitlease.github import protocol
from gitlease.github.appjwt import SigningKey
from gitlease.github.refusals import is_clock_refusal
from gitlease.github.times import server_time
from gitlease.model.errors import (
    FolderError,
    KeyFileError,
    NotInstalledError,
    OwnerNeededError,
    SuspendedError,
)
from gitlease.model.scopes import Scope
from gitlease.model.targets import Target, lower
from gitlease.workspace import files, folders, notes, python_path
from gitlease.workspace.sources import Fetched

if TYPE_CHECKING:
    from collections.abc import Callable

    from gitlease.github.protocol import Installation
    from gitlease.model.exchange import Request, Response
    from gitlease.model.tokens import Secret, Token
    from gitlease.workspace.settings import Settings
    from gitlease.workspace.sources import Carrier

_DAY: Final = 86_400.0  # seconds


class AppKey:
    """Signs as the App, finds the owner's installation, mints."""

    name = "app key"

    def __init__(self, settings: Settings, transport: Carrier, now: Callable[[], float]) -> None:
        self._settings = settings
        self._transport = transport
        self._now = now
        # GitHub's clock minus ours, in seconds, once a reply has shown that it matters.
        self._skew = 0.0
        # One for a whole `fetch`: others wait for it, and several slow replies add up.
        self._deadline = 0.0
        self._key: SigningKey | None = None

    def fetch(self, target: Target, min_ttl: float) -> Fetched | None:
        """Mint a token for the owner of *target*; None if no App is configured."""
        del min_ttl  # a new token has its whole life before it
        if not self._settings.app_id or not self._settings.private_key_file:
            return None
        self._deadline = self._transport.deadline()
        remembered = self._remembered(target)
        if remembered is not None:
            # If it fails, the App was removed, or installed anew with another number.
            with contextlib.suppress(NotInstalledError):
                return self._fetched(self._mint(remembered, target), target)
        installation = self._installation(target)
        # Before the mint: where GitHub is so slow that the mint comes too late, the next one has
        # this much less to ask.
        self._remember(target, installation)
        return self._fetched(self._mint(installation, target), target)

    def check(self, target: Target) -> None:
        """
        Raise the `SourceError` for which no token could be minted for *target*'s owner.

        Nothing is minted and nothing noted: GitHub is asked who we are, and where the App is.
        """
        self._deadline = self._transport.deadline()
        api, app = self._settings.api_url, f"App {self._settings.app_id}"
        protocol.read_app(self._ask(lambda jwt: protocol.get_app(api, jwt)), whose=app)
        if target.owner is not None and self._find(target.owner).suspended:
            raise SuspendedError(f"{app} is suspended on {target.owner}")

    def _fetched(self, token: Token, target: Target) -> Fetched:
        if self._settings.granularity == "repository" and target.repository:
            return Fetched(token, target.names[0])
        if target.owner:
            # Where each repository has a token of its own, the owner's must not stand in for it.
            for_all = self._settings.granularity == "owner"
            return Fetched(token, f"{target.host}~{target.owner}", for_all=for_all)
        return Fetched(token, target.host)

    def _mint(self, installation: int, target: Target) -> Token:
        one = self._settings.granularity == "repository" and target.repository
        scope = Scope.of(
            target.owner,
            [target.repository] if one and target.repository else None,
            self._settings.permissions or None,
        )
        response = self._ask(
            lambda jwt: protocol.mint(self._settings.api_url, jwt, installation, scope)
        )
        whose = f"{target} (installation {installation})"
        try:
            return protocol.read_token(response, self._now(), whose=whose, source=self.name)
        except NotInstalledError:
            self._forget(target)
            raise

    def _installation(self, target: Target) -> int:
        """Ask for the number of the installation for *target*."""
        configured = self._settings.installation_id
        if target.owner is None:
            return configured or self._only_one()
        found = None
        if configured is not None:
            api = self._settings.api_url
            response = self._ask(lambda jwt: protocol.get_installation(api, jwt, configured))
            found = protocol.read_installation(response, whose=f"installation {configured}")
        if found is None or lower(found.owner) != target.owner:
            found = self._find(target.owner)
        return found.id

    def _find(self, owner: str) -> Installation:
        api = self._settings.api_url
        for kind in ("orgs", "users"):
            request = lambda jwt, kind=kind: protocol.find_installation(api, jwt, owner, kind)  # noqa: E731
            response = self._follow(self._ask(request))
            with contextlib.suppress(NotInstalledError):
                return protocol.read_installation(response, whose=owner)
        raise NotInstalledError(
            f"App {self._settings.app_id} is not installed for {owner}",
            hint=f"install it there, or check the spelling of {owner}",
        )

    def _only_one(self) -> int:
        api = self._settings.api_url
        response = self._ask(lambda jwt: protocol.list_installations(api, jwt))
        found = protocol.read_installations(response, whose=f"App {self._settings.app_id}")
        if len(found) == 1:
            return found[0].id
        if not found:
            raise NotInstalledError(f"App {self._settings.app_id} is not installed anywhere")
        raise OwnerNeededError(
            f"App {self._settings.app_id} has several installations and no owner was named",
            hint="set GITLEASE_INSTALLATION_ID, or credential.useHttpPath=true for this host",
        )

    def _ask(self, build: Callable[[Secret], Request]) -> Response:
        """Send what *build* makes of a proof; once more if only the clock was wrong."""
        response = self._transport.exchange(build(self._proof()), self._deadline)
        theirs = server_time(response.headers)
        if theirs is not None and is_clock_refusal(response):
            self._skew = theirs - self._now()
            response = self._transport.exchange(build(self._proof()), self._deadline)
        return response

    def _follow(self, response: Response) -> Response:
        """Go where GitHub says that a renamed account is now, if that is GitHub too."""
        where = response.headers.get("location", "")
        here = urlsplit(self._settings.api_url)
        there = urlsplit(where)
        if not protocol.is_moved(response) or (there.scheme, there.netloc) != (
            here.scheme,
            here.netloc,
        ):
            return response
        return self._ask(lambda jwt: protocol.get(where, jwt))

    def _proof(self) -> Secret:
        if self._key is None:
            self._key = self._read_key()
        return self._key.sign(self._settings.app_id, self._now() + self._skew)

    def _read_key(self) -> SigningKey:
        path = Path(self._settings.private_key_file)
        try:
            pem = files.read_regular(path)
        except OSError as error:
            raise KeyFileError(f"the App's key {path} cannot be read: {error.strerror}") from None
        python_path.extend(self._settings.home)
        return SigningKey.from_pem(pem, name=f"the App's key {path}")

    # The number of an installation is no secret and hardly ever changes: it is kept for a day,
    # because finding it again would double the time of a miss.

    def _memo(self, target: Target) -> Path:
        return notes.installation_file(self._settings, f"{target.host}~{target.owner}")

    def _remembered(self, target: Target) -> int | None:
        if target.owner is None:
            return None
        data = files.read_ours(self._settings.home, self._memo(target), 64) or b""
        noted = re.fullmatch(rb"([0-9]{1,19}) ([0-9]{1,12})", data)
        if noted is None or not 0 <= self._now() - int(noted[2]) < _DAY:
            return None
        return int(noted[1])

    def _remember(self, target: Target, installation: int) -> None:
        if target.owner is None:
            return
        with contextlib.suppress(OSError, FolderError):
            folders.make_private(self._settings.home)
            folders.make_private(self._memo(target).parent)
            text = f"{installation} {int(self._now())}"
            folders.write_ours(self._settings.home, self._memo(target), text.encode())

    def _forget(self, target: Target) -> None:
        with contextlib.suppress(OSError):
            self._memo(target).unlink()
