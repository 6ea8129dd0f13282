"""What is said of a database that cannot be reached: the system's words, and no address."""

import errno
import socket

import pytest

from gitlease.broker.store.database import translated
from gitlease.broker.store.errors import StoreUnavailableError


@pytest.mark.parametrize(
    ("failure", "said"),
    [
        (
            ConnectionRefusedError(errno.ECONNREFUSED, "Connect call failed ('10.0.0.1', 5432)"),
            "Connection refused",
        ),
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), "Name or service not"),
        (OSError("Multiple exceptions: ..."), "OSError"),
    ],
)
def test_it_is_the_systems_own_word(failure: OSError, said: str) -> None:
    with pytest.raises(StoreUnavailableError) as raised, translated("PostgreSQL at db"):
        raise failure
    assert str(raised.value).startswith(f"PostgreSQL at db cannot be reached ({said}")
    assert "10.0.0.1" not in str(raised.value)
