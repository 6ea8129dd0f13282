"""
Statements of SQL in every parameter of every route that the description names.

The answer is never a defect or the database's, and no table is other than before.
"""

import contextlib
import itertools
import json
import sqlite3
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote, urlsplit

import pytest

from gitlease.broker.naming import is_workspace_id
from gitlease.emulator import GitHub
from tests.flows.attack.conftest import APP
from tests.support.brokers import Broker, running_broker
from tests.support.evidence import Tried
from tests.support.replicas import replicas
from tests.support.siege import FULL

PAYLOADS = [
    "' OR '1'='1",
    "'; DROP TABLE workspaces; --",
    "1; DELETE FROM journal",
    "ws-1' UNION SELECT digest,1,1,1 FROM bearers--",
    "\\'; UPDATE workspaces SET grants='[]'; --",
    "$$; SELECT pg_sleep(5); --",
    "%27%20OR%201%3D1",
    "ws-1\0",
    '" OR ""="',
    "%",
    "_",
    "ws-1'/**/OR/**/1=1",
    "); ATTACH DATABASE '/tmp/x' AS x; --",
    "${jndi:ldap://x}",
    "{{7*7}}",
    "0x27",
    "99999999999999999999",
    "-1",
    "NaN",
    "1e309",
    "\ud800".encode("utf-8", "surrogatepass").decode("latin-1"),
    "ﾟ',--",
    "' AND 1=(SELECT COUNT(*) FROM pg_catalog.pg_tables) --",
    "ws-1' COLLATE NOCASE --",
    "a" * 5000,
]
SOME = PAYLOADS if FULL else PAYLOADS[:12]
QUIET = {"last_used_at"}
Tables = Callable[[], dict[str, Any]]


class Fleet:
    """A broker, its description, and the content of its tables."""

    def __init__(self, broker: Broker, tables: Tables) -> None:
        self.broker = broker
        self.tables = tables
        self.mine = broker.workspace("ws-1", APP)
        self.description = broker.ask("GET", "/openapi.json").json()

    def attacks(self, payload: str) -> Iterator[tuple[str, str, Any]]:
        """Yield a method, a path and a body for each parameter, with *payload* in its place."""
        for path, item in self.description["paths"].items():
            for method, said in item.items():
                names = [(one["in"], one["name"]) for one in said.get("parameters", [])]
                fields = list(_fields(self.description, said))
                for where, name in names:
                    yield method.upper(), self._path(path, where, name, payload), _good(fields)
                for field in fields:
                    if field in {"id", "workspace_id"} and is_workspace_id(payload):
                        continue  # a name like any other
                    body = _good(fields) | {field: payload}
                    yield method.upper(), self._path(path, "", "", ""), body

    def _path(self, path: str, where: str, name: str, payload: str) -> str:
        good = {"workspace_id": "ws-1", "token_id": "0123456789abcdef"}
        if where == "path":
            good |= {name: quote(payload, safe="", encoding="latin-1", errors="replace")}
        query = f"?{name}={quote(payload, safe='', errors='replace')}" if where == "query" else ""
        return path.format(**good) + query


def _fields(description: Any, said: Any) -> Iterator[str]:
    for content in said.get("requestBody", {}).get("content", {}).values():
        schema = content["schema"]
        name = schema.get("$ref", "").rpartition("/")[2]
        yield from description["components"]["schemas"].get(name, schema).get("properties", {})


def _good(fields: list[str]) -> Any:
    values = {"id": "nobody' --", "grants": [], "fingerprint": "A" * 43 + "="}
    return {name: values.get(name, "nobody' --") for name in fields} if fields else None


def of_sqlite(broker: Broker) -> dict[str, Any]:
    file = broker.admin_token_file.parent / "broker.sqlite"
    with contextlib.closing(sqlite3.connect(file, timeout=20)) as database:
        names = [row[0] for row in database.execute("SELECT name FROM sqlite_master")]
        found: dict[str, Any] = {"names": sorted(names)}
        for table in ("workspaces", "bearers", "enrolments", "tokens", "quotas", "rejected"):
            found[table] = _rows(database.execute(f"SELECT * FROM {table}"))
        return found


def _rows(cursor: sqlite3.Cursor) -> list[Any]:
    columns = [one[0] for one in cursor.description]
    rows = [dict(zip(columns, row, strict=True)) for row in cursor]
    return sorted(str({k: v for k, v in row.items() if k not in QUIET}) for row in rows)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def fleet(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, github: GitHub
) -> Iterator[Fleet]:
    folder = tmp_path_factory.mktemp("statements")
    if request.param == "sqlite":
        with running_broker(folder, github) as broker:
            yield Fleet(broker, lambda: of_sqlite(broker))
        return
    server = request.getfixturevalue("postgres")
    with replicas(folder, github, server, 1) as (broker,):
        name = urlsplit(broker.env["GITLEASE_BROKER_DATABASE_URL"]).path[1:]

        def dump() -> dict[str, Any]:
            server.sql("UPDATE bearers SET last_used_at = NULL", name)
            return {"dump": sorted(filter(_counts, server.dump(name).splitlines()))}

        yield Fleet(broker, dump)


def _counts(line: str) -> bool:
    # A dump has a word of its own each time, and the journal may grow by refusals.
    marks = ("\\restrict", "\\unrestrict", "--", "SELECT pg_catalog.setval")
    return not line.startswith(marks) and "\trefusal\t" not in line


@pytest.mark.parametrize("who", ["operator", "workspace", "nobody"])
def test_a_statement_is_a_value_like_any_other(fleet: Fleet, who: str, tried: Tried) -> None:
    headers = {"operator": fleet.broker.admin, "workspace": fleet.mine, "nobody": {}}[who]
    before, count = fleet.tables(), 0
    for payload, (method, path, body) in itertools.chain.from_iterable(
        ((payload, one) for one in fleet.attacks(payload)) for payload in SOME
    ):
        more: dict[str, Any] = {}
        if body is not None:
            more["content"] = json.dumps(body)
            headers = headers | {"Content-Type": "application/json"}
        reply = fleet.broker.ask(method, path, headers=headers, **more)
        assert 200 <= reply.status_code < 500, (method, path, payload, reply.text)
        if method != "GET":
            assert reply.status_code >= 400, (method, path, payload)
        count += 1
    assert count > 20 * len(SOME)
    assert fleet.tables() == before
    path = "/workspaces/ws-1/github-installation-token"
    for payload in SOME:
        fleet.broker.ask("GET", path, headers=headers | {"X-Request-Id": quote(payload)})
    assert "defect" not in fleet.broker.log.read_text()
    tried("statements of SQL in parameters", count)
