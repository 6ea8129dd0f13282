"""When a workspace was shut out: enrolment secrets from before then do not let it in again."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0003"
down_revision: Final = "0002"


def upgrade() -> None:
    """Add it; nobody is shut out by that."""
    op.add_column("workspaces", sa.Column("shut_at", sa.Float))


def downgrade() -> None:
    """Refuse, as the tables do."""
    raise NotImplementedError
