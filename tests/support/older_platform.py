"""
The platform that the shell system knows: two routes for tokens, one to register, two keys.

It hands out one token for everything, from its cache, however little life that has.
"""

import contextlib
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from gitlease.emulator import GitHub
from gitlease.model.wire import iso


@dataclass
class OlderPlatform:
    """A running platform at `url`; it knows the bearer `old-bearer` and mints at *github*."""

    url: str
    github: GitHub
    asked: list[str] = field(default_factory=list)
    bearer: str = "old-bearer"
    is_registered: bool = False

    def answer(self, method: str, path: str, authorization: str) -> tuple[int, dict[str, Any]]:
        """Answer a request; what the older platform has no word for is not found."""
        self.asked.append(f"{method} {path}")
        bare = path.partition("?")[0]
        if (method, bare) == ("POST", "/registry/register"):
            shown = {} if self.is_registered else {"auth_token": self.bearer}
            self.is_registered = True
            return 200, {"status": "registered"} | shown
        if method != "GET" or not bare.endswith("/github-installation-token"):
            return 404, {"error": "not found"}
        if authorization != f"Bearer {self.bearer}":
            return 401, {"error": "invalid token"}
        token = self.github.mint("acme")["token"]
        return 200, {"token": token, "expires_at": iso(time.time() + 3600)}


@contextlib.contextmanager
def older_platform(github: GitHub) -> Iterator[OlderPlatform]:
    """Run a platform on a free port of loopback until the context ends."""

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            given = self.headers.get("Authorization", "")
            status, said = platform.answer(self.command, self.path, given)
            body = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = answer  # noqa: N815 - http.server's names

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
            del format, args

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        platform = OlderPlatform(f"http://127.0.0.1:{server.server_port}", github)
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield platform
        finally:
            server.shutdown()
            thread.join()
