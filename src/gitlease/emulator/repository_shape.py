"""
Write a repository as GitHub's REST API shows it.

It is mostly links; they stand here as a table, apart from the shapes that people read.
"""

from typing import Any

from .shapes import EPOCH, Base, account, node_id
from .world import Repository

# Field -> what follows the repository's own address; braces are GitHub's URI templates.
LINKS = {
    "archive_url": "/{archive_format}{/ref}",
    "assignees_url": "/assignees{/user}",
    "blobs_url": "/git/blobs{/sha}",
    "branches_url": "/branches{/branch}",
    "collaborators_url": "/collaborators{/collaborator}",
    "comments_url": "/comments{/number}",
    "commits_url": "/commits{/sha}",
    "compare_url": "/compare/{base}...{head}",
    "contents_url": "/contents/{+path}",
    "contributors_url": "/contributors",
    "deployments_url": "/deployments",
    "downloads_url": "/downloads",
    "events_url": "/events",
    "forks_url": "/forks",
    "git_commits_url": "/git/commits{/sha}",
    "git_refs_url": "/git/refs{/sha}",
    "git_tags_url": "/git/tags{/sha}",
    "hooks_url": "/hooks",
    "issue_comment_url": "/issues/comments{/number}",
    "issue_events_url": "/issues/events{/number}",
    "issues_url": "/issues{/number}",
    "keys_url": "/keys{/key_id}",
    "labels_url": "/labels{/name}",
    "languages_url": "/languages",
    "merges_url": "/merges",
    "milestones_url": "/milestones{/number}",
    "notifications_url": "/notifications{?since,all,participating}",
    "pulls_url": "/pulls{/number}",
    "releases_url": "/releases{/id}",
    "stargazers_url": "/stargazers",
    "statuses_url": "/statuses/{sha}",
    "subscribers_url": "/subscribers",
    "subscription_url": "/subscription",
    "tags_url": "/tags",
    "teams_url": "/teams",
    "trees_url": "/git/trees{/sha}",
}


def repository(base: Base, one: Repository, *, level: str = "read") -> dict[str, Any]:
    """Return `repository`; *level* is the caller's permission on `contents`."""
    api, web = f"{base.api}/repos/{one.full_name}", f"{base.web}/{one.full_name}"
    host = base.web.partition("://")[2]
    nothing = ("homepage", "language", "mirror_url", "license")
    zero = ("forks", "open_issues", "stargazers_count", "watchers", "watchers_count", "size")
    no = ("fork", "archived", "disabled", "has_pages", "has_discussions", "is_template")
    yes = ("has_issues", "has_projects", "has_downloads", "allow_forking")
    return {
        "id": one.id,
        "node_id": node_id("R", one.id),
        "name": one.name,
        "full_name": one.full_name,
        "private": one.private,
        "owner": account(base, one.owner),
        "html_url": web,
        "description": one.description or None,
        "url": api,
        **{field: api + rest for field, rest in LINKS.items()},
        "git_url": f"git://{host}/{one.full_name}.git",
        "ssh_url": f"git@{host}:{one.full_name}.git",
        "clone_url": f"{web}.git",
        "svn_url": web,
        **dict.fromkeys(nothing),
        **dict.fromkeys(zero, 0),
        "forks_count": 0,
        "open_issues_count": 0,
        **dict.fromkeys(no, False),
        **dict.fromkeys(yes, True),
        "has_wiki": one.wiki_path is not None,
        "visibility": "private" if one.private else "public",
        "default_branch": one.default_branch,
        "topics": [],
        "web_commit_signoff_required": False,
        "created_at": EPOCH,
        "updated_at": EPOCH,
        "pushed_at": EPOCH,
        "permissions": {
            "admin": False,
            "maintain": False,
            "push": level == "write",
            "triage": False,
            "pull": True,
        },
    }


def full_repository(base: Base, one: Repository, *, level: str = "read") -> dict[str, Any]:
    """Return `full-repository`."""
    counts = {"network_count": 0, "subscribers_count": 0}
    return {**repository(base, one, level=level), **counts}
