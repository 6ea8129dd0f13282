"""Requests to the credential helper, and records that are not as they were written."""

import os

from tools.compare.pair import Pair


def ask(path: str | None = None, **more: str) -> bytes:
    """Return the request for *path* on github.com, with *more* lines or others."""
    lines = {"protocol": "https", "host": "github.com", **({"path": path} if path else {}), **more}
    return "".join(f"{key}={value}\n" for key, value in lines.items()).encode() + b"\n"


def rewrite(pair: Pair, name: str, *, header: dict[int, str], mtime: float | None = None) -> None:
    """Put other words into the first line of a record, or give it another file time."""
    record = pair.settings.cache / name
    times = record.stat()
    first, _, rest = record.read_text().partition("\n")
    words = first.removeprefix("record='").split(" ")
    for place, word in header.items():
        words[place] = word
    words[0] = f"record='{words[0]}"
    record.write_text(" ".join(words) + "\n" + rest)
    os.utime(record, (times.st_atime, times.st_mtime if mtime is None else mtime))
