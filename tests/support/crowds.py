"""
Many callers at one moment: every connection stands before the first request leaves.

A client with a pool cannot do that: it opens connections while earlier requests are answered.
"""

import asyncio
import contextlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from tests.support.brokers import Broker

ROUTE = "/workspaces/{}/github-installation-token"


@dataclass(frozen=True)
class Call:
    """One request that is to be sent."""

    url: str
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Reply:
    """What came back for it; the status is 0 if that was nothing whole."""

    status: int
    headers: Mapping[str, str]
    said: Any


def lease_of(broker: Broker, name: str, who: Mapping[str, str], request_id: str) -> Call:
    """Return the call by which the workspace *name* asks *broker* for its token."""
    return Call(broker.url + ROUTE.format(name), {**who, "X-Request-Id": request_id})


def all_at_once(calls: Sequence[Call], limit: float = 90.0) -> list[Reply]:
    """Send all of *calls* in parallel and return their replies, in the same order."""

    async def run() -> list[Reply]:
        at = [urlsplit(call.url) for call in calls]
        async with asyncio.timeout(limit):
            connections = [await asyncio.open_connection(one.hostname, one.port) for one in at]
            pairs = zip(calls, connections, strict=True)
            return await asyncio.gather(*(_ask(call, *connection) for call, connection in pairs))

    return asyncio.run(run())


async def _ask(call: Call, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Reply:
    headers = {"Host": "broker", "Connection": "close", **call.headers}
    lines = [f"GET {urlsplit(call.url).path} HTTP/1.1", *map(": ".join, headers.items())]
    writer.write("\r\n".join([*lines, "", ""]).encode())
    whole = b""
    with contextlib.suppress(ConnectionError):
        whole = await reader.read()
        writer.close()
        await writer.wait_closed()
    return _read(whole)


def _read(whole: bytes) -> Reply:
    head, _, body = whole.partition(b"\r\n\r\n")
    status, *lines = head.decode().split("\r\n")
    pairs = (line.partition(": ") for line in lines)
    headers = {name.lower(): value for name, _, value in pairs}
    if len(body) != int(headers.get("content-length", -1)):
        return Reply(0, {}, None)
    return Reply(int(status.split()[1]), headers, json.loads(body))
