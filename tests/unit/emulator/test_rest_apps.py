"""The API answers for Apps as GitHub's docs say, in status, shape and words."""

from typing import Any

import pytest

from tests.unit.emulator.worlds import Api, app_jwt, new_token, new_world

MINT = "/app/installations/10/access_tokens"


@pytest.fixture
def api() -> Api:
    return Api(new_world())


def test_a_mint_is_201_with_token_expiry_and_permissions(api: Api) -> None:
    reply = api.as_app("POST", MINT)
    assert reply.status == 201
    assert set(reply.json) == {"token", "expires_at", "permissions", "repository_selection"}
    assert reply.json["repository_selection"] == "all"
    assert reply.json["permissions"]["contents"] == "write"
    assert api.ask("GET", "/installation/repositories", auth=reply.json["token"]).status == 200


def test_a_narrowed_mint_lists_its_repositories(api: Api) -> None:
    body = {"repositories": ["app"], "permissions": {"contents": "read"}}
    reply = api.as_app("POST", MINT, body=body).json
    assert reply["repository_selection"] == "selected"
    assert [one["full_name"] for one in reply["repositories"]] == ["acme/app"]
    assert reply["permissions"] == {"contents": "read", "metadata": "read"}


@pytest.mark.parametrize(
    ("wish", "prefix"), [("enabled", "ghs_77_"), ("disabled", "ghs_"), ("ENABLED", "ghs_77_")]
)
def test_the_caller_may_pick_the_form_of_the_token(api: Api, wish: str, prefix: str) -> None:
    other = "classic" if wish.lower() == "enabled" else "stateless"
    api.world.settings = api.world.settings.changed({"token_format": other})
    token = api.as_app("POST", MINT, headers={"X-GitHub-Stateless-S2S-Token": wish}).json["token"]
    assert token.startswith(prefix)
    assert (len(token) == 40) == (wish == "disabled")


@pytest.mark.parametrize("body", [b"{", b"\xff", b"'x'"])
def test_a_body_that_is_no_json_is_400(api: Api, body: bytes) -> None:
    reply = api.as_app("POST", MINT, body=body)
    assert (reply.status, reply.json["message"]) == (400, "Problems parsing JSON")


def test_an_unknown_or_foreign_or_removed_installation_is_404(api: Api) -> None:
    assert api.as_app("POST", "/app/installations/11/access_tokens").status == 404
    api.world.remove_installation("acme")
    reply = api.as_app("POST", MINT)
    assert (reply.status, reply.json["message"]) == (404, "Not Found")
    assert "create-an-installation-access-token" in reply.json["documentation_url"]


def test_a_suspended_installation_is_403_without_retry_after(api: Api) -> None:
    api.world.suspend("acme")
    reply = api.as_app("POST", MINT)
    assert (reply.status, reply.json["message"]) == (403, "This installation has been suspended")
    assert "retry-after" not in reply.headers
    found = api.as_app("GET", "/app/installations/10").json
    assert found["suspended_at"]
    assert found["suspended_by"]["login"] == "acme"


@pytest.mark.parametrize(
    "target",
    ["/app", "/app/installations", "/orgs/acme/installation", "/repos/acme/app/installation"],
)
@pytest.mark.parametrize("auth", [None, "ghs_something", "nothing"])
def test_the_apps_own_pages_want_the_apps_own_proof(
    api: Api, target: str, auth: str | None
) -> None:
    reply = api.ask("GET", target, auth=auth)
    assert reply.status == 401
    assert reply.json["message"] == "A JSON web token could not be decoded"


def test_a_token_does_not_open_the_apps_pages_nor_a_proof_the_tokens(api: Api) -> None:
    assert api.ask("GET", "/app", auth=new_token(api.world)).status == 401
    reply = api.as_app("GET", "/installation/repositories")
    assert (reply.status, reply.json["message"]) == (403, "Resource not accessible by integration")


@pytest.mark.parametrize(
    ("target", "status", "number"),
    [
        ("/orgs/acme/installation", 200, 10),
        ("/orgs/ACME/installation", 200, 10),
        ("/users/alice/installation", 200, 20),
        ("/users/acme/installation", 200, 10),
        ("/repos/Acme/APP/installation", 200, 10),
        ("/orgs/alice/installation", 404, None),
        ("/orgs/nobody/installation", 404, None),
        ("/repos/acme/nothing/installation", 404, None),
    ],
)
def test_an_installation_is_found_by_org_user_and_repository(
    api: Api, target: str, status: int, number: int | None
) -> None:
    reply = api.as_app("GET", target)
    assert reply.status == status
    assert reply.json.get("id") == number


def test_a_repository_that_was_not_selected_has_no_installation(api: Api) -> None:
    api.world.installations[10].repository_ids = frozenset({100})
    assert api.as_app("GET", "/repos/acme/app/installation").status == 200
    assert api.as_app("GET", "/repos/acme/lib/installation").status == 404


def test_a_renamed_repository_is_301_to_its_number_and_that_answers(api: Api) -> None:
    api.world.rename("acme/app", "acme/product")
    reply = api.as_app("GET", "/repos/Acme/app/installation")
    target = "/repositories/100/installation"
    assert (reply.status, reply.json["message"]) == (301, "Moved Permanently")
    assert reply.headers["location"] == f"https://api.github.com{target}" == reply.json["url"]
    assert api.as_app("GET", target).json["id"] == 10
    assert api.as_app("GET", "/repos/acme/product/installation").json["id"] == 10


def test_installations_are_listed_in_pages(api: Api) -> None:
    reply = api.as_app("GET", "/app/installations?per_page=1")
    assert [one["id"] for one in reply.json] == [10]
    assert 'rel="next"' in reply.headers["link"]
    assert "https://api.github.com/app/installations?per_page=1&page=2" in reply.headers["link"]


def test_the_app_says_who_it_is(api: Api) -> None:
    app = api.as_app("GET", "/app").json
    assert (app["id"], app["client_id"], app["slug"]) == (77, "Iv23liexample", "demo")
    assert app["installations_count"] == 2


def test_a_token_lists_what_it_reaches(api: Api) -> None:
    def reached(token: str) -> list[str]:
        reply = api.ask("GET", "/installation/repositories", auth=token).json
        assert reply["total_count"] == len(reply["repositories"])
        return [one["name"] for one in reply["repositories"]]

    assert reached(new_token(api.world)) == ["app", "site", "lib"]
    assert reached(new_token(api.world, repositories=["lib"])) == ["lib"]
    assert reached(new_token(api.world, 20)) == ["dotfiles"]


def test_a_token_can_end_itself(api: Api) -> None:
    token = new_token(api.world)
    reply = api.ask("DELETE", "/installation/token", auth=token)
    assert (reply.status, reply.body) == (204, b"")
    again = api.ask("DELETE", "/installation/token", auth=token)
    assert (again.status, again.json["message"]) == (401, "Bad credentials")


def test_a_fresh_token_is_401_then_403_then_fine_while_replicas_lag(api: Api) -> None:
    api.world.settings = api.world.settings.changed({"replication_lag": 2})
    token = new_token(api.world)
    statuses = []
    for _ in range(3):
        statuses.append(api.ask("GET", "/repos/acme/app", auth=token).status)
        api.world.clock.advance(1.01)
    assert statuses == [401, 403, 200]


def test_links_lead_back_to_the_address_that_was_asked(api: Api) -> None:
    headers = {"host": "127.0.0.1:4711"}
    reply = api.as_app("GET", "/app/installations?per_page=1", headers=headers)
    assert "<https://127.0.0.1:4711/api/v3/app/installations?" in reply.headers["link"]
    assert reply.json[0]["access_tokens_url"].startswith("https://127.0.0.1:4711/api/v3/app/")


@pytest.mark.parametrize(
    ("method", "target"),
    [("GET", "/nothing"), ("POST", "/app"), ("PUT", MINT), ("GET", MINT), ("GET", "/app/")],
)
def test_an_unknown_route_or_method_is_404(api: Api, method: str, target: str) -> None:
    reply = api.as_app(method, target)
    assert (reply.status, reply.json["message"]) == (404, "Not Found")


def test_a_request_without_user_agent_is_refused(api: Api) -> None:
    reply = api.as_app("GET", "/app", headers={"user-agent": ""})
    assert reply.status == 403
    assert b"User-Agent" in reply.body


def test_an_expired_proof_gets_the_clocks_text(api: Api) -> None:
    past: Any = int(api.world.clock.now()) - 1
    reply = api.ask("POST", MINT, auth=app_jwt(api.world, exp=past))
    assert reply.status == 401
    assert reply.json["message"].startswith("'Expiration time' claim ('exp')")
