"""The journal of a running broker, as its operator reads it."""

from typing import Any

from tests.support.brokers import Broker

PAGE = 1000


def records(broker: Broker, kind: str | None = None) -> list[dict[str, Any]]:
    """Return every record, or those of *kind*, in the order of their numbers."""
    found: list[dict[str, Any]] = []
    after: int | None = 0
    while after is not None:
        query: dict[str, Any] = {"after": after, "limit": PAGE}
        if kind is not None:
            query["kind"] = kind
        reply = broker.ask("GET", "/admin/journal", headers=broker.admin, params=query)
        assert reply.status_code == 200, reply.text
        page = reply.json()
        found += page["records"]
        after = page["next"]
    return found


def story(broker: Broker) -> list[str]:
    """Return what kinds of records there are about leases, in the order of their numbers."""
    return [one["kind"] for one in records(broker) if one["kind"] != "admin"]
