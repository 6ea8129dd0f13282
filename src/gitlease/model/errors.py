"""
Every way in which gitlease can fail, as one tree.

A class carries `.hint`, the cure in a person's words, and `.status`, the HTTP status a broker
answers with.  The message says what happened and to whom; neither ever contains a secret.
"""

from __future__ import annotations


class GitleaseError(Exception):
    """
    Something did not work, and somebody should know.

    *message* says what happened, to which workspace and scope; *hint* is the cure, in one line.
    `str()` gives both on one line.  `source` is the source of tokens that failed, if one did.
    """

    status = 500
    hint = "run `gitlease status`"

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.source = ""
        if hint is not None:
            self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}; {self.hint}" if self.hint else self.message


class SettingsError(GitleaseError):
    """A setting is missing, malformed or contradicts another."""

    status = 500
    hint = "correct the setting and try again"


class BadValueError(SettingsError):
    """A value has no meaning for *setting*."""

    def __init__(self, message: str, *, hint: str | None = None, setting: str = "") -> None:
        super().__init__(message, hint=hint)
        self.setting = setting


class FolderError(GitleaseError):
    """A folder of ours cannot be used, or is not safe to use."""

    hint = "set GITLEASE_HOME to a folder that this user owns, mode 0700"


class RequestError(GitleaseError):
    """A scope or parameter has no valid form."""

    status = 422
    hint = "name an owner as `acme` and a repository as `acme/app`"


class SourceError(GitleaseError):
    """
    A source was asked for a token and could not give one.

    *retry_after* is the number of seconds after which asking again makes sense, if known.
    """

    status = 502
    hint = "try again"

    def __init__(
        self, message: str, *, hint: str | None = None, retry_after: float | None = None
    ) -> None:
        super().__init__(message, hint=hint)
        self.retry_after = retry_after


class UnreachableError(SourceError):
    """No whole answer came: a connection failed, timed out, was cut, or the server is ill."""

    status = 503
    hint = "check the network, the proxy and the CA; it is tried again at the next git command"


class BusyError(SourceError):
    """Another process of ours has been asking for the same token for too long."""

    status = 503
    hint = "try again; if it stays so, look for a gitlease process that hangs and end it"


class RateLimitedError(SourceError):
    """The other side asks for patience."""

    status = 429
    hint = "wait; a broker would share tokens among workspaces and need fewer"


class KeyFileError(SourceError):
    """The App's private key cannot be read or is no RSA key."""

    status = 500
    hint = "point GITLEASE_PRIVATE_KEY_FILE at the PEM file downloaded from the App's settings"


class UnauthorizedError(SourceError):
    """Our proof of identity was refused."""

    status = 401
    hint = "check that the key belongs to the App (GITLEASE_APP_ID, GITLEASE_PRIVATE_KEY_FILE)"


class ClockError(UnauthorizedError):
    """GitHub and we disagree about the time by more than a proof of identity allows."""

    hint = "set this machine's clock (NTP)"


class NotInstalledError(SourceError):
    """The App has no installation where one is needed."""

    status = 404
    hint = "install the App for that owner, or correct GITLEASE_INSTALLATION_ID"


class OwnerNeededError(NotInstalledError):
    """The App has several installations, and nobody has said whose is meant."""

    hint = "name the owner, or set GITLEASE_INSTALLATION_ID"


class RefusedError(SourceError):
    """
    The scope is more than this workspace may have.

    It ends the chain of sources: to ask another one would widen the scope.
    """

    status = 403
    hint = "ask the fleet's operator for the missing grant"


class SuspendedError(RefusedError):
    """The installation exists, but its owner has suspended it: nothing there may be reached."""

    hint = "the owner unsuspends it under Settings > GitHub Apps"


class NoTokenError(SourceError):
    """Every source was asked; the message names each and why it had no token."""

    status = 404
    hint = (
        "set GITLEASE_BROKER_URL and GITLEASE_WORKSPACE_ID, or GITLEASE_APP_ID and "
        "GITLEASE_PRIVATE_KEY_FILE"
    )
