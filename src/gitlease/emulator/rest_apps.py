"""
Answer for GitHub Apps: the App, its installations, and their tokens.

Source: "REST API endpoints for GitHub Apps" and "… for GitHub App installations" in GitHub's
docs.
"""

from typing import Any

from starlette.responses import JSONResponse, Response

from . import shapes
from .api_call import Call
from .clock import iso
from .minting import Minted, mint
from .paging import page
from .permissions import allows
from .refusals import DOCS, MINT_DOCS, Refusal, not_found
from .repository_shape import repository
from .world import App, Installation, Repository

FIND_DOCS = f"{DOCS}/apps/apps"
FORMAT_HEADER = "X-GitHub-Stateless-S2S-Token"
FORMAT_OF = {"enabled": "stateless", "disabled": "classic"}


async def get_app(call: Call) -> Response:
    """`GET /app`."""
    app = call.app()
    count = sum(one.app == app for one in call.world.installations.values())
    return JSONResponse(shapes.app(call.base, app, count))


async def list_installations(call: Call) -> Response:
    """`GET /app/installations`."""
    app = call.app()
    all_of_them = [one for one in call.world.installations.values() if one.app == app]
    url = f"{call.base.api}/app/installations"
    shown, link = page(all_of_them, call.request.query_params, url)
    return JSONResponse([shapes.installation(call.base, one) for one in shown], headers=link)


async def get_installation(call: Call) -> Response:
    """`GET /app/installations/{installation_id}`."""
    one = _numbered(call, call.app(), f"{FIND_DOCS}#get-an-installation-for-the-authenticated-app")
    return JSONResponse(shapes.installation(call.base, one))


async def create_token(call: Call) -> Response:
    """`POST /app/installations/{installation_id}/access_tokens`."""
    app = call.app()
    installation = _numbered(call, app, MINT_DOCS)
    body = await call.json()
    call.limits.charge_mint(app.id)
    wish = call.request.headers.get(FORMAT_HEADER, "").strip().lower()
    minted = mint(call.world, installation, body, FORMAT_OF.get(wish))
    return JSONResponse(token_reply(call.base, installation, minted), 201)


def token_reply(base: shapes.Base, installation: Installation, minted: Minted) -> dict[str, Any]:
    """Return `installation-token`; the repositories are listed only if they were narrowed."""
    selected = minted.repositories is not None or installation.repository_ids is not None
    reply: dict[str, Any] = {
        "token": minted.plaintext,
        "expires_at": iso(minted.token.expires),
        "permissions": dict(minted.token.permissions),
        "repository_selection": "selected" if selected else "all",
    }
    if minted.repositories is not None:
        level = "write" if allows(minted.token.permissions, "contents", "write") else "read"
        reply["repositories"] = [repository(base, one, level=level) for one in minted.repositories]
    return reply


async def find_by_org(call: Call) -> Response:
    """`GET /orgs/{org}/installation`: an account that is a user has none here."""
    return _by_account(call, {"Organization"}, "get-an-organization-installation")


async def find_by_user(call: Call) -> Response:
    """`GET /users/{username}/installation`: GitHub takes an organization's name here too."""
    return _by_account(call, {"User", "Organization"}, "get-a-user-installation")


def _by_account(call: Call, kinds: set[str], anchor: str) -> Response:
    app = call.app()
    installation = call.world.installation_of(app, call.request.path_params["login"])
    if installation is None or installation.account.kind not in kinds:
        raise not_found(f"{FIND_DOCS}#{anchor}-for-the-authenticated-app")
    return JSONResponse(shapes.installation(call.base, installation))


async def find_by_repository(call: Call) -> Response:
    """`GET /repos/{owner}/{repo}/installation`; 301 if the repository was renamed."""
    app = call.app()

    def installation_on(named: Repository) -> Installation | None:
        found = call.world.installation_of(app, named.owner.login)
        return found if found and call.world.covers(found, named) else None

    installation = installation_on(call.named_repository(lambda one: bool(installation_on(one))))
    if installation is None:
        raise not_found(f"{FIND_DOCS}#get-a-repository-installation-for-the-authenticated-app")
    return JSONResponse(shapes.installation(call.base, installation))


async def list_repositories(call: Call) -> Response:
    """`GET /installation/repositories`."""
    holder = call.holder()
    reached = [
        one for one in call.world.repositories_of(holder.installation) if call.reaches(holder, one)
    ]
    url = f"{call.base.api}/installation/repositories"
    shown, link = page(reached, call.request.query_params, url)
    level = "write" if holder.may("contents", "write") else "read"
    narrowed = holder.token.repository_ids is not None
    whole = holder.installation.repository_ids is None and not narrowed
    reply = {
        "total_count": len(reached),
        "repository_selection": "all" if whole else "selected",
        "repositories": [repository(call.base, one, level=level) for one in shown],
    }
    return JSONResponse(reply, headers=link)


async def revoke_token(call: Call) -> Response:
    """`DELETE /installation/token`."""
    call.holder()
    shown = call.shown
    call.world.tokens.revoke(shown.secret if shown else "")
    return Response(status_code=204)


def _numbered(call: Call, app: App, docs: str) -> Installation:
    """Return the installation that the route names, if it is *app*'s own."""
    found = call.world.installations.get(call.request.path_params["number"])
    if found is None or found.app != app:
        raise Refusal(404, "Not Found", docs)
    return found


ROUTES = [
    ("GET", "/app", get_app),
    ("GET", "/app/installations", list_installations),
    ("GET", "/app/installations/{number:int}", get_installation),
    ("POST", "/app/installations/{number:int}/access_tokens", create_token),
    ("GET", "/orgs/{login}/installation", find_by_org),
    ("GET", "/users/{login}/installation", find_by_user),
    ("GET", "/repos/{owner}/{repo}/installation", find_by_repository),
    ("GET", "/repositories/{number:int}/installation", find_by_repository),
    ("GET", "/installation/repositories", list_repositories),
    ("DELETE", "/installation/token", revoke_token),
]
