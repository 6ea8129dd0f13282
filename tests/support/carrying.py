"""Send a request over a real transport, and look for secrets in whatever goes wrong."""

import traceback
from typing import Any

import pytest

from gitlease.model.errors import GitleaseError
from gitlease.model.exchange import Request
from gitlease.workspace.transport import Transport

CANARY = "ghs_canary0123456789"


def ask(url: str, method: str = "GET", body: bytes | None = None) -> Request:
    return Request(method, url, {"Authorization": f"Bearer {CANARY}"}, body)


def transport(env: dict[str, str] | None = None, **options: Any) -> Transport:
    given: dict[str, Any] = {"sleep": lambda _: None, "limit": 5.0}
    return Transport(env or {}, **(given | options))


def failure(
    kind: type[GitleaseError], url: str, env: dict[str, str] | None = None, **options: Any
) -> str:
    """Return the text of the failure to ask *url*, after a look for secrets in all of it."""
    with pytest.raises(kind) as raised:
        transport(env, **options).exchange(ask(url))
    shown = "".join(traceback.format_exception(raised.value)) + repr(raised.value.__dict__)
    assert CANARY not in shown
    assert "hunter2" not in shown
    assert str(raised.value).isprintable()
    return str(raised.value)
