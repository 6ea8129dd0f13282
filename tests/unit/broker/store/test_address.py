"""Which database a URL names, and that nobody is shown its password."""

from pathlib import Path

import pytest

from gitlease.broker.store.address import Address
from gitlease.model.errors import SettingsError


def test_sqlite_is_a_file() -> None:
    address = Address.of("sqlite:////var/lib/gitlease/broker.db")
    assert address.file == Path("/var/lib/gitlease/broker.db")
    assert Address.of("sqlite+aiosqlite:////a.db").file == Path("/a.db")


@pytest.mark.parametrize("driver", ["postgresql", "postgres", "postgresql+asyncpg"])
def test_postgresql_keeps_what_libpq_understands(driver: str) -> None:
    address = Address.of(f"{driver}://me:canary@db.example/gitlease?sslmode=verify-full")
    assert address.file is None
    assert address.dsn == "postgresql://me:canary@db.example/gitlease?sslmode=verify-full"
    assert address.name == "PostgreSQL at db.example, database gitlease"
    assert "canary" not in repr(address)


@pytest.mark.parametrize(
    "url", ["", "canary", "sqlite://", "sqlite:///:memory:", "mysql://me:canary@db/x", "http://[x"]
)
def test_anything_else_is_refused_and_not_quoted(url: str) -> None:
    with pytest.raises(SettingsError) as refused:
        Address.of(url)
    assert "canary" not in str(refused.value)
    assert refused.value.__cause__ is None
