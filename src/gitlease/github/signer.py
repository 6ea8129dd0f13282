"""
An App's proofs: signed with whichever of its keys GitHub takes, reused while they last.

Key files are looked at again for each proof, so a key is changed by writing a file.  Two keys may
overlap: GitHub lets an App have several ("Managing private keys for GitHub Apps").
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gitlease.github.appjwt import EXPIRES_AFTER, SigningKey
from gitlease.model.errors import KeyFileError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from gitlease.model.tokens import Secret

log = logging.getLogger(__name__)

# A proof must outlive the request that carries it, and our clock may be a little off.
REUSED_FOR: Final = EXPIRES_AFTER - 120  # seconds
MAX_KEY_FILE: Final = 1 << 16  # bytes; a PEM file of 4096 bits has some 3,300


@dataclass(frozen=True, slots=True)
class Proof:
    """A proof, and which key file it was signed with."""

    jwt: Secret
    file: Path
    signed_at: float  # GitHub's time as far as it is known


class _KeyFile:
    """One key file: the key as last read, read again when the file changes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._seen: tuple[int, ...] | None = None
        self._key: SigningKey | None = None
        self.proof: Proof | None = None

    def key(self) -> SigningKey:
        """Return the key; a file that turns bad leaves the key that was good."""
        try:
            stat = self.path.stat()
            seen = (stat.st_ino, stat.st_dev, stat.st_mtime_ns, stat.st_size)
            if self._key is None or seen != self._seen:
                self._take(self._read(), seen)
        except OSError as error:
            self._keep_or_raise(
                KeyFileError(f"the App's key {self.path} cannot be read: {error.strerror}")
            )
        except KeyFileError as error:
            self._keep_or_raise(error)
        assert self._key is not None  # noqa: S101 - taken above, or raised
        return self._key

    def _read(self) -> SigningKey:
        with self.path.open("rb") as file:
            pem = file.read(MAX_KEY_FILE)
        return SigningKey.from_pem(pem, name=f"the App's key {self.path}")

    def _take(self, key: SigningKey, seen: tuple[int, ...]) -> None:
        self._key, self._seen, self.proof = key, seen, None

    def _keep_or_raise(self, error: KeyFileError) -> None:
        if self._key is None:
            raise error from None
        log.warning("%s; the key read before is used on", error.message)


class Signer:
    """
    Signs as App *issuer* (client id or app id) with the keys in *files*.

    `skew` is GitHub's clock minus ours, in seconds, once a reply has shown that it matters.
    """

    def __init__(self, issuer: str, files: Sequence[Path], now: Callable[[], float]) -> None:
        if not files:
            raise KeyFileError(f"App {issuer} has no key file")
        self._issuer = issuer
        self._files = [_KeyFile(path) for path in files]
        self._now = now
        self.skew = 0.0

    def proof(self, *, but: set[Path] | frozenset[Path] = frozenset()) -> Proof | None:
        """
        Return a proof by the first good key whose file is not in *but*; None if none is left.

        Raises `KeyFileError` if files are left and no key in them can be read.
        """
        failure = None
        for file in self._files:
            if file.path not in but:
                try:
                    return self._proof(file)
                except KeyFileError as error:
                    failure = failure or error
        if failure is not None:
            raise failure
        return None

    def worked(self, proof: Proof) -> None:
        """Ask for the key of *proof* first from now on: GitHub takes it."""
        self._files.sort(key=lambda file: file.path != proof.file)

    def set_clock(self, theirs: float) -> None:
        """Sign by GitHub's time *theirs* from now on; what was signed before is void."""
        self.skew = theirs - self._now()
        for file in self._files:
            file.proof = None

    def _proof(self, file: _KeyFile) -> Proof:
        key, at = file.key(), self._now() + self.skew
        # One that a clock set back makes look young is refused by GitHub, which sets the clock.
        if file.proof is None or at - file.proof.signed_at >= REUSED_FOR:
            file.proof = Proof(key.sign(self._issuer, at), file.path, at)
        return file.proof
