"""
git's credential helper, the part that the shell program hands on.

Three outcomes, each with a name: an answer · not ours (nothing is printed, git asks the next
helper) · ours but failed (`quit=1` if the workspace is set to fail closed, and one line on stderr).
Nothing else ever reaches stdout.  Source: git-credential(1), gitcredentials(7).
"""

from __future__ import annotations

import contextlib
import os
import select
import sys
import time
from typing import TYPE_CHECKING, Final

from gitlease.model import gitcred
from gitlease.model.errors import GitleaseError
from gitlease.model.gitcred import Attributes, MalformedError
from gitlease.model.redaction import printable
from gitlease.model.targets import Target, lower, parse_path
from gitlease.model.tokens import FINGERPRINT_LENGTH, TOKEN_USER, YOUNG, fingerprint
from gitlease.workspace import clocks, cores, events
from gitlease.workspace.cache import Cache
from gitlease.workspace.renewal import Outcome, Renewal
from gitlease.workspace.settings import Settings, load
from gitlease.workspace.sources import Chain

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

INPUT_LIMIT: Final = 5.0  # seconds in which git must have said what it wants
_INPUT_MAX: Final = gitcred.MAX_LINES * (gitcred.MAX_LINE + 1)


class Helper:
    """
    The actions of the helper, free of process-wide state.

    *read_clock* gives the present `Moment`, *sleep* waits for seconds.
    """

    def __init__(
        self,
        settings: Settings,
        env: Mapping[str, str],
        *,
        read_clock: Callable[[], clocks.Moment] = clocks.read,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._settings = settings
        self._cache = Cache(settings)
        self._read_clock = read_clock
        self._sleep = sleep
        # When (wall time) the refresher has something to do, by what has come up here.
        self.due: float | None = None
        self._sources = Chain(settings, env, self._cache, lambda: read_clock().wall)
        self._renewal = Renewal(
            settings, self._cache, self._sources, read_clock, configured=self._sources.configured
        )

    def get(self, data: bytes) -> tuple[bytes, str]:
        """Answer the request *data*: the bytes for git, and a line for the person or ""."""
        asked = self._understand(data)
        if asked is None:
            return b"", ""
        attributes, target = asked
        refused = attributes.state
        try:
            if refused is not None:
                self._refuse(target, refused.decode("ascii", "replace"))
            outcome = self._renewal.get(target)
        except GitleaseError as error:
            events.note(self._settings, "failed", f"{target}: {error}")
            line = f"no token for {target} ({self._settings.who}): {error}"
            return (gitcred.QUIT if self._settings.fail_closed else b""), line
        self._note(target, outcome)
        token = outcome.token
        if self.due is None and outcome.fetched and token.expires_at is not None:
            self.due = token.expires_at - token.lifetime / 3
        again = attributes.knows_state and self._settings.second_chance and refused is None
        return _answer(outcome, again=again), outcome.warning

    def erase(self, data: bytes) -> None:
        """
        Forget the password in *data* if it is the cached one: GitHub has refused it.

        A token that is seconds old is kept, after a pause: GitHub's replicas lag behind a mint.
        """
        asked = self._understand(data)
        if asked is None:
            return
        attributes, target = asked
        password = attributes.one(b"password")
        if password:
            self._refuse(target, fingerprint(password.decode("latin-1")))

    def _understand(self, data: bytes) -> tuple[Attributes, Target] | None:
        """Return what *data* asks of us, or None if it is not ours to answer."""
        try:
            attributes = gitcred.parse(data)
        except MalformedError:
            return None
        host = lower((attributes.one(b"host") or b"").decode("latin-1"))
        if ":" not in self._settings.host:
            host = host.removesuffix(":443")
        if attributes.one(b"protocol") != b"https" or host != self._settings.host:
            return None
        users = {None, TOKEN_USER.encode()}
        if self._settings.app_slug:
            users.add(f"{self._settings.app_slug}[bot]".encode())
        if attributes.one(b"username") not in users:
            return None
        target = parse_path(host, (attributes.one(b"path") or b"").decode("latin-1"))
        return None if target is None else (attributes, target)

    def _refuse(self, target: Target, rejected: str) -> None:
        """Take note that GitHub refused the token with fingerprint *rejected*."""
        now = self._read_clock()
        for name in target.names:
            record = self._cache.read(name)
            if record is None or record.token.fingerprint != rejected:
                continue
            age = record.age(now)
            young = min(YOUNG, record.token.lifetime / 6)
            if age < young:
                # Half of it is what octokit waits before it gives such a token up.
                self._sleep(max(young / 2 - age, young / 10))
                events.note(self._settings, "young", f"{target}: refused at {age:.1f} s, kept")
                return
            self._cache.reject(rejected, now.wall + max(record.left(now), 60.0))
            self._cache.drop_if(name, rejected)
            # gh may hold it too, and would until its life is over.
            self.due = now.wall
            events.note(self._settings, "rejected", f"{target}: {rejected} dropped")
            # Only what we held is told: any other password may be a person's.
            self._sources.report(rejected)
            return
        # It is not the cached one any more, but no source shall bring it back.
        if len(rejected) == FINGERPRINT_LENGTH:
            self._cache.reject(rejected, now.wall + 3600.0)

    def _note(self, target: Target, outcome: Outcome) -> None:
        how = f"from {outcome.token.source}" if outcome.fetched else "from the cache"
        text = f"{target}: {outcome.token.fingerprint} {how}"
        if outcome.warning:
            text += f" ({outcome.warning})"
        events.note(self._settings, "fetched" if outcome.fetched else "served", text)


def _answer(outcome: Outcome, *, again: bool) -> bytes:
    token = outcome.token
    return gitcred.answer(
        token.username,
        token.secret.reveal(),
        None if token.expires_at is None else int(token.expires_at),
        state=token.fingerprint if again else None,
    )


def read_input(descriptor: int, limit: float = INPUT_LIMIT) -> bytes | None:
    """
    Read a request from *descriptor* up to its blank line or the end of input.

    None if neither comes within *limit* seconds, or if it is too long to be a request.
    """
    deadline = time.monotonic() + limit
    data = bytearray()
    while True:
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([descriptor], [], [], left)[0]:
            return None
        chunk = os.read(descriptor, 65_536)
        data += chunk
        if not chunk or gitcred.ended(bytes(data[-len(chunk) - 1 :])) or data[:1] == b"\n":
            return bytes(data)
        if len(data) > _INPUT_MAX:
            return None


def main(arguments: list[str], env: Mapping[str, str]) -> int:
    """
    Run one action of the helper on this process's standard streams; return 0.

    *arguments* are the action and, from the installed program, the host that it answers for and
    `closed` or `open`: how to fail if the settings cannot even be read.
    """
    action, host, failing = (*arguments, "", "", "")[:3]
    if action == "capability":
        os.write(1, gitcred.CAPABILITIES)
    if action not in {"get", "erase"}:
        return 0
    cores.forbid()
    data = read_input(0)
    if data is None:
        return 0
    try:
        settings = load(env)
    except GitleaseError as error:
        if action == "get" and host:
            _say(f"no token for {host}: {error}")
            _write(gitcred.QUIT if failing == "closed" else b"")
        return 0
    if settings.problem:
        _say(settings.problem)
    helper = Helper(settings, env)
    if action == "erase":
        helper.erase(data)
        _attend_refresher(settings, env, helper.due)
        return 0
    try:
        reply, line = helper.get(data)
    except Exception:
        # A defect of ours: it is ours to answer all the same, and the last door has its line.
        _write(gitcred.QUIT if settings.fail_closed else b"")
        raise
    if line:
        _say(line)
    _write(reply)
    _attend_refresher(settings, env, helper.due)
    return 0


def _attend_refresher(settings: Settings, env: Mapping[str, str], due: float | None) -> None:
    """Let nobody who asks meet a dead refresher twice; git has its answer, and hears no failure."""
    if not os.path.exists(settings.home / "run" / "refresher.wanted"):  # noqa: PTH110 - never raises
        return
    from gitlease.workspace import daemon  # noqa: PLC0415 - git has waited for its answer alone

    with contextlib.suppress(Exception):
        daemon.attend(settings, env, due)


def _write(reply: bytes) -> None:
    view = memoryview(reply)
    while view:
        view = view[os.write(1, view) :]


def _say(line: str) -> None:
    print(f"gitlease: {printable(line, 600)}", file=sys.stderr)
