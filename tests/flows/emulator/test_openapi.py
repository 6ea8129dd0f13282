"""What the emulator answers is what GitHub's own description of its API says."""

from pathlib import Path
from typing import Any

import jsonschema
import pytest

from gitlease.emulator import GitHub
from tests.flows.emulator.clients import app_jwt, ask
from tests.support.github_openapi import Description


@pytest.fixture(scope="module")
def description(node_modules: Path) -> Description:
    return Description(node_modules)


def test_the_description_can_find_fault(description: Description) -> None:
    path = "/app/installations/1/access_tokens"
    with pytest.raises(jsonschema.ValidationError):
        description.check_reply("POST", path, 201, {"token": "ghs_x"})
    with pytest.raises(jsonschema.ValidationError):
        description.check_reply("POST", path, 201, {"token": None, "expires_at": "2020"})
    with pytest.raises(jsonschema.ValidationError):
        description.check_reply("GET", "/app", 200, {"created_at": "yesterday"})
    with pytest.raises(AssertionError):
        description.check_reply("POST", path, 418, {})
    with pytest.raises(jsonschema.ValidationError):
        description.check_request("POST", path, {"permissions": {"contents": "all"}})


MINT = "/app/installations/{installation}/access_tokens"
NARROW = {"repositories": ["app"], "permissions": {"contents": "read"}}


@pytest.mark.parametrize(
    ("who", "method", "path", "body", "status"),
    [
        ("app", "POST", MINT, None, 201),
        ("app", "POST", MINT, NARROW, 201),
        ("app", "POST", MINT, {"repositories": ["nothing"]}, 422),
        ("app", "POST", MINT, {"permissions": {"issues": "write"}}, 422),
        ("app", "POST", "/app/installations/5/access_tokens", None, 404),
        ("nobody", "POST", MINT, None, 401),
        ("app", "GET", "/app", None, 200),
        ("app", "GET", "/app/installations", None, 200),
        ("app", "GET", "/app/installations/{installation}", None, 200),
        ("app", "GET", "/app/installations/5", None, 404),
        ("app", "GET", "/orgs/acme/installation", None, 200),
        ("app", "GET", "/users/acme/installation", None, 200),
        ("app", "GET", "/repos/acme/app/installation", None, 200),
        ("app", "GET", "/repos/acme/former/installation", None, 301),
        ("app", "GET", "/repos/acme/nothing/installation", None, 404),
        ("token", "GET", "/installation/repositories", None, 200),
        ("nobody", "GET", "/installation/repositories", None, 401),
        ("app", "GET", "/installation/repositories", None, 403),
        ("token", "GET", "/repos/acme/app", None, 200),
        ("token", "GET", "/repos/acme/former", None, 301),
        ("token", "GET", "/repos/acme/nothing", None, 404),
        ("token", "GET", "/repos/acme/app/pulls", None, 200),
        ("token", "GET", "/repos/acme/app/readme", None, 200),
        ("token", "GET", "/users/acme", None, 200),
        ("token", "GET", "/users/gitlease-demo[bot]", None, 200),
        ("token", "GET", "/users/nobody", None, 404),
        ("token", "GET", "/user", None, 403),
        ("token", "GET", "/rate_limit", None, 200),
        ("nobody", "GET", "/meta", None, 200),
        ("token", "GET", "/", None, 200),
        ("token", "DELETE", "/installation/token", None, 204),
    ],
)
def test_every_reply_has_githubs_own_shape(
    github: GitHub,
    description: Description,
    who: str,
    method: str,
    path: str,
    body: Any,
    status: int,
) -> None:
    github.rename_repository("acme/assets", "acme/former")
    github.rename_repository("acme/former", "acme/assets")
    path = path.format(installation=github.installations[0]["id"])
    auth = {"app": app_jwt(github), "token": github.mint("acme")["token"]}.get(who)
    description.check_request(method, path, body)
    quoted = path.replace("[", "%5B").replace("]", "%5D")
    reply = ask(github, method, quoted, auth=auth, body=body)
    assert reply.status == status
    description.check_reply(method, path, status, reply.json if reply.body else None)


def test_a_suspended_installation_has_githubs_shape(
    github: GitHub, description: Description
) -> None:
    github.suspend("acme")
    path = f"/app/installations/{github.installations[0]['id']}"
    reply = ask(github, "GET", path, auth=app_jwt(github))
    description.check_reply("GET", path, 200, reply.json)
    refused = ask(github, "POST", f"{path}/access_tokens", auth=app_jwt(github))
    description.check_reply("POST", f"{path}/access_tokens", 403, refused.json)
