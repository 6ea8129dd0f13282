"""
The tables, as one metadata; `migrations/` makes them, and a test holds the two together.

Times are seconds since 1970 (UTC).  A bearer and an enrolment secret are kept as SHA-256 only, a
cached token is sealed; a fingerprint is no secret (GitHub's audit log shows it).
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    text,
)

# Names of constraints must be known to migrations on every database.
METADATA: Final = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_N_label)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite counts by itself in a column of type INTEGER only.
_ID: Final = BigInteger().with_variant(Integer(), "sqlite")

WORKSPACES: Final = Table(
    "workspaces",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("grants", Text, nullable=False),  # JSON, see `Grant.as_json`
    Column("created_at", Float, nullable=False),
    Column("removed_at", Float),
    # Enrolment secrets that are not newer do not let it in again; NULL: any that is good does.
    Column("shut_at", Float),
)

BEARERS: Final = Table(
    "bearers",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("workspace_id", Text, ForeignKey("workspaces.id"), nullable=False, index=True),
    Column("digest", LargeBinary, nullable=False, unique=True),
    Column("prefix", Text, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("last_used_at", Float),
    Column("revoked_at", Float),
)

ENROLMENTS: Final = Table(
    "enrolments",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("workspace_id", Text),  # NULL: any; it need not exist yet
    Column("digest", LargeBinary, nullable=False, unique=True),
    Column("uses", Integer),  # NULL: without limit
    Column("used", Integer, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("expires_at", Float),
    Column("revoked_at", Float),
)

TOKENS: Final = Table(
    "tokens",
    METADATA,
    Column("key", Text, primary_key=True),
    Column("fingerprint", Text, nullable=False, index=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("owner", Text),
    Column("repositories", Text),  # JSON list, NULL: all
    Column("permissions", Text),  # JSON object, NULL: the installation's
    Column("app", Text, nullable=False),
    Column("installation", BigInteger, nullable=False),
    Column("username", Text, nullable=False),
    Column("minted_at", Float, nullable=False),
    Column("lifetime", Float, nullable=False),
    Column("expires_at", Float, index=True),
)

REJECTED: Final = Table(
    "rejected",
    METADATA,
    Column("fingerprint", Text, primary_key=True),
    Column("until", Float, nullable=False),
)

QUOTAS: Final = Table(
    "quotas",
    METADATA,
    Column("workspace_id", Text, primary_key=True),
    Column("granted", Text, primary_key=True),  # a digest of the grant's scope
    Column("hour", BigInteger, primary_key=True, autoincrement=False),
    Column("taken", Integer, nullable=False),
)

# Nearly every record is of these kinds; who looks for another kind shall not read through them.
COMMON_KINDS: Final = ("intent", "lease")
RARE_KIND: Final = text("kind NOT IN ('intent', 'lease')")

JOURNAL: Final = Table(
    "journal",
    METADATA,
    Column("id", _ID, primary_key=True),
    Column("at", Float, nullable=False, index=True),
    Column("kind", Text, nullable=False),
    Column("request_id", Text, nullable=False),
    Column("workspace_id", Text, index=True),
    Column("token_id", Text),
    Column("scope", Text, nullable=False),
    Column("owner", Text),
    Column("fingerprint", Text),
    Column("expires_at", Float),
    Column("source", Text, nullable=False),
    Column("reason", Text, nullable=False),
    # Unique, so that an intent has one end at most (NULLs are all different).
    Column("intent_id", BigInteger, unique=True),
    Index("ix_journal_fingerprint_workspace_id", "fingerprint", "workspace_id"),
    # What a person looks for.  An id of ours begins with the time: the index grows at its end.
    Index("ix_journal_request_id", "request_id"),
    Index("ix_journal_owner_id", "owner", "id"),
    Index(
        "ix_journal_kind_id",
        "kind",
        "id",
        sqlite_where=RARE_KIND,
        postgresql_where=RARE_KIND,
    ),
    # The id of a record that was pruned is never given to another one.
    sqlite_autoincrement=True,
)

# What replicas on SQLite tell each other; PostgreSQL has NOTIFY for it.
INVALIDATIONS: Final = Table(
    "invalidations",
    METADATA,
    Column("id", _ID, primary_key=True),
    Column("at", Float, nullable=False),
    Column("message", Text, nullable=False),
    sqlite_autoincrement=True,
)
