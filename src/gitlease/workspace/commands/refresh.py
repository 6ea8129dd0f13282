"""
Renew now what is used and near its end, and say what was done, a line for each token.

The refresher does the same by itself, in time.
"""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING

from gitlease.model.errors import GitleaseError, OwnerNeededError, SettingsError
from gitlease.model.redaction import printable
from gitlease.workspace import daemon, standing
from gitlease.workspace.fetching import renewal_for
from gitlease.workspace.gh.keeper import Keeper
from gitlease.workspace.refresher import run_round
from gitlease.workspace.rounds import Round
from gitlease.workspace.settings import Settings, home_folder, load

if TYPE_CHECKING:
    import argparse

    from gitlease.workspace.rounds import Gh

EXAMPLE = "gitlease refresh"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options to *parser*."""
    parser.add_argument(
        "--print-next",
        action="store_true",
        help="as the refresher does: print the seconds until the next round, and nothing else",
    )
    parser.add_argument(
        "--fresh", action="store_true", help="get gh a new token, whatever the cache has"
    )
    parser.add_argument("--login", action="store_true", help="only log gh in")
    parser.add_argument(
        "--stay",
        metavar="SCRIPT",
        help="be the refresher in the foreground; while another one is, become SCRIPT, which waits",
    )


def run(args: argparse.Namespace) -> int:
    """Run one round and print what came of it; return 1 if something failed."""
    if args.stay:
        _stay(args.stay)
        return 0
    if args.fresh or args.login:
        return _log_in(fresh=args.fresh)
    if args.print_next:
        settings, done = _by_itself()
        pid = daemon.is_running(settings)
        print(standing.settle(settings, done, time.time(), pid=pid))
        return 0
    settings = load(os.environ)
    return _tell(run_round(settings, os.environ, gh=_gh(settings), everything=True))


def _stay(script: str) -> None:
    """Be the refresher; return only where an uninstall has just removed *script*."""
    # A round, which comes again and again, needs none of them.
    from gitlease.workspace.install.folders import Folders  # noqa: PLC0415
    from gitlease.workspace.install.programs import Programs  # noqa: PLC0415
    from gitlease.workspace.install.refresher import Refresher  # noqa: PLC0415

    if not os.path.exists(script):  # noqa: PTH110 - as it was called, perhaps from here
        return
    settings = load(os.environ)
    # Nobody needs to have installed anything for this user.
    Folders(settings).do()
    Programs(settings).do()
    Refresher(settings, os.environ).become()
    os.execv("/bin/sh", ["sh", script, "wait"])  # noqa: S606 - our own program


def _log_in(*, fresh: bool) -> int:
    settings = load(os.environ)
    keeper = Keeper(settings, os.environ)
    try:
        outcome = renewal_for(settings, os.environ).get(keeper.target, fresh=fresh)
    except OwnerNeededError as error:
        raise OwnerNeededError(error.message, hint="set GITLEASE_GH_OWNER") from None
    state, text = keeper.log_in(outcome.token)
    print(f"{state}: {text}")
    if outcome.warning:
        print(f"gitlease: {printable(outcome.warning, 600)}", file=sys.stderr)
    return 1 if state == "failed" or outcome.error is not None else 0


def _by_itself() -> tuple[Settings, Round]:
    """Run a round that nobody watches: whatever stops it is in its standing, for probes."""
    try:
        settings = load(os.environ)
    except SettingsError as error:
        return Settings(home_folder(os.environ)), Round(error=error)
    try:
        return settings, run_round(settings, os.environ, gh=_gh(settings))
    except Exception as error:  # noqa: BLE001 - see above
        what = f"a round of the refresher failed ({type(error).__name__})"
        return settings, Round(error=GitleaseError(what, hint="run `gitlease refresh` to see why"))


def _tell(done: Round) -> int:
    for line in sorted(done.lines, key=str):
        print(f"{'failed' if line.failed else 'ok':<8}{printable(str(line), 600)}")
    if done.waiting:
        print("no source of tokens is set up yet; `gitlease status` says more")
    elif not done.lines:
        print("no cached token; the next git command fetches one")
    return 1 if done.error is not None else 0


def _gh(settings: Settings) -> Gh | None:
    keeper = Keeper(settings, os.environ)
    return keeper if keeper.is_needed else None
