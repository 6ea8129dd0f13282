"""Real git works against the emulator, and is refused with GitHub's statuses and words."""

import gzip
from pathlib import Path
from typing import Any

import pytest

from gitlease.emulator import GitHub
from tests.flows.emulator.clients import Workplace, ask
from tests.unit.emulator.worlds import basic_header

BAD = "Invalid username or token. Password authentication is not supported for Git operations."


def cloned(workplace: Workplace, name: str, token: str, *options: str) -> Path:
    folder = workplace.folder / name.replace("/", "-")
    workplace.git("clone", "--quiet", *options, workplace.url(name, token), folder)
    return folder


@pytest.mark.parametrize("form", ["classic", "stateless"])
def test_a_token_of_either_form_clones_pushes_and_fetches(
    github: GitHub, workplace: Workplace, form: str
) -> None:
    github.settings(token_format=form)
    token = github.mint("acme")["token"]
    one = cloned(workplace, "acme/app", token)
    two = workplace.folder / "two"
    workplace.git("clone", "--quiet", workplace.url("ACME/App.git", token), two)
    pushed = workplace.commit(one)
    workplace.git("push", "--quiet", cwd=one)
    workplace.git("pull", "--quiet", cwd=two)
    assert workplace.git("rev-parse", "HEAD", cwd=two) == pushed
    bare = github.repository_path("acme/app")
    assert workplace.git("rev-parse", "refs/heads/main", cwd=bare) == pushed


@pytest.mark.parametrize("version", ["0", "1", "2"])
def test_every_version_of_the_protocol_is_served(
    github: GitHub, workplace: Workplace, version: str
) -> None:
    url = workplace.url("acme/app", github.mint("acme")["token"])
    listed = workplace.git("-c", f"protocol.version={version}", "ls-remote", url)
    assert "refs/heads/feature" in listed
    asked = github.requests()[-1]["headers"].get("git-protocol")
    assert asked == (None if version == "0" else f"version={version}")


def test_shallow_and_partial_clones_deepen_later(github: GitHub, workplace: Workplace) -> None:
    token = github.mint("acme")["token"]
    full = cloned(workplace, "acme/app", token)
    for number in range(3):
        workplace.commit(full, str(number).encode())
    workplace.git("push", "--quiet", cwd=full)
    shallow = workplace.folder / "shallow"
    url = workplace.url("acme/app", token)
    workplace.git("clone", "--quiet", "--depth=1", url, shallow)
    assert workplace.git("rev-list", "--count", "HEAD", cwd=shallow) == "1"
    workplace.git("fetch", "--quiet", "--unshallow", cwd=shallow)
    assert workplace.git("rev-list", "--count", "HEAD", cwd=shallow) == "4"
    partial = workplace.folder / "partial"
    workplace.git("clone", "--quiet", "--filter=blob:none", "--no-checkout", url, partial)
    workplace.git("checkout", "--quiet", "main", cwd=partial)
    assert (partial / "src" / "main.txt").read_text() == "main\n"


def test_submodules_of_two_owners_need_a_token_each(github: GitHub, workplace: Workplace) -> None:
    helper = workplace.folder / "helper"
    tokens = {owner: github.mint(owner)["token"] for owner in ("acme", "other")}
    lines = [f"*path={owner}/*) password={token};;" for owner, token in tokens.items()]
    helper.write_text(
        f"#!/bin/sh\n[ $1 = get ] || exit 0\ncase $(cat) in\n{chr(10).join(lines)}\nesac\n"
        'echo "username=x-access-token"\necho "password=$password"\n'
    )
    helper.chmod(0o700)
    options = ["-c", f"credential.helper={helper}", "-c", "credential.useHttpPath=true"]
    folder = workplace.folder / "whole"
    url = "https://github.com/acme/whole"
    workplace.git(*options, "clone", "--quiet", "--recurse-submodules", url, folder)
    assert (folder / "libs/ours/src/main.txt").exists()
    assert (folder / "libs/theirs/README.md").exists()


def test_a_wiki_is_cloned_with_its_repositorys_token(github: GitHub, workplace: Workplace) -> None:
    token = github.mint("acme", repositories=["app"])["token"]
    assert (cloned(workplace, "acme/app.wiki.git", token) / "Home.md").exists()
    refused = workplace.refused("clone", workplace.url("acme/site.wiki", token))
    assert "not found" in refused


def test_a_public_repository_needs_no_token_to_read(github: GitHub, workplace: Workplace) -> None:
    workplace.git("clone", "--quiet", "https://github.com/acme/site", "site")
    clone = workplace.folder / "site"
    workplace.commit(clone)
    assert "could not read Username" in workplace.refused("push", cwd=clone)
    assert github.stats()["by_status"]["401"] == 1


def test_a_private_repository_asks_for_a_credential(github: GitHub, workplace: Workplace) -> None:
    assert "could not read Username" in workplace.refused("clone", "https://github.com/acme/app")
    (asked,) = github.requests()
    assert asked["status"] == 401


@pytest.mark.parametrize(
    ("case", "words"),
    [
        ("unknown", [BAD, "Authentication failed"]),
        ("expired", [BAD, "Authentication failed"]),
        ("revoked", [BAD, "Authentication failed"]),
        ("removed", [BAD, "Authentication failed"]),
        ("suspended", ["This installation has been suspended", "403"]),
        ("another owner's", ["Repository not found.", "not found"]),
        ("narrowed to another", ["Repository not found.", "not found"]),
    ],
)
def test_git_shows_githubs_own_words(
    github: GitHub, workplace: Workplace, case: str, words: list[str]
) -> None:
    token = github.mint("other" if case == "another owner's" else "acme")["token"]
    match case:
        case "unknown":
            token = "ghs_unknown"
        case "expired":
            github.advance(3600)
        case "revoked":
            assert github.revoke(token) == 1
        case "removed":
            github.remove_installation("acme")
        case "suspended":
            github.suspend("acme")
        case "narrowed to another":
            token = github.mint("acme", repositories=["site"])["token"]
    complaint = workplace.refused("clone", workplace.url("acme/app", token))
    assert [word for word in words if word not in complaint] == []


def test_a_reading_token_clones_but_does_not_push(github: GitHub, workplace: Workplace) -> None:
    clone = cloned(
        workplace, "acme/app", github.mint("acme", permissions={"contents": "read"})["token"]
    )
    workplace.commit(clone)
    complaint = workplace.refused("push", cwd=clone)
    assert f"Permission to acme/app.git denied to {github.app_slug}[bot]." in complaint
    assert "403" in complaint


def test_a_token_without_contents_gets_the_other_403(github: GitHub, workplace: Workplace) -> None:
    token = github.mint("acme", permissions={"pull_requests": "read"})["token"]
    complaint = workplace.refused("clone", workplace.url("acme/app", token))
    assert "Write access to repository not granted." in complaint


def test_a_token_that_dies_between_a_pushs_requests_fails_the_push(
    github: GitHub, workplace: Workplace
) -> None:
    clone = cloned(workplace, "acme/app", github.mint("acme")["token"])
    before = workplace.git("rev-parse", "HEAD", cwd=clone)
    workplace.commit(clone, b"x" * 3_000_000)
    github.fault("POST github.com/*/git-receive-pack", revoke=True, count=1)
    complaint = workplace.refused("push", cwd=clone)
    assert "401" in complaint or "Authentication failed" in complaint
    bare = github.repository_path("acme/app")
    assert workplace.git("rev-parse", "refs/heads/main", cwd=bare) == before


def test_replicas_lag_with_401_then_403(github: GitHub, workplace: Workplace) -> None:
    github.settings(replication_lag=100)
    url = workplace.url("acme/app", github.mint("acme")["token"])
    assert BAD in workplace.refused("ls-remote", url)
    github.advance(60)
    assert "403" in workplace.refused("ls-remote", url)
    github.advance(41)
    assert "refs/heads/main" in workplace.git("ls-remote", url)


def test_a_renamed_repository_redirects(github: GitHub, workplace: Workplace) -> None:
    token = github.mint("acme")["token"]
    clone = cloned(workplace, "acme/app", token)
    github.rename_repository("acme/app", "acme/product")
    done = workplace.run("git", "fetch", cwd=clone)
    assert done.returncode == 0
    assert "redirecting to https://github.com/acme/product.git/" in done.stderr
    workplace.git("ls-remote", workplace.url("acme/product", token))


def test_compressed_and_chunked_requests_are_served(github: GitHub) -> None:
    headers = {
        "Authorization": basic_header("x-access-token", github.mint("acme")["token"]),
        "Content-Type": "application/x-git-upload-pack-request",
        "Git-Protocol": "version=2",
    }
    # A command of protocol v2, as pkt-lines (gitprotocol-v2(5)).
    question = b"0014command=ls-refs\n00010009peel\n0000"

    def asked(body: Any, **more: str) -> bytes:
        path, sent = "/acme/app.git/git-upload-pack", {**headers, **more}
        reply = ask(github, "POST", path, host="github.com", headers=sent, body=body)
        assert reply.headers["Content-Type"] == "application/x-git-upload-pack-result"
        return reply.body

    plain = asked(question)
    assert b"refs/heads/main" in plain
    assert asked(gzip.compress(question), **{"Content-Encoding": "gzip"}) == plain
    assert asked(question[place : place + 1] for place in range(len(question))) == plain


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/acme/app.git/info/refs", 403),
        ("GET", "/acme/app.git/info/refs?service=git-upload-archive", 403),
        ("GET", "/acme/app.git/HEAD", 404),
        ("GET", "/acme/app.git/objects/info/packs", 404),
        ("GET", "/acme/../other/lib.git/info/refs?service=git-upload-pack", 404),
        ("GET", "/acme/%2e%2e/info/refs?service=git-upload-pack", 401),
        ("GET", "/", 404),
        ("GET", "/acme", 404),
        ("GET", "/acme/site.git/git-upload-pack", 405),
        ("POST", "/acme/site.git/info/refs?service=git-upload-pack", 405),
    ],
)
def test_only_smart_git_is_served(github: GitHub, method: str, path: str, status: int) -> None:
    assert ask(github, method, path, host="github.com").status == status


def test_a_clone_straight_from_the_port_needs_no_proxy(
    github: GitHub, workplace: Workplace
) -> None:
    token = github.mint("acme")["token"]
    url = github.git_url.replace("https://", f"https://x-access-token:{token}@")
    workplace.git("-c", "http.proxy=", "clone", "--quiet", f"{url}/acme/app.git", "direct")
    assert (workplace.folder / "direct" / "README.md").exists()
    assert github.stats()["proxy"]["tunnels"] == 0


def test_parallel_clones_are_served_together(github: GitHub, workplace: Workplace) -> None:
    url = workplace.url("acme/app", github.mint("acme")["token"])
    script = f"for i in 1 2 3 4 5 6 7 8; do git clone --quiet {url} c$i & done; wait"
    workplace.run("sh", "-c", script)
    heads = {
        workplace.git("rev-parse", "HEAD", cwd=workplace.folder / f"c{number}")
        for number in range(1, 9)
    }
    assert len(heads) == 1
    assert github.stats()["concurrent_max"] >= 2
