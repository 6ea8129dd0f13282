"""
Run a small GitHub on this machine, for tests and demos, until SIGTERM or Ctrl-C.

When it is ready it prints one line of JSON: its addresses, the App's ids and private key file,
and the installations.  GITLEASE_EMULATOR_ISSUED names a file in which it lists all secrets
that it makes, to be looked for in the logs of what is tested.  Exit codes: 0 stopped, 1 it could
not start, 2 a wrong seed or folder, or the
extra is missing.
"""

import argparse
import json
import signal
import sys
import threading
from pathlib import Path

EXAMPLE = "gitlease emulate --seed seed.toml --dir /tmp/github"
STOPPING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `gitlease emulate`."""
    parser.add_argument("--seed", type=Path, metavar="FILE", help="TOML: what the world holds")
    parser.add_argument(
        "--dir", type=Path, metavar="DIR", help="folder of its files (a temporary one if absent)"
    )
    parser.add_argument("--port", type=_port, default=0, help="port of API and git (0: a free one)")


def run(args: argparse.Namespace) -> int:
    """Serve until a signal comes; return the exit code."""
    try:
        # The server and all it needs load here, so that --help works without the extra.
        from .seeds import SeedError  # noqa: PLC0415
        from .server import GitHub  # noqa: PLC0415
    except ModuleNotFoundError as error:
        what = f"the package {error.name} is missing; pip install 'gitlease[emulator]'"
        return _complain(what, 2)
    stop = threading.Event()
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in STOPPING}
    try:
        with GitHub(args.seed, args.dir, args.port) as github:
            print(json.dumps(github.ready()), flush=True)
            stop.wait()
    except SeedError as error:
        return _complain(str(error), 2)
    except OSError as error:
        return _complain(f"{error}; is git installed, and port {args.port} free?", 1)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return 0


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) < 65536):
        raise argparse.ArgumentTypeError(f"{text!r} is no port, 0 to 65535")
    return int(text)


def _complain(problem: str, code: int) -> int:
    print(f"gitlease emulate: {' '.join(problem.split())}", file=sys.stderr)
    return code
