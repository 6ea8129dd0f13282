"""
Show the world as the GraphQL objects that gh reads: viewer, repositories, pull requests.

A field that is missing here does not exist for a client, as on GitHub: it gets an error, and
never a made-up value.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .api_call import Call, Holder
from .refusals import NOT_FOR_APPS
from .shapes import EPOCH, node_id
from .world import Account, Pull, Repository

KINDS = {"Organization": "O", "User": "U", "Bot": "BOT"}
INTERFACES = {"Actor", "RepositoryOwner", "ProfileOwner", "Node", "Assignee"}


class GraphQLRefusal(Exception):  # noqa: N818 - as refusals.Refusal
    """An entry of `errors`: a field that cannot be had, and GitHub's type for the reason."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


@dataclass(frozen=True)
class Node:
    """An object: its type, and its fields; a callable takes the field's arguments."""

    type: str
    fields: Mapping[str, Any | Callable[[Mapping[str, Any]], Any]]


def connection(kind: str, nodes: Sequence[Any], arguments: Mapping[str, Any]) -> Node:
    """Return *nodes* as a connection, cut to the `first` that were asked for."""
    shown = list(nodes)[: arguments.get("first") or len(nodes)]
    page_info = {
        "hasNextPage": len(shown) < len(nodes),
        "hasPreviousPage": False,
        "startCursor": None,
        "endCursor": str(len(shown)) if shown else None,
    }
    fields = {
        "nodes": shown,
        "edges": [Node(f"{kind}Edge", {"node": one, "cursor": ""}) for one in shown],
        "totalCount": len(nodes),
        "issueCount": len(nodes),
        "pageInfo": Node("PageInfo", page_info),
    }
    return Node(f"{kind}Connection", fields)


def _empty(kind: str) -> Callable[[Mapping[str, Any]], Node]:
    return lambda arguments: connection(kind, (), arguments)


class Objects:
    """The objects as *holder* sees them."""

    def __init__(self, call: Call, holder: Holder) -> None:
        self.call = call
        self.holder = holder

    def root(self) -> Node:
        """Return the type `Query`."""
        bot = self.holder.installation.app.bot
        fields = {
            "viewer": self.account(bot),
            "repository": self._named_repository,
            "repositoryOwner": self._owner,
            "organization": self._owner,
            "user": self._owner,
            "search": _empty("SearchResultItem"),
            "__type": self._type,
            "rateLimit": Node("RateLimit", {"limit": 5000, "cost": 1, "remaining": 4999}),
        }
        return Node("Query", fields)

    def account(self, who: Account) -> Node:
        """Return an `Organization`, a `User` or a `Bot`."""
        owned = [one for one in self._visible() if one.owner == who]
        fields = {
            "login": who.login,
            "id": node_id(KINDS.get(who.kind, "U"), who.id),
            "databaseId": who.id,
            "url": f"{self.call.base.web}/{who.login}",
            "name": None,
            "email": "",
            "repositories": lambda arguments: connection(
                "Repository", [self.repository(one) for one in owned], arguments
            ),
        }
        return Node(who.kind, fields)

    def repository(self, one: Repository) -> Node:
        """Return a `Repository`."""
        web = f"{self.call.base.web}/{one.full_name}"
        host = self.call.base.web.partition("://")[2]
        writes = self.holder.may("contents", "write") and self.call.reaches(self.holder, one)
        branch = Node("Ref", {"name": one.default_branch, "branchProtectionRule": None})
        no = "isFork isArchived isEmpty isTemplate isMirror isLocked viewerCanAdminister"
        yes = "hasIssuesEnabled hasProjectsEnabled mergeCommitAllowed rebaseMergeAllowed"
        zero = "stargazerCount forkCount diskUsage"
        nothing = "parent templateRepository primaryLanguage licenseInfo latestRelease homepageUrl"
        fields = {
            **dict.fromkeys(no.split(), False),
            **dict.fromkeys(yes.split(), True),
            **dict.fromkeys(zero.split(), 0),
            **dict.fromkeys(nothing.split()),
            "id": node_id("R", one.id),
            "databaseId": one.id,
            "name": one.name,
            "nameWithOwner": one.full_name,
            "owner": self.account(one.owner),
            "description": one.description,
            "url": web,
            "sshUrl": f"git@{host}:{one.full_name}.git",
            "isPrivate": one.private,
            "visibility": "PRIVATE" if one.private else "PUBLIC",
            "isInOrganization": one.owner.kind == "Organization",
            "hasWikiEnabled": one.wiki_path is not None,
            "hasDiscussionsEnabled": False,
            "squashMergeAllowed": True,
            "deleteBranchOnMerge": False,
            "viewerHasStarred": False,
            "viewerPermission": "WRITE" if writes else "READ",
            "viewerDefaultMergeMethod": "MERGE",
            "defaultBranchRef": branch,
            "createdAt": EPOCH,
            "pushedAt": EPOCH,
            "updatedAt": EPOCH,
            "languages": _empty("Language"),
            "repositoryTopics": _empty("RepositoryTopic"),
            "watchers": _empty("User"),
            "issues": _empty("Issue"),
            "milestones": _empty("Milestone"),
            "labels": _empty("Label"),
            "assignableUsers": _empty("User"),
            "pullRequests": lambda arguments: self._pulls(one, arguments),
            "pullRequest": lambda arguments: self._numbered_pull(one, arguments.get("number")),
        }
        return Node("Repository", fields)

    def pull(self, repository: Repository, one: Pull) -> Node:
        """Return a `PullRequest`."""
        owner = self.account(repository.owner)
        commits = [Node("PullRequestCommit", {"commit": _commit(one.head_sha)})]
        connections = "reviews latestReviews assignees labels comments reviewRequests projectItems"
        no = "isDraft isCrossRepository maintainerCanModify closed"
        nothing = "milestone autoMergeRequest mergedAt closedAt mergedBy mergeCommit reviewDecision"
        fields: dict[str, Any] = {
            **{name: _empty(name.title()) for name in connections.split()},
            **dict.fromkeys(no.split(), False),
            **dict.fromkeys(nothing.split()),
            "id": node_id("PR", repository.id * 1000 + one.number),
            "fullDatabaseId": str(repository.id * 1000 + one.number),
            "number": one.number,
            "title": one.title,
            "body": one.body,
            "state": "OPEN",
            "url": f"{self.call.base.web}/{repository.full_name}/pull/{one.number}",
            "author": owner,
            "createdAt": EPOCH,
            "updatedAt": EPOCH,
            "baseRefName": one.base,
            "baseRefOid": one.base_sha,
            "baseRef": Node("Ref", {"name": one.base, "branchProtectionRule": None}),
            "headRefName": one.head,
            "headRefOid": one.head_sha,
            "headRepository": self.repository(repository),
            "headRepositoryOwner": owner,
            "additions": 1,
            "deletions": 0,
            "changedFiles": 1,
            "mergeable": "MERGEABLE",
            "mergeStateStatus": "CLEAN",
            "reactionGroups": [],
            "commits": lambda arguments: connection("PullRequestCommit", commits, arguments),
        }
        return Node("PullRequest", fields)

    def _visible(self) -> list[Repository]:
        return [
            one for one in self.call.world.repositories.values() if self.call.sees(self.holder, one)
        ]

    def _named_repository(self, arguments: Mapping[str, Any]) -> Node:
        name, world = f"{arguments.get('owner')}/{arguments.get('name')}", self.call.world
        found = world.repository(name) or world.moved(name)
        if found is None or not self.call.sees(self.holder, found):
            text = f"Could not resolve to a Repository with the name '{name}'."
            raise GraphQLRefusal("NOT_FOUND", text)
        return self.repository(found)

    def _owner(self, arguments: Mapping[str, Any]) -> Node:
        login = str(arguments.get("login"))
        account = self.call.world.account(login)
        if account is None:
            text = f"Could not resolve to an account with the login of '{login}'."
            raise GraphQLRefusal("NOT_FOUND", text)
        return self.account(account)

    def _readable_pulls(self, repository: Repository) -> Sequence[Pull]:
        if repository.private and not self.holder.may("pull_requests", "read"):
            raise GraphQLRefusal("FORBIDDEN", NOT_FOR_APPS)
        return repository.pulls

    def _pulls(self, repository: Repository, arguments: Mapping[str, Any]) -> Node:
        states = arguments.get("states") or ["OPEN"]
        head, base = arguments.get("headRefName"), arguments.get("baseRefName")
        found = [
            self.pull(repository, one)
            for one in reversed(self._readable_pulls(repository))
            if "OPEN" in states and head in {None, one.head} and base in {None, one.base}
        ]
        return connection("PullRequest", found, arguments)

    def _numbered_pull(self, repository: Repository, number: Any) -> Node:
        for one in self._readable_pulls(repository):
            if one.number == number:
                return self.pull(repository, one)
        text = f"Could not resolve to a PullRequest with the number of {number}."
        raise GraphQLRefusal("NOT_FOUND", text)

    def _type(self, arguments: Mapping[str, Any]) -> Node | None:
        """Answer introspection, by which gh finds out what a server can do."""
        known = {node.type: node for node in self._examples()}
        found = known.get(str(arguments.get("name")))
        if found is None:
            return None
        return Node("__Type", {"fields": [Node("__Field", {"name": one}) for one in found.fields]})

    def _examples(self) -> list[Node]:
        world = self.call.world
        repositories = self._visible()[:1]
        pull = Pull(0, "", "", "", "", "")
        nodes = [self.repository(one) for one in repositories]
        nodes += [self.pull(one, pull) for one in repositories]
        return nodes + [self.account(one) for one in world.accounts.values()]


def _commit(oid: str) -> Node:
    return Node("Commit", {"oid": oid, "statusCheckRollup": None, "authors": _empty("GitActor")})
