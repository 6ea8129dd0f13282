"""
Keep one request to the API: who asks, from where, and what it costs them.

An endpoint states whom it serves (`app`, `holder`, `anyone`); everything that GitHub refuses
before it looks at the question itself is refused here.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request

from . import appjwt, credentials
from .access import in_scope
from .limits import Limits
from .permissions import allows
from .refusals import (
    BAD_CREDENTIALS,
    NO_AUTHENTICATION,
    NOT_FOR_APPS,
    SUSPENDED,
    UNDECODABLE_JWT,
    Refusal,
    not_found,
)
from .shapes import Base
from .tokens import IssuedToken, State
from .world import App, Installation, Repository, World

API_HOST = "api.github.com"
MAX_BODY = 1 << 20  # bytes of JSON that a call may send


@dataclass(frozen=True)
class Holder:
    """A live token and its installation."""

    token: IssuedToken
    installation: Installation

    def may(self, permission: str, level: str) -> bool:
        """Return whether the token has *permission* at *level*."""
        return allows(self.token.permissions, permission, level)


@dataclass
class Call:
    """One request; `headers` gathers what every reply to it must carry."""

    world: World
    limits: Limits
    request: Request
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def base(self) -> Base:
        """Where the caller reached the API: api.github.com, or as on a GHES host."""
        host = self.request.headers.get("host", API_HOST)
        if host.partition(":")[0].lower() == API_HOST:
            return Base(f"https://{API_HOST}", "https://github.com")
        return Base(f"https://{host}/api/v3", f"https://{host}")

    @property
    def shown(self) -> credentials.Shown | None:
        """What the request shows of itself, unverified."""
        return credentials.read(self.request.headers.get("authorization"))

    def app(self) -> App:
        """Return the App whose JWT is shown, or raise Refusal."""
        shown = self.shown
        if shown is None or not shown.is_jwt:
            raise Refusal(401, UNDECODABLE_JWT)
        app = appjwt.authenticate(self.world, shown.secret)
        self.headers |= self.limits.charge(f"App ID {app.id}")
        return app

    def holder(self) -> Holder:
        """Return whose token is shown, or raise Refusal."""
        caller = self.anyone()
        if caller is None:
            raise Refusal(401, NO_AUTHENTICATION)
        return caller

    def anyone(self) -> Holder | None:
        """Return whose token is shown, None if nothing is; a bad credential is refused."""
        shown = self.shown
        if shown is None:
            client = self.request.client
            self.headers |= self.limits.charge(client.host if client else "nobody")
            return None
        if shown.is_jwt:
            self.app()
            # An App's own proof opens the App's own pages, nothing else.
            raise Refusal(403, NOT_FOR_APPS)
        state, token, installation = self.world.shown_token(shown.secret)
        if state is State.SPREADING:
            raise Refusal(403, NOT_FOR_APPS)
        if state is not State.LIVE or token is None or installation is None:
            raise Refusal(401, BAD_CREDENTIALS)
        if installation.suspended_at is not None:
            raise Refusal(403, SUSPENDED)
        self.headers |= self.limits.charge(f"installation ID {installation.id}")
        return Holder(token, installation)

    def sees(self, caller: Holder | None, repository: Repository) -> bool:
        """Return whether *repository* exists as far as *caller* can tell."""
        return not repository.private or self.reaches(caller, repository)

    def reaches(self, caller: Holder | None, repository: Repository) -> bool:
        """Return whether *repository* is in the scope of *caller*'s token."""
        if caller is None:
            return False
        return in_scope(self.world, caller.token, caller.installation, repository)

    def named_repository(self, visible: Callable[[Repository], bool]) -> Repository:
        """
        Return the repository that the route names by owner and name, or by number.

        Raises Refusal: 404 if there is none or it is not *visible*, 301 to the numbered address
        if it was renamed.
        """
        params = self.request.path_params
        if "number" in params:
            found, moved, name = self.world.repositories.get(params["number"]), None, ""
        else:
            name = f"{params['owner']}/{params['repo']}"
            found, moved = self.world.repository(name), self.world.moved(name)
        if found is not None and visible(found):
            return found
        if moved is None or not visible(moved):
            raise not_found()
        rest = self.request.scope["path"].split(name, 1)[-1]
        query = f"?{self.request.url.query}" if self.request.url.query else ""
        url = f"{self.base.api}/repositories/{moved.id}{rest}{query}"
        raise Refusal(301, "Moved Permanently", headers={"Location": url}, url=url)

    async def json(self) -> dict[str, Any]:
        """Return the request's JSON object; an empty body is an empty one."""
        body = bytearray()
        async for chunk in self.request.stream():
            body += chunk
            if len(body) > MAX_BODY:
                raise Refusal(413, "Payload too large")
        if not body.strip():
            return {}
        try:
            parsed = json.loads(body)
        except ValueError:
            raise Refusal(400, "Problems parsing JSON") from None
        if not isinstance(parsed, dict):
            raise Refusal(400, "Body should be a JSON object")
        return parsed
