"""How the store fails, on the tree of `gitlease.model.errors`; no message quotes a row."""

from __future__ import annotations

from gitlease.model.errors import GitleaseError


class StoreError(GitleaseError):
    """The database refused what was asked of it."""

    hint = "run `gitlease broker check`"


class StoreUnavailableError(StoreError):
    """The database cannot be reached, or did not answer within the time limit."""

    status = 503
    hint = "check that the database runs and can be reached; it is tried again at the next request"

    def __init__(self, message: str, *, hint: str | None = None, retry_after: float = 1.0) -> None:
        super().__init__(message, hint=hint)
        self.retry_after = retry_after


class NotMigratedError(StoreError):
    """The database's tables are not those of this version."""

    hint = "run `gitlease broker migrate`"


class MovedError(StoreError):
    """The file was moved to PostgreSQL, and what it says is no longer so."""

    hint = (
        "set GITLEASE_BROKER_DATABASE_URL to that database; `gitlease broker move --undo` goes back"
    )


class UnknownWorkspaceError(StoreError):
    """There is no such workspace, or it was removed."""

    status = 404
    hint = "create it with `gitlease broker workspace add`"


class WorkspaceExistsError(StoreError):
    """A workspace of that id exists already."""

    status = 409
    hint = "choose another id, or change that one with `gitlease broker workspace grant`"


class ShutOutError(StoreError):
    """A workspace was shut out, and nothing since then lets it in again."""

    status = 401
    hint = "let it in with an enrolment secret for it alone, made now"
