"""
Install, then become the command: the whole wiring of an image in one line.

The command is this same process, so signals, exit code and process 1 are its own. What fails is
told on stderr and never keeps it from starting. Exit codes of our own: 126 the command cannot be
run, 127 it is not there.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from typing import TYPE_CHECKING, Final

from gitlease.model.errors import GitleaseError, SettingsError
from gitlease.model.redaction import printable
from gitlease.workspace import standing
from gitlease.workspace.commands.token import seconds
from gitlease.workspace.install import options
from gitlease.workspace.install.plan import attempt, install_from
from gitlease.workspace.install.refresher import Refresher
from gitlease.workspace.settings import load
from gitlease.workspace.surroundings import additions, without_python

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_PAUSE: Final = 0.02  # seconds
EXAMPLE = "gitlease run -- bash -l"


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
    if not command:
        raise SettingsError("no command is given", hint="say it after `--`")
    env = options.merged(args, os.environ)
    for line in install_from(env, offline=True).lines:
        if line.state == "failed" or args.report:
            _tell(line.step, f"{line.state}: {line.text}")
    _start_refresher(env, args.wait)
    return _become(command, _surroundings(env))


def _start_refresher(env: Mapping[str, str], wait: float) -> None:
    """
    Let the first token come beside the command; with *wait* (seconds), before it.

    The refresher's first round registers, fetches and logs gh in.
    """
    line = attempt("refresher", lambda: Refresher(load(env), env, wait=False).do())
    if line.state == "failed":
        _tell(line.step, f"failed: {line.text}")
        return
    settings = load(env)
    deadline = time.monotonic() + wait
    while time.monotonic() < deadline and standing.read(settings).next_due is None:
        time.sleep(_PAUSE)
    failed = standing.read(settings).last_error if wait else None
    if failed:
        _tell("refresher", printable(f"failed: {failed['message']}; {failed['hint']}", 400))


def _tell(step: str, text: str) -> None:
    print(f"gitlease: {step}: {text}", file=sys.stderr)


def _surroundings(env: Mapping[str, str]) -> dict[str, str]:
    """Return what the command gets as its environment; what cannot be had is left out."""
    plain = without_python(os.environ)
    try:
        return plain | additions(load(env), plain)
    except (GitleaseError, OSError):
        # The report has told it.
        return plain


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
