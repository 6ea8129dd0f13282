"""The proxy is the one that curl would take."""

import pytest

from gitlease.workspace.proxies import proxy_for

HOST = "api.github.com"


@pytest.mark.parametrize(
    ("env", "proxy"),
    [
        ({}, None),
        ({"HTTPS_PROXY": "http://p"}, "http://p"),
        ({"https_proxy": "http://low", "HTTPS_PROXY": "http://up"}, "http://low"),
        ({"https_proxy": "", "HTTPS_PROXY": "http://up"}, "http://up"),
        ({"ALL_PROXY": "http://all"}, "http://all"),
        ({"all_proxy": "http://low", "ALL_PROXY": "http://up"}, "http://low"),
        ({"HTTPS_PROXY": "http://p", "ALL_PROXY": "http://all"}, "http://p"),
        ({"HTTP_PROXY": "http://p", "http_proxy": "http://p"}, None),
    ],
)
def test_https_goes_through_the_proxy_that_is_named_for_it(
    env: dict[str, str], proxy: str | None
) -> None:
    assert proxy_for(env, HOST, 443) == proxy


@pytest.mark.parametrize(
    "exceptions",
    [
        "*",
        "*,",
        "localhost,*",
        HOST,
        "github.com",
        ".github.com",
        "*.github.com",
        "x, GitHub.com ,y",
        "x github.com:443",
        "github.com.",
    ],
)
def test_an_excepted_host_is_asked_directly(exceptions: str) -> None:
    for name in ("no_proxy", "NO_PROXY"):
        env = {"HTTPS_PROXY": "http://p", name: exceptions}
        assert proxy_for(env, HOST, 443) is None
        assert proxy_for(env, "API.github.com.", 443) is None


@pytest.mark.parametrize(
    "exceptions",
    [
        "",
        "hub.com",
        "api.github.com.evil",
        "ub.com",
        ",",
        ".",
        "*.",
        "github.com:8443",
        "10.0.0.0/8",
        "0.0.0.0/0",
        "::/0",
    ],
)
def test_other_hosts_are_not_excepted(exceptions: str) -> None:
    env = {"HTTPS_PROXY": "http://p", "NO_PROXY": exceptions}
    assert proxy_for(env, HOST, 443) == "http://p"


@pytest.mark.parametrize(
    ("exceptions", "host", "port"),
    [
        ("::1", "::1", 443),
        ("[::1]", "::1", 443),
        ("[::1]:8443", "::1", 8443),
        ("0:0:0:0:0:0:0:1", "::1", 443),
        ("fd00::/8", "fd12::7", 443),
        ("127.0.0.1", "127.0.0.1", 443),
        ("127.0.0.1:8443", "127.0.0.1", 8443),
        ("10.0.0.0/8", "10.1.2.3", 443),
        ("x,10.1.0.0/8,y", "10.200.2.3", 443),
        ("*", "10.1.2.3", 443),
    ],
)
def test_an_excepted_address_or_network_is_asked_directly(
    exceptions: str, host: str, port: int
) -> None:
    assert proxy_for({"HTTPS_PROXY": "http://p", "NO_PROXY": exceptions}, host, port) is None


@pytest.mark.parametrize(
    ("exceptions", "host"),
    [
        ("0.0.1", "127.0.0.1"),
        (".0.0.1", "127.0.0.1"),
        ("127.0.0.1:8443", "127.0.0.1"),
        ("[::1]:8443", "::1"),
        ("10.0.0.0/8", "11.0.0.1"),
        ("10.0.0.0/99", "10.0.0.1"),
        ("10.0.0.0/8", "::1"),
        ("fd00::/8", "fe80::1"),
        ("::1", "::2"),
        ("[", "::1"),
        ("[]", "::1"),
        ("/", "127.0.0.1"),
    ],
)
def test_other_addresses_are_not_excepted(exceptions: str, host: str) -> None:
    env = {"HTTPS_PROXY": "http://p", "NO_PROXY": exceptions}
    assert proxy_for(env, host, 443) == "http://p"
