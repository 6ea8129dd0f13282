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
    assert proxy_for(env, "https", HOST) == proxy


def test_the_upper_case_http_proxy_is_not_read_because_a_request_header_can_set_it() -> None:
    assert proxy_for({"HTTP_PROXY": "http://evil"}, "http", HOST) is None
    assert proxy_for({"http_proxy": "http://p"}, "http", HOST) == "http://p"


@pytest.mark.parametrize(
    "exceptions",
    [
        "*",
        HOST,
        "github.com",
        ".github.com",
        "*.github.com",
        "x, GitHub.com ,y",
        "x github.com:443",
    ],
)
def test_an_excepted_host_is_asked_directly(exceptions: str) -> None:
    for name in ("no_proxy", "NO_PROXY"):
        assert proxy_for({"HTTPS_PROXY": "http://p", name: exceptions}, "https", HOST) is None


@pytest.mark.parametrize(
    "exceptions", ["", "hub.com", "api.github.com.evil", "ub.com", ",", ".", "*,"]
)
def test_other_hosts_are_not_excepted(exceptions: str) -> None:
    env = {"HTTPS_PROXY": "http://p", "NO_PROXY": exceptions}
    assert proxy_for(env, "https", HOST) == "http://p"
