"""
What the broker keeps, in SQLite or PostgreSQL: SQL only, no policy and no GitHub.

`Store` is the door; the other names are the values that go through it.
"""

from gitlease.broker.store.bearers import BearerRow, NewBearer, digest_of, new_bearer
from gitlease.broker.store.callers import CallerRow
from gitlease.broker.store.enrolments import EnrolmentRow, Invitation, NewEnrolment
from gitlease.broker.store.errors import (
    MovedError,
    NotMigratedError,
    ShutOutError,
    StoreError,
    StoreUnavailableError,
    UnknownWorkspaceError,
    WorkspaceExistsError,
)
from gitlease.broker.store.invalidations import Message
from gitlease.broker.store.moving import Moved
from gitlease.broker.store.records import Entry, Filters, Kind, Outcome, Record
from gitlease.broker.store.store import Store
from gitlease.broker.store.tokens import StoredToken
from gitlease.broker.store.workspaces import Removed, WorkspaceRow

__all__ = [
    "BearerRow",
    "CallerRow",
    "EnrolmentRow",
    "Entry",
    "Filters",
    "Invitation",
    "Kind",
    "Message",
    "Moved",
    "MovedError",
    "NewBearer",
    "NewEnrolment",
    "NotMigratedError",
    "Outcome",
    "Record",
    "Removed",
    "ShutOutError",
    "Store",
    "StoreError",
    "StoreUnavailableError",
    "StoredToken",
    "UnknownWorkspaceError",
    "WorkspaceExistsError",
    "WorkspaceRow",
    "digest_of",
    "new_bearer",
]
