"""
Ask the fleet's broker, which gives this workspace just the token that it may have.

A token is asked for by owner, since one for all that is granted there serves every repository of
the grant; what comes is kept only for what the broker says that it is good for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gitlease.model.errors import GitleaseError, SourceError
from gitlease.model.scopes import Scope
from gitlease.model.targets import lower
from gitlease.workspace import broker_protocol
from gitlease.workspace.enrolment import Enrolment
from gitlease.workspace.sources import Fetched

if TYPE_CHECKING:
    from collections.abc import Callable

    from gitlease.model.exchange import Request, Response
    from gitlease.model.targets import Target
    from gitlease.model.tokens import Secret
    from gitlease.model.wire import Lease
    from gitlease.workspace.cache import Cache
    from gitlease.workspace.settings import Settings
    from gitlease.workspace.sources import Carrier

# git waits meanwhile for nothing that it needs.
REPORT_LIMIT: Final = 2.0  # seconds


class Broker:
    """Leases from the broker that *settings* name; *now* gives the wall time in seconds."""

    name = "broker"

    def __init__(
        self, settings: Settings, carrier: Carrier, cache: Cache, now: Callable[[], float]
    ) -> None:
        self._settings = settings
        self._carrier = carrier
        self._cache = cache
        self._now = now
        self._enrolment = Enrolment(settings, carrier)
        # One for a whole `fetch`, see `AppKey`.
        self._deadline = 0.0

    def fetch(self, target: Target, min_ttl: float) -> Fetched | None:
        """Return a leased token for *target*; None if no broker is configured."""
        if not self._settings.broker_url:
            return None
        self._deadline = self._carrier.deadline()
        lease = self._lease(target, min_ttl)
        if self._cache.is_rejected(lease.token.fingerprint):
            # The report of it was lost, or came from another HOME.
            self._report(lease.token.fingerprint, self._deadline)
            lease = self._lease(target, min_ttl)
        return self._fetched(lease, target)

    def check(self, target: Target) -> None:
        """Raise the `SourceError` for which no token for *target* is leased; keep none."""
        self._deadline = self._carrier.deadline()
        self._check(self._lease(target, 0), target)

    def report(self, fingerprint: str) -> None:
        """Tell the broker that GitHub refused the token with *fingerprint*; never fails."""
        if self._settings.broker_url:
            self._report(fingerprint, self._carrier.deadline(REPORT_LIMIT))

    def _report(self, fingerprint: str, deadline: float) -> None:
        if not self._settings.workspace_id:
            return
        try:
            bearer = self._enrolment.bearer()
            if bearer is not None:
                request = broker_protocol.ask_rejected(self._settings, bearer, fingerprint)
                self._carrier.exchange(request, deadline)
        except GitleaseError:
            # What it hands out next is looked at all the same.
            return

    def _lease(self, target: Target, min_ttl: float) -> Lease:
        """Ask for the owner's token; for the repository's where that one does not reach it."""
        if self._settings.granularity == "repository":
            return self._ask(target, target.repository, min_ttl)
        lease = self._ask(target, None, min_ttl)
        if _reaches(lease, target):
            return lease
        return self._ask(target, target.repository, min_ttl)

    def _ask(self, target: Target, repository: str | None, min_ttl: float) -> Lease:
        def request(bearer: Secret) -> Request:
            return broker_protocol.ask_lease(
                self._settings, bearer, target.owner, repository, min_ttl
            )

        began = self._now()
        response = self._exchange(request)
        return broker_protocol.read_lease_reply(self._settings, response, began)

    def _exchange(self, request: Callable[[Secret], Request]) -> Response:
        """Send a request with our bearer; once more if that has been replaced meanwhile."""
        bearer = self._enrolment.bearer_or_register(self._deadline)
        response = self._carrier.exchange(request(bearer), self._deadline)
        if response.status == 401:
            newer = self._enrolment.bearer()
            if newer is not None and newer != bearer:
                return self._carrier.exchange(request(newer), self._deadline)
        return response

    def _fetched(self, lease: Lease, target: Target) -> Fetched:
        """Return what *lease* may be kept under; raise `SourceError` if it is not for *target*."""
        self._check(lease, target)
        if lease.owner is None and target.owner is not None:
            # The older platform has one token for everything and does not say what it reaches.
            return Fetched(lease.token, target.host, for_all=True)
        if lease.repositories is not None and target.repository is not None:
            return Fetched(lease.token, target.names[0])
        if target.owner is not None:
            # For the owner alone where the owner's other repositories are not in it.
            is_whole = lease.repositories is None and self._settings.granularity == "owner"
            return Fetched(lease.token, f"{target.host}~{target.owner}", for_all=is_whole)
        return Fetched(lease.token, target.host)

    def _check(self, lease: Lease, target: Target) -> None:
        owner = None if lease.owner is None else lower(lease.owner)
        elsewhere = owner is not None and target.owner not in {None, owner}
        if elsewhere or not _reaches(lease, target):
            raise SourceError(
                f"the broker's token does not reach {target}",
                hint="ask the fleet's operator: the broker has answered another question",
            )
        one = target.repository if self._settings.granularity == "repository" else None
        wanted = Scope.of(owner, None if one is None else [one], self._settings.permissions or None)
        if not wanted.covers(Scope(owner, lease.repositories, lease.permissions)):
            raise SourceError(
                f"the broker's token for {target} may do more than `granularity` and "
                "`permissions` allow here",
                hint="narrow the workspace's grants at the broker, or unset the two",
            )


def _reaches(lease: Lease, target: Target) -> bool:
    return (
        target.repository is None
        or lease.repositories is None
        or target.repository in lease.repositories
    )
