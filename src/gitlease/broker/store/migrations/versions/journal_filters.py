"""Indexes for what a person looks for in the journal: a request, an owner, a kind that is rare."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0002"
down_revision: Final = "0001"


def upgrade() -> None:
    """Make them; a large journal is read three times for it."""
    op.create_index("ix_journal_request_id", "journal", ["request_id"])
    op.create_index("ix_journal_owner_id", "journal", ["owner", "id"])
    rare = sa.text("kind NOT IN ('intent', 'lease')")
    op.create_index(
        "ix_journal_kind_id", "journal", ["kind", "id"], sqlite_where=rare, postgresql_where=rare
    )


def downgrade() -> None:
    """Refuse, as the tables do."""
    raise NotImplementedError
