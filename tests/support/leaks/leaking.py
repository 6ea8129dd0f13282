"""
Tests that let secrets out on purpose, each in one place: `tests/flows/test_leaks.py` runs them.

The name of a test is the place that its secret must be found in; a test whose name begins with
`test_fine` leaks nothing.
"""

import contextlib
import logging
import secrets
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import httpx2
import pytest

from gitlease.emulator import GitHub
from gitlease.model.tokens import Secret
from tests.support.canaries import forms
from tests.support.leaks.ledger import current
from tests.support.leaks.stores import look_at_metrics, look_at_rows

# Longer than a few looks of the sampler.
_WHILE = "import time; time.sleep(1.5)"


@pytest.fixture
def bearer() -> str:
    """A bearer that the tests' own process has made."""
    return Secret(f"glw_{secrets.token_urlsafe(32)}").reveal()


@pytest.mark.parametrize("form", forms(b"x" * 20))
def test_file(bearer: str, tmp_path: Path, form: str) -> None:
    (tmp_path / "broker.log").write_bytes(b"before " + forms(bearer[12:32].encode())[form])


def test_file_core(bearer: str, tmp_path: Path) -> None:
    (tmp_path / "core.4711").write_bytes(b"\0" * 10_000 + bearer.encode() + b"\0" * 10_000)


def test_file_of_another_kind(bearer: str, tmp_path: Path) -> None:
    (tmp_path / "hosts.yml").write_text(f"oauth_token: {bearer}")


def test_argv(bearer: str) -> None:
    subprocess.run([sys.executable, "-c", "", bearer], check=True)


def test_argv_of_a_grandchild(bearer: str, tmp_path: Path) -> None:
    (tmp_path / ".auth_token").write_text(bearer)
    command = f'{sys.executable} -c "{_WHILE}" "$(cat .auth_token)"; true'
    subprocess.run(["sh", "-c", command], check=True, cwd=tmp_path)


def test_environ(bearer: str) -> None:
    subprocess.run([sys.executable, "-c", ""], check=True, env={"GITLEASE_BEARER": bearer})


def test_environ_of_a_grandchild(bearer: str, tmp_path: Path) -> None:
    (tmp_path / ".auth_token").write_text(bearer)
    command = f'SHOWN="$(cat .auth_token)" {sys.executable} -c "{_WHILE}"; true'
    subprocess.run(["sh", "-c", command], check=True, cwd=tmp_path)


def test_stderr(bearer: str, tmp_path: Path) -> None:
    (tmp_path / ".auth_token").write_text(bearer)
    command = ["sh", "-c", "cat .auth_token >&2"]
    subprocess.run(command, check=True, cwd=tmp_path, capture_output=True)


def test_stdout_of_what_may_not(bearer: str, tmp_path: Path) -> None:
    (tmp_path / ".auth_token").write_text(bearer)
    subprocess.run(["cat", ".auth_token"], check=True, cwd=tmp_path, capture_output=True)


def test_captured_stdout(bearer: str) -> None:
    print(bearer)


def test_captured_log(bearer: str) -> None:
    logging.getLogger("gitlease").warning("sent %s", bearer)


@contextlib.contextmanager
def serving(status: int, said: str) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(said.encode())

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_http_error(bearer: str) -> None:
    with serving(404, f"no such workspace: {bearer}") as url:
        httpx2.get(f"{url}/workspaces/ws-1/tokens", trust_env=False)


def test_http_metrics(bearer: str) -> None:
    with serving(200, f'leases{{bearer="{bearer}"}} 1') as url:
        look_at_metrics(url)


def test_rows(bearer: str, tmp_path: Path) -> None:
    file = tmp_path / "broker.sqlite"
    with contextlib.closing(sqlite3.connect(file)) as database:
        database.execute("CREATE TABLE journal (detail TEXT)")
        # Over two pages, so that no piece of the file has all of it.
        for cut in range(4060, 4100):
            database.execute("INSERT INTO journal VALUES (?)", ("x" * cut + bearer,))
        database.commit()
    look_at_rows(file)


@pytest.mark.filterwarnings("ignore")
def test_file_with_a_token_of_the_emulators(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in current().environment().items():
        monkeypatch.setenv(name, value)
    with GitHub() as github:
        key = github.private_key_file.read_text().splitlines()
        (tmp_path / "token.log").write_text(github.mint("acme")["token"])
        (tmp_path / "key.log").write_text("".join(key[1:-1]))


def test_fine_in_holders(bearer: str, tmp_path: Path) -> None:
    token = Secret(f"ghs_{secrets.token_urlsafe(30)}").reveal()
    (tmp_path / ".auth_token").write_text(bearer)
    (tmp_path / "hosts.yml").write_text(token)
    subprocess.run([sys.executable, "-c", ""], check=True, env={"GH_TOKEN": token})


def test_fine_where_nothing_is(bearer: str, tmp_path: Path) -> None:
    (tmp_path / "log").write_text(bearer[:12] + "…")


@pytest.mark.plants("file .*/config")
def test_fine_where_it_is_planted(bearer: str, tmp_path: Path) -> None:
    (tmp_path / "config").write_text(bearer)
