"""
What one process of the run has seen, and which secrets it has come upon.

It is written to files as it comes, so that a process that is killed has told all it knew.  Without
a folder (no plugin, no run) nothing is kept.
"""

import base64
import hashlib
import json
import os
import re
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from gitlease.emulator.issued import VARIABLE
from tests.support.leaks import kinds
from tests.support.leaks.holders import holder

# A file beyond this is a pack of big objects, or a disk that a test has filled.
LARGEST = 64 << 20  # bytes
# The file in which emulators write down what they make.
ISSUED = "issued"
# A secret shorter than this is found by chance.
SHORTEST = 12  # characters
_EMPTY = re.compile(rb"\0{64,}")
# Of a test with random inputs: each of its secrets is as good as the next.
_MOST_SECRETS_OF_A_TEST = 500


class Ledger:
    """The ledger of this process in *folder*; `test` is the test that runs."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder
        self.test = ""
        self._pid = os.getpid()
        self._seen: set[tuple[int, bytes]] = set()
        self._known: set[str | bytes] = set()
        self._of_test = 0
        if folder is not None:
            # Not buffered: a test's own fork would write a buffer once more.
            self._data = (folder / f"{self._pid}.seen").open("wb", buffering=0)
            self._index = (folder / f"{self._pid}.places").open("wb", buffering=0)
            self._secrets = (folder / f"{self._pid}.secrets").open("wb", buffering=0)

    @property
    def is_kept(self) -> bool:
        """Tell whether anything is written down."""
        return self.folder is not None and os.getpid() == self._pid

    def environment(self) -> dict[str, str]:
        """Return the variables by which an emulator tells what secrets it makes."""
        return {} if self.folder is None else {VARIABLE: str(self.folder / ISSUED)}

    def begin(self, test: str) -> None:
        """Say which *test* runs from now on."""
        self.test, self._of_test = test, 0
        if self.folder is not None:
            (self.folder / f"{self._pid}.now").write_text(test, encoding="utf-8")

    def secret(self, value: str | bytes, kind: str | None = None) -> None:
        """Look for *value* from now on."""
        if not self.is_kept or value in self._known or len(value) < SHORTEST:
            return
        self._of_test += 1
        if self._of_test > _MOST_SECRETS_OF_A_TEST:
            return
        self._known.add(value)
        text, data = (value, value.encode()) if isinstance(value, str) else ("", value)
        self._write(
            self._secrets,
            {
                "kind": kind or kinds.kind_of(text),
                "secret": base64.b64encode(data).decode(),
                "test": "" if kinds.is_made(text) or not text else self.test,
            },
        )

    def secrets_in(self, text: bytes) -> None:
        """Look for all that is in *text* and looks like a secret."""
        for found in kinds.secrets_in(text):
            self.secret(found)

    def saw(self, place: str, content: bytes, test: str | None = None) -> None:
        """Keep *content*, seen in *place*, for the search; each once for each kind of place."""
        if not self.is_kept or len(content) < SHORTEST:
            return
        key = holder(place), hashlib.blake2b(content, digest_size=16).digest()
        if key in self._seen:
            return
        self._seen.add(key)
        content = _EMPTY.sub(b"\0", content)
        self._data.write(content)
        whose = self.test if test is None else test
        self._write(self._index, {"place": place, "size": len(content), "test": whose})

    def keep(self, *folders: Path, but: Iterable[str] = ()) -> None:
        """See every file below *folders*, and note what those that may hold a secret hold."""
        if not self.is_kept:
            return
        left_out = set(but)
        for folder in folders:
            for where, inner, names in os.walk(folder):
                inner[:] = [name for name in inner if name not in left_out]
                for name in names:
                    self._keep_file(f"{where}/{name}")

    def close(self) -> None:
        """Keep nothing more."""
        if self.folder is not None:
            self.folder = None
            for file in (self._data, self._index, self._secrets):
                file.close()

    def _keep_file(self, path: str) -> None:
        try:
            status = os.lstat(path)
            if not stat.S_ISREG(status.st_mode) or not SHORTEST <= status.st_size <= LARGEST:
                return
            # Its time of reading tells the refresher that a record is used.
            flags = os.O_RDONLY | (os.O_NOATIME if status.st_uid == os.geteuid() else 0)
            with open(os.open(path, flags), "rb") as file:  # noqa: PTH123 - an fd
                content = file.read()
        except OSError:
            return
        place = f"file {path}"
        if holder(place) >= 0:
            self._note(path, content)
        self.saw(place, content)

    def _note(self, path: str, content: bytes) -> None:
        self.secrets_in(content)
        for key in kinds.private_keys_in(content):
            self.secret(key, kinds.APP_KEY)
        if path.endswith((".key", "/keys")):
            for key in kinds.sealing_keys_in(content):
                self.secret(key, kinds.SEALING)

    @staticmethod
    def _write(file: Any, record: dict[str, Any]) -> None:
        file.write(json.dumps(record).encode() + b"\n")


_current = [Ledger()]


def current() -> Ledger:
    """Return this process's ledger, in which nothing is kept until `use` was called."""
    return _current[0]


def use(ledger: Ledger) -> Ledger:
    """Let *ledger* be this process's from now on; return the one before."""
    before, _current[0] = current(), ledger
    return before
