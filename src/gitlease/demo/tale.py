"""What all acts share: a clock that starts at zero, the lines that are told, a count of it all."""

from __future__ import annotations

import subprocess
import time

from gitlease.model.redaction import redact


class Tale:
    """Tells lines with the seconds since it began, and counts what went wrong."""

    def __init__(self) -> None:
        self.failures = 0
        self.commands = 0
        self.repeated = 0
        self._began = time.monotonic()

    @property
    def git_version(self) -> tuple[int, int]:
        """The version of this machine's git."""
        said = subprocess.run(["git", "--version"], capture_output=True, check=True).stdout
        major, minor = said.decode().split()[2].split(".")[:2]
        return int(major), int(minor)

    def title(self, text: str) -> None:
        """Begin an act."""
        print(f"\n{text}", flush=True)

    def say(self, text: str) -> None:
        """Tell one line of the story."""
        print(f"{time.monotonic() - self._began:6.1f} s  {redact(text)}", flush=True)

    def fail(self, what: str, err: bytes) -> None:
        """Count a failure and tell it with the last line of *err*."""
        self.failures += 1
        self.say(f"FAILED: {what}: {last_line(err)}")


def last_line(err: bytes) -> str:
    """Return the last line of what a program said."""
    lines = err.decode("utf-8", "replace").strip().splitlines() or ["(no word)"]
    return lines[-1]
