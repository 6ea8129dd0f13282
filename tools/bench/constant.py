"""
The rival of a cached lease: the broker's own server, with a route of the same shape and size that
answers a constant.

``python -m tools.bench.constant`` serves until SIGTERM and prints a line of JSON when it is ready.
"""

import os
import sys
from pathlib import Path

from litestar import Litestar, get
from litestar.params import FromPath

from gitlease.broker import server
from gitlease.broker.api.leases import LeaseReply, Name, Number
from gitlease.broker.limits import MAX_BODY
from gitlease.broker.settings import Settings
from tools.bench.workspace import LONG, secret_of

REPLY = LeaseReply(
    token=secret_of(LONG),
    expires_at="2026-01-02T03:04:05Z",
    expires_in=3600,
    lifetime=3600,
    username="x-access-token",
    owner="acme",
    repositories=None,
    permissions=None,
    app="Iv23example",
)


@get("/workspaces/{workspace_id:str}/github-installation-token")
async def lease(
    workspace_id: FromPath[str], owner: Name = None, repo: Name = None, min_ttl: Number = None
) -> LeaseReply:
    """Return the constant."""
    del workspace_id, owner, repo, min_ttl
    return REPLY


@get("/healthz")
async def health() -> dict[str, str]:
    """Say that the process is alive, which the server waits for."""
    return {"status": "ok"}


def application() -> Litestar:
    """Return the application of the worker process."""
    return Litestar(
        [lease, health],
        request_max_body_size=MAX_BODY,
        openapi_config=None,
        logging_config=None,
        debug=False,
    )


def main() -> int:
    """Serve; return the exit code."""
    settings = Settings(data_dir=Path(os.devnull), port=0)
    name = "tools.bench.constant:application"
    return server.run(settings, os.environ, lambda line: print(line, flush=True), name)


if __name__ == "__main__":
    sys.exit(main())
