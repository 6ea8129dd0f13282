"""What probes and dashboards are told, and by whom the metrics may be read."""

import asyncio
from pathlib import Path

import httpx2
import pytest

from gitlease.broker.app import create_app
from gitlease.broker.settings import build
from tests.support.brokers import bearer

ADMIN = "a" * 40


@pytest.mark.parametrize(
    ("readers", "stranger", "operator"),
    [("anyone", 200, 200), ("admin", 401, 200), ("nobody", 404, 404)],
)
def test_the_metrics_are_for_whom_the_operator_says(
    tmp_path: Path, readers: str, stranger: int, operator: int
) -> None:
    settings = build({"data_dir": str(tmp_path), "admin_token": ADMIN, "metrics": readers})

    async def story() -> None:
        async with create_app(settings).running() as app:
            transport = httpx2.ASGITransport(app)
            async with httpx2.AsyncClient(transport=transport, base_url="http://broker") as client:
                assert (await client.get("/metrics")).status_code == stranger
                reply = await client.get("/metrics", headers=bearer(ADMIN))
                assert reply.status_code == operator
                for path in ("/healthz", "/readyz"):
                    assert (await client.get(path)).json() == {"status": "ok"}

    asyncio.run(asyncio.wait_for(story(), 60))
