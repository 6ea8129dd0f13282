"""
Fill a journal with records that look like a fleet's, by the database itself.

A token is leased some twenty times before the next one is minted, and fingerprints come in no
order, so that an index on them costs what it costs in life.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from gitlease.broker.store import Store
from gitlease.broker.store.address import Address
from gitlease.broker.store.engine import connect

if TYPE_CHECKING:
    from pathlib import Path

LEASES = 20  # of one token
LIMIT = 1800  # seconds
_COLUMNS = "at, kind, request_id, workspace_id, token_id, scope, owner, fingerprint, expires_at"
_VALUES = (
    "1.7e9 + i, 'lease', 'request-' || i, 'ws-' || i % 1000, 'bearer-' || i % 1000,"
    " 'acme|*|*', 'acme', {fingerprint}, 1.7e9 + i + 3600, 'memory', ''"
)
_SQLITE = (
    f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)"
    f" INSERT INTO journal ({_COLUMNS}, source, reason)"
    f" SELECT {_VALUES.format(fingerprint=f'fingerprint(i / {LEASES})')} FROM n"
)
_HASH = f"encode(sha256((i / {LEASES})::text::bytea), 'base64')"
_POSTGRESQL = (
    f"INSERT INTO journal ({_COLUMNS}, source, reason)"
    f" SELECT {_VALUES.format(fingerprint=_HASH)} FROM generate_series(1, $1::bigint) AS n(i)"
)


def fingerprint(number: int) -> str:
    """Return the fingerprint of the token *number*."""
    return base64.b64encode(hashlib.sha256(str(number).encode()).digest()).decode()


def fill(url: str, records: int) -> None:
    """Put *records* into the journal at *url*, which is made."""
    asyncio.run(Store.migrate(url))
    address = Address.of(url)
    if address.file is None:
        asyncio.run(_postgresql(address.dsn, records))
    else:
        _sqlite(address.file, records)


def _sqlite(file: Path, records: int) -> None:
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.create_function("fingerprint", 1, fingerprint, deterministic=True)
        connection.execute("PRAGMA synchronous=OFF")
        connection.execute("PRAGMA cache_size=-400000")
        connection.execute(_SQLITE, (records,))
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


async def _postgresql(dsn: str, records: int) -> None:
    connection = await connect(dsn, statement_limit=LIMIT)
    try:
        await connection.execute(_POSTGRESQL, records)
        # As it has been for a while: what the server does after so much would be measured.
        await connection.execute("VACUUM ANALYZE journal")
        await connection.execute("CHECKPOINT")
    finally:
        await connection.close()
