"""
Write accounts, Apps, installations and pull requests as GitHub's REST API shows them.

Each function is one schema of GitHub's OpenAPI description, named in its docstring.  A `Base`
carries the address under which the caller reached the API, so that links lead back to it.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .clock import iso
from .world import Account, App, Installation, Pull, Repository

# The world has no history: what must have a birthday has this one.
EPOCH = "2020-01-01T00:00:00Z"


@dataclass(frozen=True)
class Base:
    """Where the API and the web pages are, as the caller sees them (no slash at the end)."""

    api: str
    web: str


def node_id(kind: str, number: int) -> str:
    """Return a global node id; its form means nothing to a client."""
    return f"{kind}_" + base64.urlsafe_b64encode(f"{number:012d}".encode()).decode().rstrip("=")


def account(base: Base, who: Account) -> dict[str, Any]:
    """Return `simple-user`."""
    kind = {"Organization": "O", "Bot": "BOT"}.get(who.kind, "U")
    url = f"{base.api}/users/{who.login.replace('[', '%5B').replace(']', '%5D')}"
    return {
        "login": who.login,
        "id": who.id,
        "node_id": node_id(kind, who.id),
        "avatar_url": f"{base.web}/avatars/u/{who.id}?v=4",
        "gravatar_id": "",
        "url": url,
        "html_url": f"{base.web}/{who.login}",
        "followers_url": f"{url}/followers",
        "following_url": f"{url}/following{{/other_user}}",
        "gists_url": f"{url}/gists{{/gist_id}}",
        "starred_url": f"{url}/starred{{/owner}}{{/repo}}",
        "subscriptions_url": f"{url}/subscriptions",
        "organizations_url": f"{url}/orgs",
        "repos_url": f"{url}/repos",
        "events_url": f"{url}/events{{/privacy}}",
        "received_events_url": f"{url}/received_events",
        "type": who.kind,
        "user_view_type": "public",
        "site_admin": False,
    }


def public_user(base: Base, who: Account, repositories: int) -> dict[str, Any]:
    """Return `public-user`."""
    absent = dict.fromkeys(("name", "company", "location", "email", "hireable", "bio"))
    counts = {"public_repos": repositories, "public_gists": 0, "followers": 0, "following": 0}
    times = {"created_at": EPOCH, "updated_at": EPOCH}
    return {**account(base, who), **absent, "blog": "", **counts, **times}


def app(base: Base, integration: App, installations: int) -> dict[str, Any]:
    """Return `integration`."""
    return {
        "id": integration.id,
        "client_id": integration.client_id,
        "slug": integration.slug,
        "node_id": node_id("A", integration.id),
        "owner": account(base, integration.owner),
        "name": integration.slug,
        "description": "",
        "external_url": f"{base.web}/{integration.owner.login}",
        "html_url": f"{base.web}/apps/{integration.slug}",
        "created_at": EPOCH,
        "updated_at": EPOCH,
        "permissions": dict(integration.permissions),
        "events": [],
        "installations_count": installations,
    }


def installation(base: Base, one: Installation) -> dict[str, Any]:
    """Return `installation`."""
    settings = (
        f"organizations/{one.account.login}/settings"
        if one.account.kind == "Organization"
        else "settings"
    )
    suspended = one.suspended_at is not None
    return {
        "id": one.id,
        "client_id": one.app.client_id,
        "account": account(base, one.account),
        "repository_selection": "all" if one.repository_ids is None else "selected",
        "access_tokens_url": f"{base.api}/app/installations/{one.id}/access_tokens",
        "repositories_url": f"{base.api}/installation/repositories",
        "html_url": f"{base.web}/{settings}/installations/{one.id}",
        "app_id": one.app.id,
        "app_slug": one.app.slug,
        "target_id": one.account.id,
        "target_type": one.account.kind,
        "permissions": dict(one.permissions),
        "events": [],
        "created_at": iso(one.created),
        "updated_at": iso(one.created),
        "single_file_name": None,
        "has_multiple_single_files": False,
        "single_file_paths": [],
        "suspended_by": account(base, one.account) if suspended else None,
        "suspended_at": iso(one.suspended_at) if one.suspended_at is not None else None,
    }


def pull(base: Base, repository: Repository, repo: Mapping[str, Any], one: Pull) -> dict[str, Any]:
    """Return `pull-request-simple`; *repo* is its repository's own shape."""
    url = f"{base.api}/repos/{repository.full_name}"
    page = f"{base.web}/{repository.full_name}/pull/{one.number}"
    author = account(base, repository.owner)
    links = {
        "self": f"{url}/pulls/{one.number}",
        "html": page,
        "issue": f"{url}/issues/{one.number}",
        "comments": f"{url}/issues/{one.number}/comments",
        "review_comments": f"{url}/pulls/{one.number}/comments",
        "review_comment": f"{url}/pulls/comments{{/number}}",
        "commits": f"{url}/pulls/{one.number}/commits",
        "statuses": f"{url}/statuses/{one.head_sha}",
    }
    absent = ("closed_at", "merged_at", "merge_commit_sha", "assignee", "milestone", "auto_merge")

    def end(branch: str, sha: str) -> dict[str, Any]:
        label = f"{repository.owner.login}:{branch}"
        return {"label": label, "ref": branch, "sha": sha, "user": author, "repo": repo}

    return {
        "url": links["self"],
        "id": repository.id * 1000 + one.number,
        "node_id": node_id("PR", one.number),
        "html_url": page,
        "diff_url": f"{page}.diff",
        "patch_url": f"{page}.patch",
        **{f"{name}_url": link for name, link in links.items() if name not in {"self", "html"}},
        "number": one.number,
        "state": "open",
        "locked": False,
        "title": one.title,
        "user": author,
        "body": one.body,
        "labels": [],
        "assignees": [],
        "requested_reviewers": [],
        "requested_teams": [],
        "created_at": EPOCH,
        "updated_at": EPOCH,
        **dict.fromkeys(absent),
        "draft": False,
        "head": end(one.head, one.head_sha),
        "base": end(one.base, one.base_sha),
        "_links": {name: {"href": link} for name, link in links.items()},
        "author_association": "MEMBER",
        "active_lock_reason": None,
    }
