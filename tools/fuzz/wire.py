"""Any reply of a broker or of GitHub: a token is taken from a good one alone."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any, Final

from gitlease.github import protocol
from gitlease.model.errors import SourceError
from gitlease.model.exchange import Response
from gitlease.model.wire import Lease, read_lease
from gitlease.workspace import broker_protocol
from gitlease.workspace.settings import Settings

WORDS: Final = (
    b'{"token":"ghs_x",', b'"expires_in":3600', b'"expires_at":"2026-11-25T00:00:00Z"',
    b'"lifetime":', b'"username":', b'"owner":"acme"', b'"repositories":["app"]',
    b'"permissions":{"contents":"read"}', b'"app":', b'"error":"', b'"detail":"; ', b'"message":"',
    b'"auth_token":"', b"NaN", b"Infinity", b"1e999", b"null", b"true", b"[[[[", b"\\u000a",
    b"\\ud800", b"99999999999999999999", b"-00:00", b"+23:59", b"0001-01-01", b"9999-12-31",
)  # fmt: skip
NOW: Final = 1_800_000_000.0
_STATUSES: Final = (200, 201, 204, 301, 400, 401, 403, 404, 422, 429, 500, 503)
_DATES: Final = (
    None, "Fri, 15 Jan 2027 08:00:00 GMT", "Mon, 01 Jan 0001 00:00:00 +2359", "yesterday", "",
    "Fri, 31 Dec 9999 23:59:59 -2359",
)  # fmt: skip
_SETTINGS: Final = Settings(Path("/home"), broker_url="https://broker.example", workspace_id="ws-1")


def check(data: bytes) -> None:
    """Raise AssertionError unless the reply *data* (status, date, body) is read or refused."""
    (first, second), body = data[:2].ljust(2, b"\0"), data[2:]
    date = _DATES[second % len(_DATES)]
    headers = {} if date is None else {"date": date}
    if second >= 128:
        headers["retry-after"] = body[:6].decode("latin-1")
    response = Response(_STATUSES[first % len(_STATUSES)], headers, body)
    _check_lease(response)
    _check_registered(response)
    _check_minted(response)


def _check_lease(response: Response) -> None:
    try:
        lease = broker_protocol.read_lease_reply(_SETTINGS, response, NOW)
    except SourceError as error:
        _check_error(error, response)
        return
    said = json.loads(response.body)
    assert response.status == 200
    _check_secret(said["token"], lease.token.secret.reveal())
    assert said.get("repositories") != []
    assert said.get("permissions") != {}
    _check_life(lease.token.expires_at)
    assert re.fullmatch("[ -~]+", lease.token.username)
    assert 0 < lease.token.lifetime <= 3600
    assert "ghs_" not in repr(lease.token)
    _check_round_trip(lease)


def _check_round_trip(lease: Lease) -> None:
    """What the broker would say of it is read as the same lease."""
    again = read_lease(json.loads(json.dumps(lease.as_json(NOW))), NOW, lifetime=3600.0)
    assert (again.owner, again.repositories, again.app) == (
        lease.owner,
        lease.repositories,
        lease.app,
    )
    assert again.permissions == lease.permissions
    assert again.token.secret == lease.token.secret
    assert again.token.username == lease.token.username
    assert again.token.expires_at is not None
    assert lease.token.expires_at is not None
    assert -1 <= again.token.expires_at - lease.token.expires_at <= 1


def _check_registered(response: Response) -> None:
    try:
        bearer = broker_protocol.read_registered(_SETTINGS, response)
    except SourceError as error:
        _check_error(error, response)
        return
    assert response.status in {200, 201}
    if bearer is not None:
        _check_secret(json.loads(response.body)["auth_token"], bearer.reveal())


def _check_minted(response: Response) -> None:
    try:
        token = protocol.read_token(response, NOW, whose="acme", source="app_key")
    except SourceError as error:
        _check_error(error, response)
        return
    assert response.status == 201
    _check_secret(json.loads(response.body)["token"], token.secret.reveal())
    _check_life(token.expires_at)


def _check_secret(said: Any, taken: str) -> None:
    assert said == taken
    assert re.fullmatch("[!-~]+", taken), "no word of git's line protocol"


def _check_life(expires_at: float | None) -> None:
    assert expires_at is not None
    assert math.isfinite(expires_at)
    assert NOW - 3600 <= expires_at <= NOW + 3600


def _check_error(error: SourceError, response: Response) -> None:
    text = str(error)
    assert text.isprintable(), "an escape sequence would reach a terminal"
    assert len(text) < 1200
    for secret in re.findall(rb"gh[spour]_[A-Za-z0-9_.-]{20,}", response.body):
        assert secret.decode() not in text, "a token in a message"
    assert error.retry_after is None or 0 <= error.retry_after < 1e6
