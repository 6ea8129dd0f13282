"""
Where tokens come from.

A source has one method, `fetch`: a token; None for "not mine to answer"; a `SourceError` for
"mine, but it failed".  The order in which they are asked stands in `Chain`.
"""

from __future__ import annotations

import os
from functools import cached_property
from typing import TYPE_CHECKING, Final, Protocol

from gitlease.model.tokens import fingerprint

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from gitlease.model.exchange import Request, Response
    from gitlease.model.targets import Target
    from gitlease.model.tokens import Token
    from gitlease.workspace.cache import Cache
    from gitlease.workspace.settings import Settings
    from gitlease.workspace.sources.broker import Broker
    from gitlease.workspace.transport import Transport


# In the configs folder: the bearer by which the broker knows this workspace.
BEARER_FILE: Final = ".auth_token"
# Where a container's own token may stand, the first that is set wins.
VARIABLES: Final = ("GITHUB_TOKEN", "GH_TOKEN")


class Source(Protocol):
    """One place that may have a token."""

    @property
    def name(self) -> str:
        """How messages call it."""
        ...

    def fetch(self, target: Target, min_ttl: float) -> Fetched | None:
        """
        Return a token for *target* that lives *min_ttl* more seconds if at all possible.

        None if this source is not configured or has nothing to say for *target*; raises a
        `SourceError` if it should have had one.
        """
        ...


class Carrier(Protocol):
    """Carries a request to a source's server; `transport.Transport` does."""

    def deadline(self, limit: float | None = None) -> float:
        """Return when exchanges that begin now must end, *limit* seconds from now at most."""
        ...

    def exchange(self, request: Request, deadline: float) -> Response:
        """Return the reply, whatever its status; raise a `SourceError` if there is none in time."""
        ...


class Fetched:
    """
    What a source gave: a token and the name of the record that it may be kept under.

    *name* is None for a token that must not be stored (a person's own).  *for_all* says that
    more specific names get the same token.
    """

    __slots__ = ("for_all", "name", "token")

    def __init__(self, token: Token, name: str | None, *, for_all: bool = False) -> None:
        self.token = token
        self.name = name
        self.for_all = for_all


class Chain:
    """
    The sources in the order in which they are asked.

    Each is made, and its modules are loaded, when it is first asked: an answer from the cache
    needs none of them.  *now* gives the wall time in seconds.
    """

    def __init__(
        self, settings: Settings, env: Mapping[str, str], cache: Cache, now: Callable[[], float]
    ) -> None:
        self._settings = settings
        self._env = env
        self._cache = cache
        self._now = now

    def __iter__(self) -> Iterator[Source]:
        yield self._broker
        yield self._app_key
        yield self._environ

    def configured(self) -> str:
        """Return a name for all that the sources are configured with; a change changes it."""
        mine = self._settings
        bearer = str(mine.configs_dir / BEARER_FILE)
        files = [mine.private_key_file, mine.enrolment_secret_file, bearer]
        written = [_written(path) for path in files]
        tokens = [self._env.get(name, "") for name in VARIABLES]
        return fingerprint(ascii((mine.digest, files, written, tokens)))

    def report(self, fingerprint_: str) -> None:
        """Tell whoever hands out tokens that GitHub refused the one with this fingerprint."""
        if self._settings.broker_url:
            self._broker.report(fingerprint_)

    @cached_property
    def _broker(self) -> Broker:
        from gitlease.workspace.sources.broker import Broker  # noqa: PLC0415 - start-up time

        return Broker(self._settings, self._transport, self._cache, self._now)

    @cached_property
    def _app_key(self) -> Source:
        from gitlease.workspace.sources.app_key import AppKey  # noqa: PLC0415 - start-up time

        return AppKey(self._settings, self._transport, self._now)

    @cached_property
    def _environ(self) -> Source:
        from gitlease.workspace.sources.environ import Environ  # noqa: PLC0415 - start-up time

        return Environ(self._settings, self._env, self._cache, self._now)

    @cached_property
    def _transport(self) -> Transport:
        from gitlease.workspace.transport import Transport  # noqa: PLC0415 - start-up time

        return Transport(
            self._env, ca_file=self._settings.ca_file, allow_http=self._settings.allow_http
        )


def _written(path: str) -> tuple[int, int]:
    """Return when the file at *path* was written and its size, zeros if there is none."""
    try:
        found = os.stat(path)  # noqa: PTH116 - "" is no Path
    except (OSError, ValueError):
        return 0, 0
    return found.st_mtime_ns, found.st_size
