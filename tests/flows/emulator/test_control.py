"""The control address turns the world while it runs, and names what it cannot do."""

import json
from typing import Any

import pytest

from gitlease.emulator import GitHub
from tests.flows.emulator.clients import app_jwt, ask, control


def status(github: GitHub, token: str) -> int:
    return ask(github, "GET", "/repos/acme/app", auth=token).status


def token_for(github: GitHub, owner: str = "acme", **more: Any) -> str:
    reply = control(github, "POST", "/tokens", {"owner": owner, **more})
    assert reply.status == 200
    return str(reply.json["token"])


def test_the_clock_moves(github: GitHub) -> None:
    token = token_for(github)
    assert control(github, "POST", "/clock", {"advance": 3601}).json["offset"] == 3601
    assert status(github, token) == 401
    control(github, "POST", "/clock", {"advance": -3601})
    assert status(github, token) == 200


def test_one_token_or_all_are_revoked(github: GitHub) -> None:
    one, other = token_for(github), token_for(github)
    assert control(github, "POST", "/revoke", {"token": one}).json == {"revoked": 1}
    assert (status(github, one), status(github, other)) == (401, 200)
    assert control(github, "POST", "/revoke", {"all": True}).json == {"revoked": 1}
    assert status(github, other) == 401


def test_settings_change_and_are_told(github: GitHub) -> None:
    wanted = {"token_ttl": 60, "token_format": "stateless", "replication_lag": 0, "date_skew": 5}
    assert wanted.items() <= control(github, "POST", "/settings", wanted).json.items()
    assert control(github, "GET", "/settings").json["token_ttl"] == 60
    assert token_for(github).startswith(f"ghs_{github.app_id}_")


def test_faults_are_set_listed_and_cleared(github: GitHub) -> None:
    fault = {"route": "mint", "status": 500, "count": 2}
    (listed,) = control(github, "POST", "/faults", fault).json["faults"]
    assert fault.items() <= listed.items()
    path = f"/app/installations/{github.installations[0]['id']}/access_tokens"
    assert ask(github, "POST", path, auth=app_jwt(github)).status == 500
    assert control(github, "GET", "/faults").json["faults"][0]["struck"] == 1
    assert control(github, "DELETE", "/faults").json == {"cleared": 1}
    assert ask(github, "POST", path, auth=app_jwt(github)).status == 201


def test_an_installation_is_suspended_freed_and_removed(github: GitHub) -> None:
    token = token_for(github)
    seen = []
    for change in ({"suspended": True}, {"suspended": False}, {"removed": True}):
        reply = control(github, "POST", "/installations", {"owner": "ACME", **change})
        seen.append((status(github, token), len(reply.json["installations"])))
    assert seen == [(403, 2), (200, 2), (401, 1)]
    assert github.installations == [{"id": 60000002, "owner": "other"}]


def test_a_repository_is_renamed(github: GitHub) -> None:
    renamed = control(github, "POST", "/renames", {"from": "acme/app", "to": "acme/product"})
    assert renamed.json == {"full_name": "acme/product"}
    assert status(github, token_for(github)) == 301


def test_the_counters_tell_what_was_asked(github: GitHub) -> None:
    path = f"/app/installations/{github.installations[0]['id']}/access_tokens"
    reply = ask(github, "POST", path, auth=app_jwt(github), body={"repositories": ["app"]})
    ask(github, "GET", "/acme/app.git/info/refs?service=git-upload-pack", host="github.com")
    stats = control(github, "GET", "/stats").json
    assert (stats["mints"], stats["api_calls"], stats["git_requests"]) == (1, 1, 1)
    assert stats["by_status"] == {"201": 1, "401": 1}
    requests = control(github, "GET", "/requests").json["requests"]
    assert [one["json"] for one in requests] == [{"repositories": ["app"]}, None]
    assert reply.json["token"] not in json.dumps([stats, requests])


def test_the_control_address_tells_the_ready_line(github: GitHub) -> None:
    assert control(github, "GET", "/").json == github.ready()


@pytest.mark.parametrize(
    ("path", "body", "code", "key"),
    [
        ("/clock", {}, 422, "advance"),
        ("/clock", {"advance": "1"}, 422, "advance"),
        ("/clock", {"advance": 1, "by": 2}, 422, "by"),
        ("/revoke", {}, 422, "token"),
        ("/revoke", {"token": 5}, 422, "token"),
        ("/settings", {"ttl": 5}, 422, "ttl"),
        ("/faults", {"status": 500}, 422, "route"),
        ("/installations", {"owner": "acme"}, 422, "suspended"),
        ("/installations", {"owner": "nobody", "removed": True}, 404, "no App is installed"),
        ("/renames", {"from": "acme/app"}, 422, "to"),
        ("/renames", {"from": "acme/app", "to": "acme/site"}, 422, "'acme/site' is taken"),
        ("/renames", {"from": "acme/gone", "to": "acme/x"}, 404, "there is no repository"),
        ("/tokens", {"owner": "acme", "repositories": ["x"]}, 422, "There is at least one"),
    ],
)
def test_what_cannot_be_done_is_named(
    github: GitHub, path: str, body: dict[str, Any], code: int, key: str
) -> None:
    reply = control(github, "POST", path, body)
    assert reply.status == code
    assert reply.json["error"].startswith(key)


def test_the_handle_and_the_address_do_the_same(github: GitHub) -> None:
    token = github.mint("acme", repositories=["app"], permissions={"contents": "read"})
    assert token["permissions"] == {"contents": "read", "metadata": "read"}
    github.suspend("acme")
    assert status(github, token["token"]) == 403
    github.unsuspend("acme")
    assert status(github, token["token"]) == 200
    assert github.revoke(all=True) == 1
    with pytest.raises(ValueError, match="token"):
        github.revoke()
    with pytest.raises(LookupError):
        github.suspend("nobody")
