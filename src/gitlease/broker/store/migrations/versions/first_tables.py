"""The first tables."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0001"
down_revision: Final = None


def upgrade() -> None:
    """Make every table of the first version."""
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    _identities()
    _tokens()
    _journal(number)
    op.create_table(
        "invalidations",
        sa.Column("id", number, nullable=False),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("message", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_invalidations"),
        sqlite_autoincrement=True,
    )


def _identities() -> None:
    op.create_table(
        "workspaces",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("grants", sa.Text, nullable=False),
        sa.Column("created_at", sa.Float, nullable=False),
        sa.Column("removed_at", sa.Float),
        sa.PrimaryKeyConstraint("id", name="pk_workspaces"),
    )
    op.create_table(
        "bearers",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("workspace_id", sa.Text, nullable=False),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("prefix", sa.Text, nullable=False),
        sa.Column("created_at", sa.Float, nullable=False),
        sa.Column("last_used_at", sa.Float),
        sa.Column("revoked_at", sa.Float),
        sa.PrimaryKeyConstraint("id", name="pk_bearers"),
        sa.UniqueConstraint("digest", name="uq_bearers_digest"),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name="fk_bearers_workspace_id_workspaces"
        ),
    )
    op.create_index("ix_bearers_workspace_id", "bearers", ["workspace_id"])
    op.create_table(
        "enrolments",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("workspace_id", sa.Text),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("uses", sa.Integer),
        sa.Column("used", sa.Integer, nullable=False),
        sa.Column("created_at", sa.Float, nullable=False),
        sa.Column("expires_at", sa.Float),
        sa.Column("revoked_at", sa.Float),
        sa.PrimaryKeyConstraint("id", name="pk_enrolments"),
        sa.UniqueConstraint("digest", name="uq_enrolments_digest"),
    )


def _tokens() -> None:
    op.create_table(
        "tokens",
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("fingerprint", sa.Text, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("owner", sa.Text),
        sa.Column("repositories", sa.Text),
        sa.Column("permissions", sa.Text),
        sa.Column("app", sa.Text, nullable=False),
        sa.Column("installation", sa.BigInteger, nullable=False),
        sa.Column("username", sa.Text, nullable=False),
        sa.Column("minted_at", sa.Float, nullable=False),
        sa.Column("lifetime", sa.Float, nullable=False),
        sa.Column("expires_at", sa.Float),
        sa.PrimaryKeyConstraint("key", name="pk_tokens"),
    )
    op.create_index("ix_tokens_fingerprint", "tokens", ["fingerprint"])
    op.create_index("ix_tokens_expires_at", "tokens", ["expires_at"])
    op.create_table(
        "rejected",
        sa.Column("fingerprint", sa.Text, nullable=False),
        sa.Column("until", sa.Float, nullable=False),
        sa.PrimaryKeyConstraint("fingerprint", name="pk_rejected"),
    )
    op.create_table(
        "quotas",
        sa.Column("workspace_id", sa.Text, nullable=False),
        sa.Column("granted", sa.Text, nullable=False),
        sa.Column("hour", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("taken", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "granted", "hour", name="pk_quotas"),
    )


def _journal(number: sa.types.TypeEngine[int]) -> None:
    op.create_table(
        "journal",
        sa.Column("id", number, nullable=False),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("request_id", sa.Text, nullable=False),
        sa.Column("workspace_id", sa.Text),
        sa.Column("token_id", sa.Text),
        sa.Column("scope", sa.Text, nullable=False),
        sa.Column("owner", sa.Text),
        sa.Column("fingerprint", sa.Text),
        sa.Column("expires_at", sa.Float),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("intent_id", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name="pk_journal"),
        sa.UniqueConstraint("intent_id", name="uq_journal_intent_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_journal_at", "journal", ["at"])
    op.create_index("ix_journal_workspace_id", "journal", ["workspace_id"])
    op.create_index(
        "ix_journal_fingerprint_workspace_id", "journal", ["fingerprint", "workspace_id"]
    )


def downgrade() -> None:
    """Refuse: a journal is not taken back."""
    raise NotImplementedError
