"""
Answer for repositories: what they are, their pull requests, their README.

A repository that the caller may not see does not exist (404).
"""

import base64

from starlette.responses import JSONResponse, Response

from . import bare, shapes
from .api_call import Call, Holder
from .paging import page
from .refusals import DOCS, NOT_FOR_APPS, Refusal, not_found
from .repository_shape import full_repository, repository
from .world import Repository


def _visible(call: Call) -> tuple[Holder | None, Repository]:
    """Return the caller and the repository of the route, or raise Refusal."""
    caller = call.anyone()
    return caller, call.named_repository(lambda one: call.sees(caller, one))


def _level(call: Call, caller: Holder | None, named: Repository) -> str:
    writes = caller is not None and caller.may("contents", "write") and call.reaches(caller, named)
    return "write" if writes else "read"


async def get_repository(call: Call) -> Response:
    """`GET /repos/{owner}/{repo}`."""
    caller, named = _visible(call)
    return JSONResponse(full_repository(call.base, named, level=_level(call, caller, named)))


async def list_pulls(call: Call) -> Response:
    """`GET /repos/{owner}/{repo}/pulls`."""
    docs = f"{DOCS}/pulls/pulls#list-pull-requests"
    caller, named = _visible(call)
    if named.private and not (caller and caller.may("pull_requests", "read")):
        raise Refusal(403, NOT_FOR_APPS, docs)
    query = call.request.query_params
    wanted = query.get("state", "open") in {"open", "all"}
    pulls = [
        one
        for one in reversed(named.pulls)
        if wanted
        and query.get("head", f"{named.owner.login}:{one.head}").endswith(f":{one.head}")
        and query.get("base", one.base) == one.base
    ]
    url = f"{call.base.api}/repos/{named.full_name}/pulls"
    shown, link = page(pulls, query, url)
    shape = repository(call.base, named, level=_level(call, caller, named))
    return JSONResponse([shapes.pull(call.base, named, shape, one) for one in shown], headers=link)


async def get_readme(call: Call) -> Response:
    """`GET /repos/{owner}/{repo}/readme`: the README.md of the default branch."""
    docs = f"{DOCS}/repos/contents#get-a-repository-readme"
    caller, named = _visible(call)
    if named.private and not (caller and caller.may("contents", "read")):
        raise Refusal(403, NOT_FOR_APPS, docs)
    found = await bare.blob(named.path, named.default_branch, "README.md")
    if found is None:
        raise not_found(docs)
    sha, content = found
    url = f"{call.base.api}/repos/{named.full_name}/contents/README.md?ref={named.default_branch}"
    git_url = f"{call.base.api}/repos/{named.full_name}/git/blobs/{sha}"
    html_url = f"{call.base.web}/{named.full_name}/blob/{named.default_branch}/README.md"
    reply = {
        "name": "README.md",
        "path": "README.md",
        "sha": sha,
        "size": len(content),
        "url": url,
        "html_url": html_url,
        "git_url": git_url,
        "download_url": None,
        "type": "file",
        "content": base64.encodebytes(content).decode(),
        "encoding": "base64",
        "_links": {"self": url, "git": git_url, "html": html_url},
    }
    return JSONResponse(reply)


ROUTES = [
    (method, f"{place}{rest}", function)
    for method, rest, function in [
        ("GET", "", get_repository),
        ("GET", "/pulls", list_pulls),
        ("GET", "/readme", get_readme),
    ]
    for place in ("/repos/{owner}/{repo}", "/repositories/{number:int}")
]
