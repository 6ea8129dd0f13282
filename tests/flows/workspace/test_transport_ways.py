"""The way to a server: addresses, certificates and proxies, and what a secret is not sent over."""

import base64
import socket
import ssl
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme

from gitlease.model.errors import SettingsError, UnreachableError
from tests.support.carrying import CANARY, ask, failure, transport
from tests.support.loopback import Loopback, reply, says, tunnel

OK = reply(200, b"fine")


def resolve(patch: pytest.MonkeyPatch, *addresses: str) -> list[str]:
    """Let every name have *addresses* the first time it is looked up, and a public one later."""
    looked_up: list[str] = []

    def look_up(host: str, port: int, *_args: object, **_options: object) -> list[Any]:
        numeric = host in addresses
        found = addresses if not looked_up or numeric else ("203.0.113.1",)
        found = (host,) if numeric else found
        looked_up.append(host)
        family = {True: socket.AF_INET6, False: socket.AF_INET}
        return [(family[":" in one], socket.SOCK_STREAM, 6, "", (one, port)) for one in found]

    patch.setattr(socket, "getaddrinfo", look_up)
    return looked_up


@pytest.mark.parametrize(
    "addresses",
    [["8.8.8.8"], ["127.0.0.1", "8.8.8.8"], ["::ffff:8.8.8.8"], ["2606:4700::1"], ["100.64.0.1"]],
)
def test_a_secret_is_not_sent_in_the_clear_to_a_public_address(
    monkeypatch: pytest.MonkeyPatch, addresses: list[str]
) -> None:
    with Loopback(OK) as server:
        resolve(monkeypatch, *addresses)
        said = failure(SettingsError, f"http://broker.example:{server.port}/")
    assert said.startswith("http://broker.example would send a secret in the clear; use https")
    assert server.connections == 0


def test_a_second_look_up_cannot_lead_to_another_address(monkeypatch: pytest.MonkeyPatch) -> None:
    with Loopback(OK) as server:
        resolve(monkeypatch, "127.0.0.1")
        response = transport().exchange(ask(f"http://broker.example:{server.port}/"))
    assert response.status == 200
    assert f"Host: broker.example:{server.port}\r\n".encode() in server.requests[0]


def test_each_address_of_a_name_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    with Loopback(OK) as server:
        resolve(monkeypatch, "127.0.0.2", "127.0.0.1")
        assert transport().exchange(ask(f"http://broker.example:{server.port}/")).status == 200


def test_plain_http_to_anywhere_is_a_choice() -> None:
    with Loopback(OK) as server:
        url = f"http://localhost:{server.port}/"
        assert transport(allow_http=True).exchange(ask(url)).status == 200


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Path) -> str:
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    return str(tmp_path / "ca.pem")


@pytest.fixture
def tls(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("api.github.com", "localhost").configure_cert(context)
    return context


@pytest.fixture
def secure(tls: ssl.SSLContext) -> Iterator[Loopback]:
    with Loopback(OK, tls=tls) as server:
        yield server


def test_a_private_ca_is_believed_where_it_is_named(secure: Loopback, ca_file: str) -> None:
    url = f"https://localhost:{secure.port}/"
    assert transport(ca_file=ca_file).exchange(ask(url)).status == 200
    assert transport({"SSL_CERT_FILE": ca_file}).exchange(ask(url)).status == 200


def test_an_unknown_ca_is_named_as_the_cause_with_its_cure(secure: Loopback) -> None:
    said = failure(UnreachableError, f"https://localhost:{secure.port}/")
    assert said.startswith("localhost shows a certificate that is not trusted: ")
    assert "GITLEASE_CA_FILE" in said
    assert secure.requests == []


def test_a_certificate_for_another_name_is_not_believed(secure: Loopback, ca_file: str) -> None:
    said = failure(UnreachableError, f"https://127.0.0.1:{secure.port}/", ca_file=ca_file)
    assert "not trusted" in said
    assert secure.requests == []


@pytest.mark.parametrize("content", [None, b"", b"no certificate"])
def test_a_ca_file_that_is_none_is_an_error_each_time(
    secure: Loopback, tmp_path: Path, content: bytes | None
) -> None:
    path = tmp_path / "wrong.pem"
    if content is not None:
        path.write_bytes(content)
    carrier = transport(ca_file=str(path))
    for _ in range(2):
        with pytest.raises(SettingsError, match=str(path)):
            carrier.exchange(ask(f"https://localhost:{secure.port}/"))
    assert secure.connections == 0


def test_https_goes_through_the_proxy_and_is_closed_to_it(secure: Loopback, ca_file: str) -> None:
    with Loopback(tunnel(secure.port)) as proxy:
        env = {"HTTPS_PROXY": f"http://me:hunter%32@127.0.0.1:{proxy.port}"}
        response = transport(env, ca_file=ca_file).exchange(ask("https://api.github.com/x"))
    assert response.status == 200
    head = proxy.requests[0].decode().split("\r\n")
    assert head[0].startswith("CONNECT api.github.com:443 HTTP/1.")
    pair = base64.b64encode(b"me:hunter2").decode()
    assert f"Proxy-Authorization: Basic {pair}" in head
    assert CANARY not in proxy.requests[0].decode()
    assert b"Proxy-Authorization" not in secure.requests[0]
    head = secure.requests[0].decode().split("\r\n")
    assert head[0] == "GET /x HTTP/1.1"
    assert "Host: api.github.com" in head


def test_an_excepted_host_is_asked_directly(secure: Loopback, ca_file: str) -> None:
    with Loopback(OK) as proxy:
        env = {"HTTPS_PROXY": f"http://127.0.0.1:{proxy.port}", "NO_PROXY": "localhost"}
        url = f"https://localhost:{secure.port}/"
        assert transport(env, ca_file=ca_file).exchange(ask(url)).status == 200
    assert proxy.connections == 0


@pytest.mark.parametrize("status", [403, 407, 502])
def test_a_proxy_that_refuses_is_named_without_its_password(status: int) -> None:
    with Loopback(reply(status, b"go away")) as proxy:
        env = {"HTTPS_PROXY": f"http://me:hunter2@127.0.0.1:{proxy.port}"}
        said = failure(UnreachableError, "https://api.github.com/", env)
    assert said.startswith(
        "api.github.com (through the proxy 127.0.0.1) cannot be reached: "
        f"Tunnel connection failed: {status} Status"
    )
    assert base64.b64encode(b"me:hunter2").decode() not in said


@pytest.mark.parametrize(
    "proxy",
    ["https://me:hunter2@p:1", "socks5://p:1", "http://", "http://p:port", "http://[::1", "//p"],
)
def test_a_proxy_of_another_kind_is_a_wrong_setting(proxy: str) -> None:
    said = failure(SettingsError, "https://api.github.com/", {"HTTPS_PROXY": proxy})
    assert said.endswith("; set HTTPS_PROXY to http://host:port")


def test_plain_http_goes_through_no_proxy_and_says_so() -> None:
    with Loopback(OK) as proxy, Loopback(says(b"")) as server:
        env = {"http_proxy": f"http://127.0.0.1:{proxy.port}"}
        said = failure(UnreachableError, f"http://127.0.0.1:{server.port}/", env)
    assert "proxy 127" not in said
    assert proxy.connections == 0


def test_the_limit_holds_for_tls_that_never_begins(ca_file: str) -> None:
    with Loopback() as server:
        server.acts.append(server.waits)
        began = time.monotonic()
        url = f"https://127.0.0.1:{server.port}/"
        said = failure(UnreachableError, url, limit=0.4, ca_file=ca_file)
        took = time.monotonic() - began
    assert "did not answer within 0.4 s" in said
    assert took < 3
