"""The API shows a repository to those who may see it, and to nobody else."""

import pytest

from tests.unit.emulator.worlds import Api, new_token, new_world


@pytest.fixture
def api() -> Api:
    return Api(new_world())


def test_a_private_repository_exists_for_its_tokens_only(api: Api) -> None:
    narrowed = new_token(api.world, repositories=["lib"])
    seen = {
        "its own": api.ask("GET", "/repos/ACME/app", auth=new_token(api.world)).status,
        "narrowed to another": api.ask("GET", "/repos/acme/app", auth=narrowed).status,
        "another owner's": api.ask("GET", "/repos/acme/app", auth=new_token(api.world, 20)).status,
        "nobody's": api.ask("GET", "/repos/acme/app").status,
        "dead": api.ask("GET", "/repos/acme/app", auth="ghs_dead").status,
    }
    assert seen == {
        "its own": 200,
        "narrowed to another": 404,
        "another owner's": 404,
        "nobody's": 404,
        "dead": 401,
    }


def test_a_public_repository_exists_for_everybody(api: Api) -> None:
    assert api.ask("GET", "/repos/acme/site").json["full_name"] == "acme/site"
    foreign = api.ask("GET", "/repos/acme/site", auth=new_token(api.world, 20)).json
    assert foreign["permissions"]["push"] is False


def test_push_is_told_to_who_may(api: Api) -> None:
    for level, push in (("write", True), ("read", False)):
        token = new_token(api.world, permissions={"contents": level})
        reply = api.ask("GET", "/repos/acme/app", auth=token).json
        assert reply["permissions"]["push"] is push


def test_a_former_name_is_301_for_those_who_may_see_it(api: Api) -> None:
    api.world.rename("acme/app", "acme/product")
    moved = api.ask("GET", "/repos/acme/app/pulls?state=all", auth=new_token(api.world))
    assert moved.status == 301
    assert moved.headers["location"] == "https://api.github.com/repositories/100/pulls?state=all"
    assert api.ask("GET", "/repos/acme/app").status == 404
    assert api.ask("GET", "/repositories/100").status == 404
    assert api.ask("GET", "/repositories/100", auth=new_token(api.world)).status == 200


@pytest.mark.parametrize(
    ("query", "count"),
    [("", 1), ("?state=all", 1), ("?state=closed", 0), ("?head=acme:feature", 1), ("?base=x", 0)],
)
def test_pull_requests_are_listed(api: Api, query: str, count: int) -> None:
    reply = api.ask("GET", f"/repos/acme/lib/pulls{query}", auth=new_token(api.world))
    assert [one["number"] for one in reply.json] == [1] * count


def test_pull_requests_want_their_permission(api: Api) -> None:
    token = new_token(api.world, permissions={"contents": "read"})
    reply = api.ask("GET", "/repos/acme/lib/pulls", auth=token)
    assert (reply.status, reply.json["message"]) == (403, "Resource not accessible by integration")


def test_a_token_has_no_user_but_a_bot(api: Api) -> None:
    token = new_token(api.world)
    reply = api.ask("GET", "/user", auth=token)
    assert (reply.status, reply.json["message"]) == (403, "Resource not accessible by integration")
    bot = api.ask("GET", "/users/demo[bot]", auth=token).json
    assert (bot["login"], bot["type"]) == ("demo[bot]", "Bot")
    assert bot["url"].endswith("/users/demo%5Bbot%5D")


def test_the_root_checks_a_token_and_tells_no_scopes(api: Api) -> None:
    assert api.ask("GET", "/").status == 200
    assert api.ask("GET", "/", auth="ghs_dead").status == 401
    reply = api.ask("GET", "/", auth=new_token(api.world))
    assert reply.json["repository_url"] == "https://api.github.com/repos/{owner}/{repo}"
    assert "x-oauth-scopes" not in reply.headers


def test_a_suspended_installations_token_is_403(api: Api) -> None:
    token = new_token(api.world)
    api.world.suspend("acme")
    reply = api.ask("GET", "/repos/acme/site", auth=token)
    assert (reply.status, reply.json["message"]) == (403, "This installation has been suspended")
    api.world.remove_installation("acme")
    assert api.ask("GET", "/repos/acme/site", auth=token).status == 401
