"""One HTTP request and its reply, as values: what the codecs build and the transports carry."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from gitlease.model.frozen import Frozen

if TYPE_CHECKING:
    from collections.abc import Mapping

_NONE: Final[Mapping[str, str]] = MappingProxyType({})


class Request(Frozen, hidden=("headers", "body")):
    """A request; `url` is absolute, `headers` and `body` may hold secrets and are never shown."""

    method: str
    url: str
    headers: Mapping[str, str] = _NONE
    body: bytes | None = None


class Response(Frozen, hidden=("headers", "body")):
    """A reply; `headers` has lower-case names, `body` may hold a token and is never shown."""

    status: int
    headers: Mapping[str, str]
    body: bytes
