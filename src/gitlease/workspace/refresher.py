"""
One round of the refresher: renew what is used and near its end, log gh in, say when to come again.

What nobody has used for a day is left to end.  A renewal that fails takes nothing away.
"""

from __future__ import annotations

import random
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gitlease.model import errors
from gitlease.model.targets import Target
from gitlease.workspace import clocks, events, folders, notes, pace, usage
from gitlease.workspace.cache import Cache
from gitlease.workspace.failures import patience
from gitlease.workspace.renewal import Renewal
from gitlease.workspace.rounds import Line, Round
from gitlease.workspace.sources import BEARER_FILE, VARIABLES, Chain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from gitlease.workspace.cache import Record
    from gitlease.workspace.clocks import Moment
    from gitlease.workspace.pace import Draw
    from gitlease.workspace.rounds import Gh
    from gitlease.workspace.settings import Settings
    from gitlease.workspace.sources import Source

_LASTING: Final = (errors.RefusedError, errors.NotInstalledError)
USED: Final = 86_400.0  # seconds for which a record is kept warm after its last use
# Where a server lets each question wait for its end, many tokens would make a round endless.
LIMIT: Final = 60.0  # seconds after which a round asks no more


def is_configured(settings: Settings) -> bool:
    """Tell whether there is a source that a round could ask; asks the disk only."""
    if settings.broker_url:
        files = [settings.configs_dir / BEARER_FILE]
        if settings.enrolment_secret_file:
            files.append(Path(settings.enrolment_secret_file))
        if any(map(folders.is_there, files)):
            return True
    return bool(settings.app_id and settings.private_key_file)


def run_round(
    settings: Settings,
    env: Mapping[str, str],
    *,
    gh: Gh | None = None,
    sources: Iterable[Source] | None = None,
    read_clock: Callable[[], Moment] = clocks.read,
    draw: Draw = random.uniform,
    everything: bool = False,
) -> Round:
    """
    Renew what is due and return what was done; never raises a `GitleaseError`.

    *gh* is logged in with its token.  *everything* counts every record as used.  *sources* are
    those of the settings unless given.
    """
    if sources is None and not is_configured(settings):
        return Round(waiting=True, next_in=pace.UNCONFIGURED)
    return _Refresher(settings, env, sources, read_clock, draw).run(gh, everything=everything)


class _Refresher:
    def __init__(
        self,
        settings: Settings,
        env: Mapping[str, str],
        sources: Iterable[Source] | None,
        read_clock: Callable[[], Moment],
        draw: Draw,
    ) -> None:
        self._settings = settings
        self._cache = Cache(settings, unseen=True)
        self._read_clock = read_clock
        self._draw = draw
        self._round = Round()
        self._began = read_clock().wall
        # The environment's token is used as it is: there is nothing to renew.
        env = {name: value for name, value in env.items() if name not in VARIABLES}
        chain = Chain(settings, env, self._cache, lambda: read_clock().wall)
        self._renewal = Renewal(
            settings,
            self._cache,
            chain if sources is None else sources,
            read_clock,
            configured=chain.configured,
        )

    def run(self, gh: Gh | None, *, everything: bool) -> Round:
        since = self._read_clock().wall - USED
        # By lot, so that a round which is cut short does not always leave out the same ones.
        for name in sorted(self._cache.names(), key=lambda _: self._draw(0.0, 1.0)):
            if everything or usage.used_since(self._cache.folder / name, since):
                record = self._cache.read(name)
                if record is not None and not (gh and name == gh.target.names[0]):
                    self._attend(_target(name), record)
        if gh is not None:
            self._log_in(gh)
        return self._round

    def _log_in(self, gh: Gh) -> None:
        record = self._attend(gh.target, self._cache.find(gh.target), for_gh=True)
        if record is None or not record.alive(self._read_clock()):
            return
        failed: errors.GitleaseError | None = None
        try:
            state, text = gh.log_in(record.token)
        except errors.GitleaseError as error:
            state, text, failed = "failed", str(error), error
        except OSError as error:
            state, text = "failed", f"{error.strerror}: {error.filename}; mend it"
        self._say(Line("gh", text, failed=state == "failed"))
        if state == "failed":
            self._fail(failed or errors.GitleaseError(f"gh: {text}", hint=""), 0.0)

    def _attend(
        self, target: Target, record: Record | None, *, for_gh: bool = False
    ) -> Record | None:
        """Renew *record* if it is due, or get the first one; return what serves now."""
        now, life = self._read_clock(), record.token.lifetime if record else 0.0
        if record and not pace.is_due(record.left(now), life, self._settings):
            self._say(Line(str(target), f"lives {record.left(now):.0f} s more"))
            self._leave(record, now)
            return record
        if now.wall - self._began > LIMIT:
            self._say(Line(str(target), "left for the next round"))
            self._round.come_again(pace.RETRY)
            return record
        # More than is left, and at the end of its life the least that makes sense.
        wanted = max(record.left(now), 0.0) + 1 if record else None
        try:
            outcome = self._renewal.get(target, min_ttl=wanted)
        except errors.NotInstalledError as error:
            if not (for_gh and record is None):
                self._explain(target, record, error, for_gh=for_gh)
                return record
            # gh may be there and not wanted, where the App is installed for others.
            notes.forget_failure(self._settings, target.names[0])
            self._say(Line("gh", f"not logged in: {error}"))
            self._round.come_again(pace.LONGEST_RETRY)
            return None
        except errors.GitleaseError as error:
            self._explain(target, record, error, for_gh=for_gh)
            return record
        if outcome.error is not None:
            self._explain(target, record, outcome.error)
        elif outcome.record is None:
            self._say(Line(str(target), outcome.warning or "no token that may be kept"))
            self._round.come_again(pace.LONGEST_RETRY)
        elif record is None or outcome.token.fingerprint != record.token.fingerprint:
            self._note_renewed(target, outcome.record)
        else:
            self._wait_for_better(target, outcome.record)
        return outcome.record or record

    def _note_renewed(self, target: Target, record: Record) -> None:
        now = self._read_clock()
        text = f"renewed, lives {record.left(now):.0f} s more"
        events.note(self._settings, "renewed", f"{target}: {record.token.fingerprint}")
        self._say(Line(str(target), text))
        if pace.is_due(record.left(now), record.token.lifetime, self._settings):
            # The broker's own has been in use for a while.
            self._wait_for_better(target, record, say=False)
        else:
            self._leave(record, now)

    def _wait_for_better(self, target: Target, record: Record, *, say: bool = True) -> None:
        left, life = record.left(self._read_clock()), record.token.lifetime
        pause = pace.until_better(left, life, self._draw)
        if say:
            self._say(Line(str(target), f"lives {left:.0f} s more; no longer-lived one yet"))
        # It serves, so this is no failure; but nobody may be asked again and again for it.
        self._round.come_again(pace.RETRY if pause is None else max(pause, pace.SHORTEST))

    def _leave(self, record: Record, now: Moment) -> None:
        life = record.token.lifetime
        pause = pace.until_due(record.left(now), life, self._settings, self._draw)
        self._round.come_again(max(pause, pace.SHORTEST))

    def _explain(
        self,
        target: Target,
        record: Record | None,
        error: errors.GitleaseError,
        *,
        for_gh: bool = False,
    ) -> None:
        self._say(Line(str(target), str(error), failed=True))
        events.note(self._settings, "failed", f"{target}: {error}")
        self._fail(error, patience(error))
        now = self._read_clock()
        if record is not None and record.alive(now):
            # At the latest when it is over, somebody waits.
            left = max(record.left(now), pace.URGENT_RETRY)
            self._round.come_again(max(left, patience(error)))
            return
        if record is not None and isinstance(error, _LASTING):
            # Over, and nobody gives another: the next git command hears why, and tries anew.
            self._cache.drop_if(record.name, record.token.fingerprint)
            if not for_gh:
                return
        self._round.urgent = True

    def _fail(self, error: errors.GitleaseError, wait: float) -> None:
        self._round.error = error
        self._round.patience = max(self._round.patience, wait)

    def _say(self, line: Line) -> None:
        self._round.lines.append(line)


def _target(name: str) -> Target:
    host, owner, repository = (*name.split("~"), None, None)[:3]
    return Target(str(host), owner, repository)
