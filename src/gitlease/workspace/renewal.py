"""
Get a token for a target: look in the cache, lock, look again, ask the sources, put.

Any number of processes that want the same token cause one fetch, because the lock is held across
it; whoever waited hears the leader's outcome, a failure too.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from gitlease.model import errors
from gitlease.model.frozen import Frozen, replace
from gitlease.model.tokens import LAST_SECONDS
from gitlease.workspace import folders
from gitlease.workspace.failures import Failures, patience
from gitlease.workspace.locks import LIMIT, held

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from gitlease.model.targets import Target
    from gitlease.model.tokens import Token
    from gitlease.workspace.cache import Cache, Record
    from gitlease.workspace.clocks import Moment
    from gitlease.workspace.settings import Settings
    from gitlease.workspace.sources import Fetched, Source


class Outcome(Frozen):
    """
    A token; `record` if it is in the cache; `warning`, one line, if something is not as it should.

    `fetched` says whether a source was asked for it; `error` is what a renewal failed with, where
    an older token still serves.
    """

    token: Token
    record: Record | None = None
    warning: str = ""
    fetched: bool = False
    error: errors.GitleaseError | None = None


class _Wish(Frozen):
    """
    What a caller wants: a life of `min_ttl` seconds, and `fresh` if not from the cache.

    `exact` says that the caller has named the seconds, so that they are not capped.
    """

    min_ttl: float
    exact: bool
    fresh: bool
    asked_at: Moment

    def is_met_by(self, record: Record, now: Moment) -> bool:
        # A leader's token that came after we asked is as good as one that we would fetch.
        is_new = record.put_at.wall > self.asked_at.wall
        too_short = self.exact and record.left(now) < self.min_ttl
        return record.usable(now, self.min_ttl) and (is_new or not (self.fresh or too_short))


class Renewal:
    """
    Brings the parts together; *read_clock* gives the present `Moment`.

    *configured* names what the sources are configured with (default: by the settings), so that
    no failure is remembered beyond a change.  *lock_limit* is how many seconds somebody else's
    fetch of the same token is waited for.
    """

    def __init__(
        self,
        settings: Settings,
        cache: Cache,
        sources: Iterable[Source],
        read_clock: Callable[[], Moment],
        *,
        configured: Callable[[], str] | None = None,
        lock_limit: float = LIMIT,
    ) -> None:
        self._settings = settings
        self._cache = cache
        self._sources = sources
        self._read_clock = read_clock
        self._failures = Failures(settings, configured or (lambda: settings.digest))
        self._lock_limit = lock_limit

    def get(self, target: Target, *, min_ttl: float | None = None, fresh: bool = False) -> Outcome:
        """
        Return a token for *target* that lives *min_ttl* more seconds.

        The default, the setting's, is capped at a third of a token's life; seconds that the caller
        names are not.  With *fresh* the cache is not believed.  A token that still lives is
        returned with a warning when a longer-lived one cannot be had.  Raises a `GitleaseError`
        if no source has a token.
        """
        default = self._settings.lfs_min_ttl if target.lfs else self._settings.min_ttl
        wish = _Wish(
            default if min_ttl is None else min_ttl,
            exact=min_ttl is not None,
            fresh=fresh,
            asked_at=self._read_clock(),
        )
        outcome = self._get(target, wish)
        left = self._left(outcome)
        if outcome.warning or not wish.exact or left >= wish.min_ttl:
            return outcome
        warning = (
            f"the token for {target} lives {left:.0f} s, not {wish.min_ttl:.0f} s: "
            "no source has one that lives longer"
        )
        return replace(outcome, warning=warning)

    def _left(self, outcome: Outcome) -> float:
        """Return how many seconds the token of *outcome* lives, endless if that is unknown."""
        now = self._read_clock()
        if outcome.record is not None:
            return outcome.record.left(now)
        expires = outcome.token.expires_at
        return math.inf if expires is None else expires - now.wall

    def _get(self, target: Target, wish: _Wish) -> Outcome:
        cached = self._answered(target, wish)
        if cached is not None:
            return cached
        try:
            folders.make_private(self._settings.home)
            folders.make_private(self._cache.folder)
        except errors.FolderError as error:
            # In a folder that cannot be trusted nothing is locked, read or kept.
            fetched = self._ask(target, wish.min_ttl)
            problem = f"{error}; tokens are not kept meanwhile"
            return Outcome(fetched.token, None, problem, fetched=True)
        try:
            with held(self._lock_file(target), limit=self._lock_limit):
                return self._answered(target, wish) or self._fetch(target, wish)
        except errors.BusyError as error:
            # One more asker would make a slow GitHub slower, and the leader may just be done.
            return self._answered(target, wish) or self._fall_back(target, error)

    def _answered(self, target: Target, wish: _Wish) -> Outcome | None:
        """Return what the cache has for *target*, or None if *wish* wants more than that."""
        record = self._cache.find(target)
        if record is None or not wish.is_met_by(record, self._read_clock()):
            return None
        return Outcome(record.token, record)

    def _fetch(self, target: Target, wish: _Wish) -> Outcome:
        """Ask the sources, unless a leader has just heard that they have nothing."""
        key = self._key(target)
        heard = self._failures.heard(key, wish.asked_at.wall, self._read_clock().wall)
        if heard is not None:
            return self._fall_back(target, heard)
        try:
            fetched = self._ask(target, wish.min_ttl)
        except errors.GitleaseError as error:
            self._failures.note(key, error, self._read_clock().wall)
            return self._fall_back(target, error)
        return self._keep(target, fetched)

    def _ask(self, target: Target, min_ttl: float) -> Fetched:
        reasons: list[errors.GitleaseError] = []
        for source in self._sources:
            try:
                fetched = source.fetch(target, min_ttl)
            except errors.RefusedError:
                # Another source would widen the scope.
                raise
            except errors.GitleaseError as error:
                error.source = source.name
                reasons.append(error)
                continue
            if fetched is None:
                continue
            unfit = self._unfit(fetched.token)
            if not unfit:
                return fetched
            reasons.append(errors.SourceError(f"the {source.name} gave a token that {unfit}"))
            reasons[-1].source = source.name
        if len(reasons) == 1:
            raise reasons[0]
        if not reasons:
            from gitlease.workspace.unsourced import no_source  # noqa: PLC0415 - start-up time

            raise errors.NoTokenError(no_source(self._settings))
        raise _summary(reasons)

    def _unfit(self, token: Token) -> str:
        """Return in words why a fetched *token* may not be handed out, or ""."""
        if self._cache.is_rejected(token.fingerprint):
            return "GitHub has refused before"
        if not token.usable(self._read_clock().wall, LAST_SECONDS):
            return "has expired; check this machine's clock"
        return ""

    def _keep(self, target: Target, fetched: Fetched) -> Outcome:
        if fetched.name is None:
            return Outcome(fetched.token, fetched=True)
        now = self._read_clock()
        try:
            record = self._cache.put(fetched.name, fetched.token, now, for_all=fetched.for_all)
        except (OSError, errors.FolderError) as error:
            said = error.strerror if isinstance(error, OSError) else str(error)
            return Outcome(
                fetched.token,
                None,
                f"the token for {target} is not kept ({said}); free space or mend "
                f"{self._cache.folder}",
                fetched=True,
            )
        # A narrower record that is left over would hide the one just written.
        for name in target.names:
            if name == fetched.name:
                break
            self._cache.drop(name)
        self._cache.prune(now)
        self._failures.forget(self._key(target))
        # What it could not be had for before, it answers from now on without a question.
        self._failures.forget_answered(fetched.name, for_all=fetched.for_all)
        return Outcome(fetched.token, record, fetched=True)

    def _fall_back(self, target: Target, error: errors.GitleaseError) -> Outcome:
        """Return what still lives in the cache; raise *error* if nothing does, or if refused."""
        record = self._cache.find(target)
        now = self._read_clock()
        if record is None or not record.alive(now) or isinstance(error, errors.RefusedError):
            raise error
        return Outcome(
            record.token,
            record,
            f"the token for {target} lives {record.left(now):.0f} s more and could not be "
            f"renewed: {error}",
            error=error,
        )

    def _key(self, target: Target) -> str:
        """Return the name under which equal fetches for *target* are one."""
        # A broker may grant one repository of an owner and refuse the next.
        by_repository = self._settings.granularity == "repository" or self._settings.broker_url
        return target.names[0 if by_repository or target.repository is None else 1]

    def _lock_file(self, target: Target) -> Path:
        return self._cache.folder / f".lock~{self._key(target)}"


def _summary(reasons: list[errors.GitleaseError]) -> errors.GitleaseError:
    named = "; ".join(f"{error.source}: {error.message}" for error in reasons)
    # What will pass by itself decides when to ask again.
    passing = (errors.UnreachableError, errors.RateLimitedError)
    for error in reasons:
        if isinstance(error, passing):
            return type(error)(named, hint=error.hint, retry_after=error.retry_after)
    wait = max(patience(error) for error in reasons)
    return errors.NoTokenError(named, hint=reasons[0].hint, retry_after=wait or None)
