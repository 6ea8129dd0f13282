"""
Look for many secrets in much content at once.

Every needle has twenty bytes at least, so of the content only each thirteenth place is looked at,
in C: eight bytes from there are known, or they belong to no needle.
"""

import base64
import hashlib
import json
import re
import struct
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from operator import itemgetter
from pathlib import Path
from typing import Any

from tests.support.canaries import PIECE, SHOWN, forms
from tests.support.leaks import kinds
from tests.support.leaks.holders import may_hold
from tests.support.leaks.ledger import ISSUED

_WIDTH, _STEP = 8, 13
_WINDOWS = struct.Struct(f"{_WIDTH}s{_STEP - _WIDTH}x")
assert _WIDTH + _STEP - 1 <= PIECE


@dataclass(frozen=True)
class Secret:
    """One secret; one of a `test` is looked for in that test's places alone."""

    kind: str
    value: bytes
    test: str = ""

    @property
    def name(self) -> str:
        """How a report calls it: its kind and its fingerprint."""
        return f"{self.kind} {base64.b64encode(hashlib.sha256(self.value).digest()).decode()}"

    @property
    def pieces(self) -> set[bytes]:
        """What is looked for: two pieces, or all of it where it is short."""
        length = len(self.value)
        if length < PIECE + SHOWN:
            return {self.value[-PIECE:]}
        # A long one is a JWT, which begins as all do.
        start = SHOWN if length < 100 else length // 2
        return {self.value[start : start + PIECE], self.value[-PIECE:]}


@dataclass(frozen=True)
class Place:
    """A place, what was seen there, and during which test."""

    name: str
    content: bytes
    test: str


@dataclass(frozen=True, order=True)
class Leak:
    """A secret where it must not be."""

    secret: str
    form: str
    place: str
    test: str

    def __str__(self) -> str:
        return f"{self.secret} ({self.form}) in {self.place}, during {self.test or 'the run'}"


@dataclass
class Outcome:
    """How many secrets were looked for, in how many places and bytes, and what came to light."""

    secrets: int = 0
    places: int = 0
    size: int = 0
    took: float = 0.0
    kinds: dict[str, int] = field(default_factory=dict)
    leaks: list[Leak] = field(default_factory=list)


class Needles:
    """Everything to look for, ready to be found."""

    def __init__(self, secrets: Iterable[Secret]) -> None:
        self._whole: dict[bytes, list[tuple[Secret, str]]] = defaultdict(list)
        self._short: dict[str, list[tuple[bytes, Secret]]] = defaultdict(list)
        self._anchors: dict[bytes, set[bytes]] = defaultdict(set)
        for secret in secrets:
            for piece in secret.pieces:
                if len(piece) < PIECE:
                    self._short[secret.test].append((piece, secret))
                    continue
                # Many look the same in a URL as they are.
                by_needle = {needle: form for form, needle in reversed(forms(piece).items())}
                for needle, form in by_needle.items():
                    self._whole[needle].append((secret, form.split()[0]))
                    for start in range(_STEP):
                        self._anchors[needle[start : start + _WIDTH]].add(needle)

    def found_in(self, content: bytes, test: str) -> Iterator[tuple[Secret, str]]:
        """Yield each secret in *content*, seen during *test*, and its form."""
        for piece, secret in self._short.get(test, ()):
            if piece in content:
                yield secret, "plain"
        for needle in self._candidates(content):
            if needle in content:
                for secret, form in self._whole[needle]:
                    if secret.test in {"", test}:
                        yield secret, form

    def _candidates(self, content: bytes) -> set[bytes]:
        whole = memoryview(content)[: len(content) // _STEP * _STEP]
        windows = map(itemgetter(0), _WINDOWS.iter_unpack(whole))
        shown = set(filter(self._anchors.__contains__, windows))
        shown.add(content[len(whole) :][:_WIDTH])
        near: set[bytes] = set()
        return near.union(*(self._anchors.get(anchor, ()) for anchor in shown))


def secrets_of(folder: Path) -> set[Secret]:
    """Return the secrets in all ledgers in *folder*."""
    noted = {
        Secret(one["kind"], base64.b64decode(one["secret"]), one["test"])
        for file in folder.glob("*.secrets")
        for one in _records(file)
    }
    for one in _records(folder / ISSUED):
        if one["kind"] == "token":
            noted.add(Secret(kinds.TOKEN, one["value"].encode()))
        else:
            keys = kinds.private_keys_in(one["value"].encode())
            noted |= {Secret(kinds.APP_KEY, key) for key in keys}
    return noted


def places_of(folder: Path) -> Iterator[Place]:
    """Yield what was seen, from all ledgers in *folder*."""
    for index in folder.glob("*.places"):
        with index.with_suffix(".seen").open("rb") as data:
            for one in _records(index):
                yield Place(one["place"], data.read(one["size"]), one["test"])


def search(folder: Path) -> Outcome:
    """Look for all secrets in all places of the ledgers in *folder*."""
    began = time.monotonic()
    secrets = secrets_of(folder)
    planted = {
        one["test"]: one["planted"] for file in folder.glob("*.planted") for one in _records(file)
    }
    # The same secret may be known as one of a test, and as one that is unique.
    needles = Needles(secrets)
    outcome = Outcome(secrets=len({secret.value for secret in secrets}))
    for secret in secrets:
        outcome.kinds[secret.kind] = outcome.kinds.get(secret.kind, 0) + 1
    leaks = set()
    for place in places_of(folder):
        outcome.places += 1
        outcome.size += len(place.content)
        for secret, form in needles.found_in(place.content, place.test):
            if not may_hold(place.name, secret.kind, planted.get(place.test, ())):
                leaks.add(Leak(secret.name, form, _short(place.name), place.test))
    outcome.leaks = sorted(leaks)
    outcome.took = time.monotonic() - began
    return outcome


def _short(name: str) -> str:
    return re.sub(r"[^\x20-\x7e]+", " ", name)[:300]


def _records(file: Path) -> Iterator[dict[str, Any]]:
    if not file.exists():
        return
    with file.open(encoding="utf-8") as lines:
        for line in lines:
            if line.endswith("\n"):  # the last one may be cut, where its process was killed
                yield json.loads(line)
