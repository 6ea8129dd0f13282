"""
Install, then become the command: the whole wiring of an image in one line.

The command is this same process, so signals, exit code and process 1 are its own. What fails is
told on stderr and never keeps it from starting. Exit codes of our own: 126 the command cannot be
run, 127 it is not there.  A login shell sets PATH anew: `eval "$(gitlease env)"` there has our gh
again.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import queue
import signal
import sys
import threading
import time
from typing import TYPE_CHECKING, Final

from gitlease.model.errors import GitleaseError, NoTokenError, SettingsError
from gitlease.model.redaction import printable
from gitlease.workspace import cores, daemon, standing
from gitlease.workspace.commands.token import seconds
from gitlease.workspace.gh.keeper import Keeper
from gitlease.workspace.install import options
from gitlease.workspace.install.first_token import FirstToken
from gitlease.workspace.install.plan import attempt, install_from
from gitlease.workspace.install.refresher import Refresher
from gitlease.workspace.install.usable import usable
from gitlease.workspace.surroundings import additions, remember, without_python
from gitlease.workspace.unsourced import is_unsourced, no_source

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gitlease.workspace.install.report import Line
    from gitlease.workspace.settings import Settings

_PAUSE: Final = 0.02  # seconds
EXAMPLE = "gitlease run -- bash"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options to *parser*."""
    options.add(parser)
    parser.add_argument("--report", action="store_true", help="tell every step, not only failures")
    parser.add_argument(
        "--wait",
        metavar="S",
        type=seconds,
        default=0.0,
        help="wait up to S seconds for the first token (default: it comes beside the command)",
    )
    parser.add_argument(
        "command", metavar="-- CMD", nargs=argparse.REMAINDER, help="what to become, and its words"
    )


def run(args: argparse.Namespace) -> int:
    """Install and become the command; return only if it cannot be started."""
    command = args.command[1:] if args.command[:1] == ["--"] else args.command
    if not command or not command[0]:
        raise SettingsError("no command is given", hint="say it after `--`")
    surroundings = without_python(os.environ)
    limit = cores.forbid()
    try:
        surroundings |= _install(args, surroundings)
    except Exception as error:  # noqa: BLE001 - a container starts without git rather than not at all
        _tell("install", f"failed: a defect ({type(error).__name__}); please report it")
    cores.allow(limit)
    return _become(command, surroundings)


def _install(args: argparse.Namespace, surroundings: Mapping[str, str]) -> dict[str, str]:
    """Install as *args* say; return what the command needs besides its *surroundings*."""
    env = options.merged(args, os.environ)
    for line in install_from(env, offline=True).told:
        if line.state == "failed" or args.report:
            _tell(line.step, f"{line.state}: {line.text}")
    found = usable(env)
    if found.settings is None:
        return {}
    wait = args.wait
    if is_unsourced(found.settings, found.env):
        _tell("token", f"failed: {no_source(found.settings)}; {NoTokenError.hint}")
        # The refresher waits for a source; nothing else has to.
        wait = 0.0
    _start_refresher(found.settings, found.env, wait)
    try:
        needed = additions(found.settings, surroundings)
    except (GitleaseError, OSError):
        # The report has told it.
        return {}
    remember(found.settings, needed)
    return needed


def _start_refresher(settings: Settings, env: Mapping[str, str], wait: float) -> None:
    """
    Let the first token come beside the command; with *wait* (seconds), before it.

    The refresher's first round registers, fetches and logs gh in.
    """
    # A home that outlives its container has the word of a refresher that is long gone.
    before = standing.mark(settings)
    line = attempt("refresher", lambda: Refresher(settings, env, wait=False).do())
    if line.state == "failed":
        _tell(line.step, f"failed: {line.text}")
    elif wait and not Keeper(settings, env).is_needed:
        _fetch_first(settings, env, wait)
    elif wait:
        _await_round(settings, before, wait, is_new=line.state == "done")


def _fetch_first(settings: Settings, env: Mapping[str, str], wait: float) -> None:
    """Fetch the first token here: the refresher fetches none that nobody has asked for yet."""
    said: queue.SimpleQueue[Line] = queue.SimpleQueue()
    step = FirstToken(settings, env)
    # A thread, because who waits has said for how long.
    threading.Thread(target=lambda: said.put(attempt(step.name, step.do)), daemon=True).start()
    with contextlib.suppress(queue.Empty):
        line = said.get(timeout=wait)
        if line.state == "failed":
            _tell(line.step, f"failed: {line.text}")


def _await_round(
    settings: Settings, before: tuple[int, int] | None, wait: float, *, is_new: bool
) -> None:
    """Wait for the word of another round than *before*, or of any if the refresher is not new."""
    deadline = time.monotonic() + wait
    while time.monotonic() < deadline:
        if standing.mark(settings) != before or (not is_new and _has_begun(settings)):
            failed = standing.read(settings).last_error
            if failed:
                _tell("refresher", printable(f"failed: {failed['message']}; {failed['hint']}", 400))
            return
        time.sleep(_PAUSE)


def _has_begun(settings: Settings) -> bool:
    """Tell whether the refresher that runs has made a round."""
    pid = standing.read(settings).pid
    return pid is not None and pid == daemon.is_running(settings)


def _tell(step: str, text: str) -> None:
    print(f"gitlease: {step}: {text}", file=sys.stderr)


def _become(command: Sequence[str], env: Mapping[str, str]) -> int:
    sys.stdout.flush()
    sys.stderr.flush()
    # Python ignores these for itself; a program that is started so would not end with its pipe.
    for number in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_DFL)
    try:
        os.execvpe(command[0], list(command), dict(env))  # noqa: S606 - what the person asked for
    except OSError as error:
        name = printable(command[0])
        print(f"gitlease: {name} cannot be run: {error.strerror}", file=sys.stderr)
        return 127 if isinstance(error, FileNotFoundError) else 126
