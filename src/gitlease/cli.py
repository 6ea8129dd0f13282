"""
The command line: a table from command to module, and the one place that turns errors into lines.

Only the chosen command's module is imported.  Exit codes: 0 done, 1 failed, 2 wrong usage or
settings, 130 interrupted; `status` has its own.
"""

from __future__ import annotations

import io
import os
import sys
from io import FileIO
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping, Sequence
    from types import ModuleType

    from _typeshed import ReadableBuffer

# Command: (module, what it does).
COMMANDS: Final[Mapping[str, tuple[str, str]]] = {
    "install": ("gitlease.workspace.install.command", "give this workspace's git its helper"),
    "run": ("gitlease.workspace.commands.run", "install, then become a command"),
    "env": ("gitlease.workspace.commands.env", "print what a shell has to evaluate"),
    "uninstall": ("gitlease.workspace.install.removal", "put back what was there before"),
    "register": ("gitlease.workspace.commands.register", "get a bearer from the broker"),
    "token": ("gitlease.workspace.commands.token", "print a valid token"),
    "refresh": ("gitlease.workspace.commands.refresh", "renew tokens that are near their end"),
    "invalidate": ("gitlease.workspace.commands.invalidate", "forget cached tokens"),
    "status": ("gitlease.workspace.commands.status", "tell how this workspace is"),
    "doctor": ("gitlease.workspace.commands.doctor", "find what is wrong, and say what mends it"),
    "credential": ("gitlease.workspace.commands.credential", "git's credential helper"),
    "broker": ("gitlease.broker.command", "run and manage the fleet's broker"),
    "emulate": ("gitlease.emulator.command", "run a small GitHub on this machine"),
    "demo": ("gitlease.demo.command", "show it all working, without a network"),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line *argv* (default: this process's) and return the exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    _fill_descriptors()
    try:
        if arguments[:1] == ["credential"] and arguments[1:2] != [] and arguments[1][:1] != "-":
            # git waits for this one: no parser of options, no other command.
            from gitlease.workspace.helper import main as credential  # noqa: PLC0415

            return credential(arguments[1:], os.environ)
        _prepare_output()
        return _run(arguments)
    except SystemExit:
        # The help and the version are output too.
        if _finish_output():
            return 1
        raise
    except KeyboardInterrupt:
        return 130
    except Exception as error:  # noqa: BLE001 - the last door: a person gets a line, not a trace
        return _explain(error, os.environ)


def _run(arguments: list[str]) -> int:
    parser = build_parser()
    if not arguments or arguments[0] not in COMMANDS:
        parser.parse_args(arguments or ["--help"])
        parser.error("the command comes first")
    module = _load(arguments[0])
    own = command_parser(arguments[0], module)
    args = own.parse_args(arguments[1:])
    if module.__name__.startswith("gitlease.workspace.") and arguments[0] != "run":
        # What becomes another's program gives the limit back to it, so it sees to that itself.
        from gitlease.workspace import cores  # noqa: PLC0415 - see build_parser

        cores.forbid()
    code: int = module.run(args)
    # Here a full disk or a closed pipe still gets its line; at the exit it would not.
    sys.stdout.flush()
    return code


def _fill_descriptors() -> None:
    """Take the numbers of closed standard streams, before a file of ours gets one of them."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            # The lowest free number is taken; a message may be lost there, an answer may not.
            os.open(os.devnull, os.O_RDWR if descriptor == 2 else os.O_RDONLY)
    if sys.stderr is sys.__stderr__:
        # Also where it was closed: `print` takes None for standard output, where git and others
        # read an answer.
        sys.stderr = io.TextIOWrapper(
            io.BufferedWriter(_Lossy(2, "w", closefd=False)),
            errors="backslashreplace",
            line_buffering=True,
        )


class _Lossy(io.FileIO):
    """Loses what cannot be written: on a full disk an answer counts, and a message does not."""

    def write(self, data: ReadableBuffer, /) -> int:
        """Write *data* as far as that goes, and say that it all went."""
        try:
            # None where a pipe that may not wait is full.
            return super().write(data) or len(memoryview(data))
        except OSError:
            return len(memoryview(data))


def _prepare_output() -> None:
    """Make sure that whatever is printed can be spelt, and fails as other output does."""
    if sys.stdout is None:
        sys.stdout = open(1, "w", closefd=False)  # noqa: SIM115 - it was closed before us
    elif isinstance(getattr(sys.stdout, "buffer", None), FileIO):
        # PYTHONUNBUFFERED: what could not be written would be lost, and so the word about it.
        sys.stdout = open(1, "w", 1, sys.stdout.encoding, closefd=False)  # noqa: SIM115 - as above
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line's first word, with the table as its help."""
    import argparse  # noqa: PLC0415 - 6 ms that git need not wait for

    from gitlease import __version__  # noqa: PLC0415 - likewise
    from gitlease.usage import Parser  # noqa: PLC0415 - likewise

    rows = "\n".join(f"  {name:<12}{what}" for name, (_, what) in COMMANDS.items())
    parser = Parser(
        "gitlease",
        description="Keep git and gh supplied with valid GitHub App tokens.",
        epilog=f"commands:\n{rows}\n\n`gitlease COMMAND --help` says more, with an example.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"gitlease {__version__}")
    parser.add_argument("command", choices=list(COMMANDS), metavar="COMMAND")
    return parser


def command_parser(name: str, module: ModuleType) -> argparse.ArgumentParser:
    """Return the parser of the command *name*, which *module* implements."""
    import argparse  # noqa: PLC0415 - see build_parser

    from gitlease.usage import Parser  # noqa: PLC0415 - see build_parser

    parser = Parser(
        f"gitlease {name}",
        description=module.__doc__,
        epilog=f"example:\n  {module.EXAMPLE}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    module.add_arguments(parser)
    return parser


def _load(name: str) -> ModuleType:
    from importlib import import_module  # noqa: PLC0415 - see build_parser

    from gitlease.model.errors import SettingsError  # noqa: PLC0415 - see build_parser

    module = COMMANDS[name][0]
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("gitlease"):
            raise
        room = module.split(".")[1]
        extra = room if room == "broker" else "emulator"
        raise SettingsError(
            f"`gitlease {name}` needs the package {error.name}",
            hint=f"pip install 'gitlease[{extra}]'",
        ) from None


def _finish_output() -> bool:
    """
    Write out what is left; return whether it has to be let go, which is said in a line.

    The interpreter would complain of it at its end.
    """
    if sys.stdout is None:
        print("gitlease: cannot write to standard output: Bad file descriptor", file=sys.stderr)
        return True
    try:
        sys.stdout.flush()
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        # Who has closed a pipe wants no more of it, nor a word about it.
        if not isinstance(error, BrokenPipeError):
            print(f"gitlease: cannot write to standard output: {error.strerror}", file=sys.stderr)
        return True
    return False


def _explain(error: Exception, env: Mapping[str, str]) -> int:
    from gitlease.model.errors import GitleaseError, RequestError, SettingsError  # noqa: PLC0415
    from gitlease.model.redaction import printable, redact  # noqa: PLC0415

    if isinstance(error, GitleaseError):
        print(f"gitlease: {printable(str(error), 600)}", file=sys.stderr)
        return 2 if isinstance(error, (RequestError, SettingsError)) else 1
    if isinstance(error, OSError) and _finish_output():
        return 1
    if isinstance(error, OSError) and error.strerror:
        where = f": {error.filename}" if error.filename else ""
        print(f"gitlease: {printable(error.strerror + where)}", file=sys.stderr)
        return 1
    # Only the kind and the place: a message or a local may hold a token.
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    place = "?"
    if trace:
        place = f"{trace.tb_frame.f_code.co_filename.rpartition('/')[2]}:{trace.tb_lineno}"
    print(
        f"gitlease: a defect ({type(error).__name__} at {place}); please report it with "
        "`gitlease --version`",
        file=sys.stderr,
    )
    if env.get("GITLEASE_TRACEBACK"):
        import traceback  # noqa: PLC0415

        print(redact("".join(traceback.format_tb(error.__traceback__))), file=sys.stderr)
    return 1
