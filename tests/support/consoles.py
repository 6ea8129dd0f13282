"""A page as a session: its commands in their order, the files it asks for, and what it shows."""

import os
import re
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
# Between the outputs of two commands; nothing else prints it.
_MARK = "\x1e"


@dataclass(frozen=True)
class Step:
    """A command of a page, and what the page shows of it."""

    command: str
    shown: str


def steps_of(page: str) -> list[Step]:
    """Return the commands of the console blocks of *page*."""
    return [
        step for kind, text in _BLOCK.findall(page) if kind == "console" for step in _steps(text)
    ]


def files_of(page: str) -> dict[str, str]:
    """Return the files that *page* lets a reader save: a block that begins with its name."""
    found = (
        (re.match(r"# ([\w.-]+)\n", text), text)
        for kind, text in _BLOCK.findall(page)
        if kind != "console"
    )
    return {name[1]: text for name, text in found if name}


def _steps(block: str) -> Iterator[Step]:
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        command, _, shown = part.partition("\n")
        yield Step(command, shown)


def play(steps: list[Step], folder: Path, env: Mapping[str, str], limit: float) -> list[str]:
    """Run *steps* in one shell in *folder*; return what each printed, on either stream."""
    lines = ["exec 2>&1", *(f"{step.command}\nprintf '{_MARK}'" for step in steps)]
    script, told = folder.with_suffix(".sh"), folder.with_suffix(".told")
    script.write_text("\n".join(lines) + "\n")
    # Into a file: what stays behind in the background would keep a pipe open.
    with told.open("wb") as out:
        shell = subprocess.Popen(
            ["bash", "--noprofile", "--norc", script],
            cwd=folder,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=out,
            start_new_session=True,
        )
        try:
            shell.wait(limit)
        finally:
            # What a page has started in the background, should it not have come to its end.
            with suppress(ProcessLookupError):
                os.killpg(shell.pid, signal.SIGTERM)
            shell.wait(10)
    return told.read_text().split(_MARK)


def fits(shown: str, told: str) -> bool:
    """
    Tell whether a command printed what its page shows.

    `…` is any text within a line, and alone on a line any lines.  How far columns stand apart is a
    matter of what is in them.
    """
    lines = []
    for line in shown.splitlines():
        pattern = re.escape(re.sub(" {2,}", " ", line)).replace("…", ".*")
        lines.append("(?:.*\n)*" if line == "…" else pattern + "\n")
    return re.fullmatch("".join(lines), re.sub(" {2,}", " ", told)) is not None
