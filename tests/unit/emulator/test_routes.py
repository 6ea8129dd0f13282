"""A request has one name, however the client came."""

import pytest

from gitlease.emulator import routes


@pytest.mark.parametrize(
    ("host", "path", "address"),
    [
        ("api.github.com", "/app", "GET api.github.com/app"),
        ("API.github.com:443", "/app", "GET api.github.com/app"),
        ("api.github.com.", "/app", "GET api.github.com/app"),
        ("127.0.0.1:4711", "/api/v3/app", "GET api.github.com/app"),
        ("127.0.0.1:4711", "/api/v3", "GET api.github.com/"),
        ("127.0.0.1:4711", "/api/graphql", "GET api.github.com/graphql"),
        ("127.0.0.1:4711", "/acme/app.git/info/refs", "GET github.com/acme/app.git/info/refs"),
        ("github.com", "/api/v30/app", "GET github.com/api/v30/app"),
        ("github.com", "/acme/app/info/refs", "GET github.com/acme/app/info/refs"),
    ],
)
def test_the_proxy_and_the_port_lead_to_the_same_address(
    host: str, path: str, address: str
) -> None:
    assert routes.name("GET", host, path, "").address == address


@pytest.mark.parametrize(
    ("path", "route"),
    [
        ("/app/installations/12/access_tokens", "/app/installations/{id}/access_tokens"),
        ("/repos/acme/app/installation", "/repos/{owner}/{repo}/installation"),
        ("/users/demo[bot]", "/users/{login}"),
        ("/repositories/7/pulls", "/repositories/{id}/pulls"),
    ],
)
def test_counters_leave_names_out(path: str, route: str) -> None:
    assert routes.name("GET", "api.github.com", path, "").route == f"GET api.github.com{route}"


def test_git_is_counted_by_service() -> None:
    asked = routes.name("GET", "github.com", "/a/b.git/info/refs", "service=git-upload-pack")
    assert asked.route == "GET github.com/info/refs?service=git-upload-pack"
    assert routes.name("GET", "github.com", "/about", "").route == "GET github.com/…"
