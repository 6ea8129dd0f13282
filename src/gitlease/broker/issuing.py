"""
The story of one lease.

The order of its steps is the security property of the whole service, so all of them stand in one
function.  Whoever changes the order changes what the broker promises.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol

from gitlease.broker.deadline import LIMIT
from gitlease.broker.errors import LateError, OutsideGrantsError, QuotaError
from gitlease.broker.policy import Asked, Refused, decide
from gitlease.model.counts import counted
from gitlease.model.errors import GitleaseError, RequestError
from gitlease.model.redaction import printable
from gitlease.model.scopes import Scope
from gitlease.model.tokens import MIN_TTL
from gitlease.model.wire import Lease

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
    from typing import Any

    from gitlease.broker.identity import Caller, Door
    from gitlease.broker.ledger import Ledger
    from gitlease.broker.metrics import Metrics
    from gitlease.broker.minters import Minted
    from gitlease.model.grants import Grant

HOUR: Final = 3600  # seconds
# Whoever asks in a loop beyond its quota costs no write, and fills no journal.
REFUSED_FOR: Final = 10.0  # seconds from a refusal until the database is asked again
_MOST_USED_UP: Final = 10_000  # grants
LONGEST_TTL: Final = 24 * HOUR  # more than any token lives; beyond it a number is a mistake


class Quota(Protocol):
    """Counts leases by the hour, for all replicas at once."""

    async def take(self, workspace_id: str, grant: Grant, hour: int) -> bool:
        """Count one more lease by *grant* if its quota for *hour* allows that; tell whether."""

    async def give_back(self, workspace_id: str, grant: Grant, hour: int) -> None:
        """Count one less: what was taken came to no lease."""


class Source(Protocol):
    """Has the tokens, or gets them."""

    def ready(self, scope: Scope, *, min_ttl: float) -> Minted | None:
        """Return a token of exactly *scope* if one is at hand, else None."""

    async def mint(self, scope: Scope, *, min_ttl: float, whose: str | None) -> Minted:
        """Return a token of exactly *scope*; raise a `SourceError` that names the cause."""


@dataclass(frozen=True, slots=True)
class Ask:
    """
    A request for a lease, in the caller's own words: nothing of it has been judged.

    It `is_ambiguous` if a parameter came twice: two readers would differ on what it says.
    """

    request_id: str
    authorization: Sequence[str] = field(repr=False)
    unverified_owner: str | None = None
    unverified_repository: str | None = None
    unverified_min_ttl: str | None = None
    is_ambiguous: bool = False


class Issuing:
    """Hands out leases; *now* is the wall clock, *min_ttl* (seconds) what a lease outlives."""

    def __init__(
        self,
        door: Door,
        ledger: Ledger,
        quota: Quota,
        minter: Source,
        metrics: Metrics,
        *,
        now: Callable[[], float] = time.time,
        min_ttl: int = MIN_TTL,
    ) -> None:
        self._door = door
        self._ledger = ledger
        self._quota = quota
        self._minter = minter
        self._metrics = metrics
        self._now = now
        self._min_ttl = min_ttl
        self._used_up: dict[tuple[str, Grant], tuple[float, int]] = {}
        self._afterwards: set[asyncio.Task[None]] = set()

    async def close(self) -> None:
        """Wait for what is still to be written down about requests whose time was over."""
        await asyncio.gather(*self._afterwards)

    async def for_workspace(self, workspace_id: str, ask: Ask) -> Lease:
        """
        Return a lease for *workspace_id*, whose record is committed.

        Raises `BearerError`, `RequestError`, `OutsideGrantsError`, `QuotaError`, or the
        `SourceError` that GitHub's answer comes to.
        """
        # First who, then everything else: a stranger learns nothing, not even that his question
        # is malformed, and costs one digest and one read.
        caller = await self._door.workspace(ask.authorization, workspace_id)
        asked = Asked.of(ask.unverified_owner, ask.unverified_repository)
        min_ttl = self._read_min_ttl(ask)
        # The grants came with the bearer, in one read: a change in the middle of this request
        # cannot mix an old grant with a new one.
        verdict = decide(caller.grants, asked)
        if isinstance(verdict, Refused):
            await self._ledger.refused(ask.request_id, caller, asked, verdict.reason)
            raise OutsideGrantsError(caller.workspace_id, verdict)
        if verdict.grant.max_per_hour is None:
            # Only now the cache and GitHub, by the scope that was allowed and by nothing else:
            # authorisation never sits behind the cache.
            return await self._issue(ask, caller, verdict.scope, min_ttl)
        # Only what is allowed counts, and only a token that came: a refused request must not use
        # up the quota, nor must an hour in which GitHub was away.
        async with self._within_quota(ask, caller, verdict.grant):
            # Only now the cache and GitHub, by the scope that was allowed and by nothing else:
            # authorisation never sits behind the cache.
            return await self._issue(ask, caller, verdict.scope, min_ttl)

    async def for_admin(self, ask: Ask) -> Lease:
        """Return a lease for the default installation; raises what `for_workspace` raises."""
        self._door.admin(ask.authorization)
        return await self._issue(ask, None, Scope(), self._read_min_ttl(ask))

    async def _issue(self, ask: Ask, caller: Caller | None, scope: Scope, min_ttl: int) -> Lease:
        minted = self._minter.ready(scope, min_ttl=min_ttl)
        if minted is not None:
            # Nothing is asked of GitHub: one record says it all, before the token leaves.
            await self._ledger.leased_at_once(ask.request_id, caller, scope, minted)
            return self._lease(scope, minted)
        # The intent is on record before GitHub is asked, the end before the token leaves: a
        # crash in between leaves an open intent, never a lease that nobody knows of.
        intent = await self._ledger.intend(ask.request_id, caller, scope)
        try:
            whose = None if caller is None else caller.workspace_id
            minted = await self._minter.mint(scope, min_ttl=min_ttl, whose=whose)
            if caller is not None:
                # GitHub may have taken seconds: who was shut out meanwhile gets nothing.
                await self._door.workspace(ask.authorization, caller.workspace_id)
        except Exception as error:
            await self._ledger.failed(intent, error)
            raise
        except asyncio.CancelledError:
            self._later(self._ledger.failed(intent, LateError(LIMIT)))
            raise
        await self._ledger.leased(intent, minted)
        return self._lease(scope, minted)

    def _lease(self, scope: Scope, minted: Minted) -> Lease:
        self._metrics.leased(minted.source)
        owner = scope.owner
        return Lease(minted.token, owner, scope.repositories, scope.permissions, minted.app)

    @contextlib.asynccontextmanager
    async def _within_quota(self, ask: Ask, caller: Caller, grant: Grant) -> AsyncIterator[None]:
        if grant.max_per_hour is None:
            yield
            return
        now = self._now()
        hour, used_up = int(now // HOUR), (caller.workspace_id, grant)
        reason = f"its grant is good for {counted(grant.max_per_hour, 'lease')} an hour"
        refused = QuotaError(
            f"workspace {caller.workspace_id} gets no more tokens for {grant.owner}: {reason}",
            retry_after=(hour + 1) * HOUR - now,
        )
        known_at, known_hour = self._used_up.get(used_up, (0.0, 0))
        if known_hour == hour and known_at <= now < known_at + REFUSED_FOR:
            raise refused
        if not await self._quota.take(caller.workspace_id, grant, hour):
            await self._ledger.refused(ask.request_id, caller, Asked(grant.owner), reason)
            if len(self._used_up) >= _MOST_USED_UP:
                self._used_up.clear()
            self._used_up[used_up] = (now, hour)
            raise refused
        try:
            yield
        except GitleaseError:
            self._used_up.pop(used_up, None)
            with contextlib.suppress(GitleaseError):
                await self._quota.give_back(caller.workspace_id, grant, hour)
            raise
        except asyncio.CancelledError:
            self._used_up.pop(used_up, None)
            self._later(self._quota.give_back(caller.workspace_id, grant, hour))
            raise

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        """Do *work* behind the answer that its time is over, which must not wait for it."""

        async def done() -> None:
            with contextlib.suppress(GitleaseError):
                await work

        task = asyncio.create_task(done())
        self._afterwards.add(task)
        task.add_done_callback(self._afterwards.discard)

    def _read_min_ttl(self, ask: Ask) -> int:
        if ask.is_ambiguous:
            raise RequestError("a parameter is given twice", hint="give each one once")
        text = ask.unverified_min_ttl
        if text is None:
            return self._min_ttl
        if not (text.isascii() and text.isdigit() and len(text) < 8 and int(text) <= LONGEST_TTL):
            raise RequestError(
                f"min_ttl is {printable(repr(text), 40)}",
                hint=f"it takes seconds, 0 to {LONGEST_TTL}",
            )
        return int(text)
