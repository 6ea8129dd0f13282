"""Real git-lfs works against the emulator, and its objects are as well kept as the repository."""

import hashlib
import json
from typing import TYPE_CHECKING, Any

import pytest

from gitlease.emulator import GitHub
from gitlease.emulator.lfs_pointer import content
from tests.flows.emulator.clients import Reply, Workplace, ask
from tests.support.environment import require_tool
from tests.unit.emulator.worlds import basic_header

if TYPE_CHECKING:
    from collections.abc import Mapping

LFS = {"Accept": "application/vnd.git-lfs+json", "Content-Type": "application/vnd.git-lfs+json"}


@pytest.fixture(autouse=True)
def _git_lfs(workplace: Workplace) -> None:
    require_tool("git-lfs")
    workplace.git("lfs", "install", "--skip-repo")


def batch(github: GitHub, operation: str, objects: list[Any], token: str | None) -> Reply:
    headers: Mapping[str, str] = LFS
    if token:
        headers = {**LFS, "Authorization": basic_header("x-access-token", token)}
    body = {"operation": operation, "transfers": ["basic"], "objects": objects}
    path = "/acme/assets.git/info/lfs/objects/batch"
    return ask(github, "POST", path, host="github.com", headers=headers, body=body)


def test_seeded_files_are_downloaded_and_pushed_files_come_back(
    github: GitHub, workplace: Workplace
) -> None:
    url = workplace.url("acme/assets", github.mint("acme")["token"])
    workplace.git("clone", "--quiet", url, "one")
    clone = workplace.folder / "one"
    assert (clone / "big.bin").read_bytes() == content("big.bin", 300_000)
    workplace.git("lfs", "track", "*.dat", cwd=clone)
    data = content("new", 1_000_000)
    workplace.commit(clone, data, "new.dat")
    workplace.git("push", "--quiet", cwd=clone)
    bare = github.repository_path("acme/assets")
    assert workplace.git("show", "main:new.dat", cwd=bare).startswith("version https://git-lfs")
    workplace.git("clone", "--quiet", url, "two")
    assert (workplace.folder / "two" / "new.dat").read_bytes() == data
    routes = github.stats()["by_route"]
    assert routes["PUT github.com/info/lfs/objects/{oid}"] == 1
    assert routes["POST github.com/info/lfs/objects/{oid}/verify"] == 1


def test_a_reading_token_downloads_but_does_not_upload(github: GitHub) -> None:
    reader = github.mint("acme", permissions={"contents": "read"})["token"]
    one = {"oid": "0" * 64, "size": 1}
    assert batch(github, "download", [one], reader).status == 200
    refused = batch(github, "upload", [one], reader)
    assert refused.status == 403
    assert "denied to" in refused.json["message"]


@pytest.mark.parametrize(("owner", "status"), [("other", 404), (None, 401)])
def test_a_foreign_token_and_nobody_get_nothing(
    github: GitHub, owner: str | None, status: int
) -> None:
    token = github.mint(owner)["token"] if owner else None
    reply = batch(github, "download", [], token)
    assert reply.status == status
    assert (reply.headers.get("WWW-Authenticate") is None) == (status == 404)


def test_each_object_has_its_own_answer(github: GitHub) -> None:
    token = github.mint("acme")["token"]
    known = hashlib.sha256(content("small.bin", 10)).hexdigest()
    asked = [{"oid": known, "size": 10}, {"oid": "1" * 64, "size": 5}, {"oid": "../x", "size": 1}]
    found = batch(github, "download", asked, token).json["objects"]
    assert [one.get("error", {}).get("code") for one in found] == [None, 404, 422]
    assert "actions" not in batch(github, "upload", asked[:1], token).json["objects"][0]


def test_an_objects_address_works_without_the_token_but_not_without_its_signature(
    github: GitHub,
) -> None:
    token = github.mint("acme")["token"]
    data = content("small.bin", 10)
    oid = hashlib.sha256(data).hexdigest()
    (one,) = batch(github, "download", [{"oid": oid, "size": 10}], token).json["objects"]
    action = one["actions"]["download"]
    path = action["href"].removeprefix("https://github.com")
    github.revoke(token)
    assert ask(github, "GET", path, host="github.com", headers=action["header"]).body == data
    assert ask(github, "GET", path, host="github.com").status == 404
    forged = {"Authorization": action["header"]["Authorization"][:-1] + "x"}
    assert ask(github, "GET", path, host="github.com", headers=forged).status == 403
    elsewhere = path.replace("acme/assets", "acme/app")
    moved = ask(github, "GET", elsewhere, host="github.com", headers=action["header"])
    assert moved.status == 403
    github.advance(4000)
    late = ask(github, "GET", path, host="github.com", headers=action["header"])
    assert late.status == 403


def test_what_is_uploaded_must_be_what_was_announced(github: GitHub) -> None:
    token = github.mint("acme")["token"]
    oid = hashlib.sha256(b"right").hexdigest()
    (one,) = batch(github, "upload", [{"oid": oid, "size": 5}], token).json["objects"]
    upload, verify = one["actions"]["upload"], one["actions"]["verify"]
    path = upload["href"].removeprefix("https://github.com")

    def put(body: bytes) -> int:
        return ask(
            github, "PUT", path, host="github.com", headers=upload["header"], body=body
        ).status

    def verified(size: int) -> int:
        headers = {**LFS, **verify["header"]}
        body = json.dumps({"oid": oid, "size": size}).encode()
        where = verify["href"].removeprefix("https://github.com")
        return ask(github, "POST", where, host="github.com", headers=headers, body=body).status

    assert (put(b"wrong"), verified(5)) == (422, 404)
    assert (put(b"right"), verified(4), verified(5)) == (200, 422, 200)
