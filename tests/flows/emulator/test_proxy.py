"""The proxy leads the two real names to the emulator, and nothing anywhere else."""

import socket
import ssl
from urllib.parse import urlsplit

import pytest

from gitlease.emulator import GitHub
from tests.flows.emulator.clients import app_jwt, ask, connect


def said(github: GitHub, request: bytes) -> bytes:
    """Send *request* to the proxy and return all that it says."""
    port = urlsplit(github.proxy_url).port
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(request)
        received = b""
        while chunk := connection.recv(4096):
            received += chunk
        return received


@pytest.mark.parametrize("host", ["api.github.com", "github.com"])
def test_the_real_names_are_served_with_a_certificate_for_them(github: GitHub, host: str) -> None:
    connection = connect(github, host)
    connection.connect()
    names = {name for _, name in connection.sock.getpeercert()["subjectAltName"]}
    connection.close()
    assert {"github.com", "*.github.com", "localhost", "127.0.0.1"} <= names
    assert github.stats()["proxy"]["tunnels"] == 1


def test_a_seed_s_host_is_led_in_the_place_of_the_real_names() -> None:
    with GitHub({"host": "github.example.com", "installations": [{"owner": "acme"}]}) as github:
        led = connect(github, "github.example.com")
        led.connect()
        led.close()
        with pytest.raises(OSError, match="403"):
            connect(github, "github.com").connect()


def test_the_host_header_tells_api_from_git(github: GitHub) -> None:
    assert ask(github, "GET", "/meta").status == 200
    assert ask(github, "GET", "/meta", host="github.com").status == 404
    report = github.stats()
    assert (report["api_calls"], report["git_requests"]) == (1, 1)


def test_without_the_proxy_the_api_is_where_an_enterprise_server_has_it(github: GitHub) -> None:
    assert github.api_url == f"{github.git_url}/api/v3"
    reply = ask(github, "GET", "/api/v3/app", auth=app_jwt(github), proxy=False)
    assert reply.json["id"] == github.app_id
    found = ask(github, "GET", "/api/v3/app/installations", auth=app_jwt(github), proxy=False).json
    assert [one["account"]["login"] for one in found] == ["acme", "other"]
    assert found[0]["access_tokens_url"].startswith(github.api_url)


@pytest.mark.parametrize(
    ("request_line", "host"),
    [
        ("CONNECT example.com:443 HTTP/1.1", "example.com:443"),
        ("CONNECT github.com:22 HTTP/1.1", "github.com:22"),
        ("CONNECT github.com.example.com:443 HTTP/1.1", "github.com.example.com:443"),
        ("CONNECT 127.0.0.1:443 HTTP/1.1", "127.0.0.1:443"),
        ("GET http://github.com/ HTTP/1.1", "http://github.com/"),
        ("nonsense", ""),
    ],
)
def test_every_other_target_is_refused_and_counted(
    github: GitHub, request_line: str, host: str
) -> None:
    assert said(github, f"{request_line}\r\n\r\n".encode()).startswith(b"HTTP/1.1 403 ")
    proxy = github.stats()["proxy"]
    assert proxy == {"tunnels": 0, "refused": 1, "refused_hosts": {host: 1}}


def test_a_head_without_end_is_cut_off(github: GitHub) -> None:
    flood = b"CONNECT github.com:443 HTTP/1.1\r\n" + b"X: y\r\n" * 20_000
    try:
        received = said(github, flood)
    except ConnectionError:
        received = b""
    assert received == b""


def test_a_client_that_does_not_know_the_ca_does_not_connect(github: GitHub) -> None:
    port = urlsplit(github.git_url).port
    context = ssl.create_default_context()
    with (
        socket.create_connection(("127.0.0.1", port), timeout=10) as plain,
        pytest.raises(ssl.SSLCertVerificationError),
    ):
        context.wrap_socket(plain, server_hostname="github.com")
