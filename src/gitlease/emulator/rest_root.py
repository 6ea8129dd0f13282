"""
Answer what clients ask to find out where and who they are: the root, meta, limits, users.
"""

from starlette.responses import JSONResponse, Response

from . import shapes
from .api_call import Call
from .refusals import DOCS, NOT_FOR_APPS, Refusal, not_found

# Field -> path under the API; `root` in GitHub's OpenAPI.
PLACES = {
    "current_user_url": "/user",
    "authorizations_url": "/authorizations",
    "code_search_url": "/search/code?q={query}{&page,per_page,sort,order}",
    "commit_search_url": "/search/commits?q={query}{&page,per_page,sort,order}",
    "emails_url": "/user/emails",
    "emojis_url": "/emojis",
    "events_url": "/events",
    "feeds_url": "/feeds",
    "followers_url": "/user/followers",
    "following_url": "/user/following{/target}",
    "gists_url": "/gists{/gist_id}",
    "issue_search_url": "/search/issues?q={query}{&page,per_page,sort,order}",
    "issues_url": "/issues",
    "keys_url": "/user/keys",
    "label_search_url": "/search/labels?q={query}&repository_id={repository_id}{&page,per_page}",
    "notifications_url": "/notifications",
    "organization_url": "/orgs/{org}",
    "organization_repositories_url": "/orgs/{org}/repos{?type,page,per_page,sort}",
    "organization_teams_url": "/orgs/{org}/teams",
    "public_gists_url": "/gists/public",
    "rate_limit_url": "/rate_limit",
    "repository_url": "/repos/{owner}/{repo}",
    "repository_search_url": "/search/repositories?q={query}{&page,per_page,sort,order}",
    "current_user_repositories_url": "/user/repos{?type,page,per_page,sort}",
    "starred_url": "/user/starred{/owner}{/repo}",
    "starred_gists_url": "/gists/starred",
    "user_url": "/users/{user}",
    "user_organizations_url": "/user/orgs",
    "user_repositories_url": "/users/{user}/repos{?type,page,per_page,sort}",
    "user_search_url": "/search/users?q={query}{&page,per_page,sort,order}",
}


async def root(call: Call) -> Response:
    """`GET /`.  No `X-OAuth-Scopes`: an App's token has permissions, not scopes."""
    call.anyone()
    places = {name: call.base.api + path for name, path in PLACES.items()}
    places["current_user_authorizations_html_url"] = (
        f"{call.base.web}/settings/connections/applications{{/client_id}}"
    )
    return JSONResponse(places)


async def meta(call: Call) -> Response:
    """`GET /meta`."""
    call.anyone()
    return JSONResponse({"verifiable_password_authentication": False})


async def rate_limit(call: Call) -> Response:
    """`GET /rate_limit`, which itself costs nothing."""
    caller = call.anyone()
    client = call.request.client
    nobody = client.host if client else "nobody"
    window = call.limits.window(f"installation ID {caller.installation.id}" if caller else nobody)
    window.used -= 1
    call.headers |= call.limits.headers(window)
    limit = int(call.world.settings.rate_limit)
    rate = {"limit": limit, "used": window.used, "reset": window.resets}
    rate["remaining"] = max(0, limit - window.used)
    names = ("core", "graphql", "search", "code_search", "integration_manifest")
    return JSONResponse({"resources": dict.fromkeys(names, rate), "rate": rate})


async def current_user(call: Call) -> Response:
    """`GET /user`: an App's token belongs to no user."""
    call.holder()
    docs = f"{DOCS}/users/users#get-the-authenticated-user"
    raise Refusal(403, NOT_FOR_APPS, docs)


async def user(call: Call) -> Response:
    """`GET /users/{username}`, an App's bot included."""
    call.anyone()
    account = call.world.account(call.request.path_params["login"])
    if account is None:
        raise not_found(f"{DOCS}/users/users#get-a-user")
    public = sum(
        one.owner == account and not one.private for one in call.world.repositories.values()
    )
    return JSONResponse(shapes.public_user(call.base, account, public))


ROUTES = [
    ("GET", "/", root),
    ("GET", "/meta", meta),
    ("GET", "/rate_limit", rate_limit),
    ("GET", "/user", current_user),
    ("GET", "/users/{login}", user),
]
