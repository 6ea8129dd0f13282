"""
Who we are to the broker: the bearer in `.auth_token`, and how a workspace gets its first one.

The platform may write that file, at any time and anew; so it is read at each use.  A broker shows
a bearer once: room for it is made on the disk before the broker is asked.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from gitlease.model import errors
from gitlease.model.tokens import Secret
from gitlease.workspace import broker_protocol, files, folders
from gitlease.workspace.locks import held
from gitlease.workspace.room import Room
from gitlease.workspace.sources import BEARER_FILE

if TYPE_CHECKING:
    from gitlease.workspace.settings import Settings
    from gitlease.workspace.sources import Carrier

_LOCK_LIMIT: Final = 12.0  # seconds; whoever registers needs ten at most
_LONGEST: Final = 4096  # bytes of a bearer or an enrolment secret


class Enrolment:
    """Reads and gets the bearer of the workspace that *settings* describe, by *carrier*."""

    def __init__(self, settings: Settings, carrier: Carrier) -> None:
        self._settings = settings
        self._carrier = carrier
        self.file = settings.configs_dir / BEARER_FILE

    def bearer(self) -> Secret | None:
        """Return the bearer, None if there is none; raise `UnauthorizedError` if it is none."""
        return _read(self.file, "the bearer")

    def bearer_or_register(self, deadline: float) -> Secret:
        """
        Return the bearer; get one by the enrolment secret if there is none, ending by *deadline*.

        Raises a `SourceError` if neither can be.
        """
        bearer = self.bearer()
        if bearer is not None:
            return bearer
        if not self._settings.enrolment_secret_file:
            raise errors.UnauthorizedError(
                f"{self._settings.who} has no bearer for {self._settings.broker_url}: "
                f"{self.file} is {'empty' if self.file.exists() else 'missing'}",
                hint="let the platform write it, or set GITLEASE_ENROLMENT_SECRET_FILE and run "
                "`gitlease register`",
            )
        self.register(deadline)
        bearer = self.bearer()
        if bearer is None:
            raise errors.UnauthorizedError(f"{self.file} is gone again", hint=_INSTEAD)
        return bearer

    def register(self, deadline: float) -> bool:
        """
        Make sure that there is a live bearer; return whether a new one was written.

        A bearer that is there is shown first, and replaced if it is dead.  Raises a
        `SourceError`, or a `FolderError` where a file cannot be written.
        """
        folders.make_private(self._settings.home)
        folders.make_private(self._settings.home / "run")
        with held(self._settings.home / "run" / "enrolment.lock", limit=_LOCK_LIMIT):
            bearer = self.bearer()
            if bearer is not None and self._is_live(bearer, deadline):
                return False
            try:
                with Room(self.file, _LONGEST) as room:
                    room.fill(f"{self._first_bearer(deadline).reveal()}\n".encode())
            except OSError as error:
                raise errors.FolderError(
                    f"the bearer of {self._settings.who} cannot be kept in {self.file}: "
                    f"{error.strerror}",
                    hint="let this user write there, or set GITLEASE_CONFIGS_DIR to where it may",
                ) from None
        return True

    def _first_bearer(self, deadline: float) -> Secret:
        request = broker_protocol.ask_registered(self._settings, self._proof())
        reply = self._carrier.exchange(request, deadline)
        new = broker_protocol.read_registered(self._settings, reply)
        if new is None:
            raise errors.UnauthorizedError(
                f"{self._settings.who} is registered already, and its bearer is not in {self.file}",
                hint=_INSTEAD,
            )
        return new

    def _is_live(self, bearer: Secret, deadline: float) -> bool:
        request = broker_protocol.ask_registered(self._settings, bearer)
        reply = self._carrier.exchange(request, deadline)
        if reply.status == 401:
            return False
        broker_protocol.read_registered(self._settings, reply)
        return True

    def _proof(self) -> Secret | None:
        if not self._settings.enrolment_secret_file:
            return None
        path = Path(self._settings.enrolment_secret_file)
        secret = _read(path, "the enrolment secret")
        if secret is None:
            raise errors.UnauthorizedError(
                f"the enrolment secret {path} is {'empty' if path.exists() else 'missing'}",
                hint="mount it there, or correct GITLEASE_ENROLMENT_SECRET_FILE",
            )
        return secret


_INSTEAD: Final = (
    "write it there, or let the operator run `gitlease broker token create` and write that one"
)


def _read(path: Path, what: str) -> Secret | None:
    """Return the secret in *path*, None if there is no file; a platform may have linked it."""
    try:
        with files.open_regular(path) as file:
            text = file.read(_LONGEST + 1).decode("ascii", "replace").strip("\r\n\t ")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise errors.UnauthorizedError(
            f"{what} in {path} cannot be read: {error.strerror}",
            hint="let this user read it, and nobody else",
        ) from None
    if not text:
        # Whoever writes it is not done.
        return None
    if len(text) > _LONGEST or not broker_protocol.is_bearer(text):
        raise errors.UnauthorizedError(
            f"{path} holds no secret: it is one line of visible characters",
            hint="write it anew",
        )
    return Secret(text)
