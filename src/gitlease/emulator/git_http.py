"""
Answer for github.com: real git over HTTPS, each request checked against the world.

`access` decides, `backend` lets git answer, `lfs` keeps large files; this file knows the
addresses and turns a refusal into the reply that git shows.
"""

import re

from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import Receive, Scope, Send

from . import access, credentials
from .access import GitRefusal, Place
from .backend import Backend
from .lfs import LargeFiles
from .lfs import reply as lfs_reply
from .paths import Paths
from .world import World

ADDRESS = re.compile(
    r"/(?P<name>[^/]+/[^/]+?)(?:\.git)?"
    r"/(?P<service>info/refs|git-upload-pack|git-receive-pack|info/lfs/.*)"
)
SERVICES = {"git-upload-pack": False, "git-receive-pack": True}  # name -> does it write?
CHALLENGE = {"WWW-Authenticate": 'Basic realm="GitHub"'}
DUMB = "Please upgrade your git client.\nGitHub.com no longer supports git over dumb-http."


class GitHost:
    """The ASGI application behind github.com."""

    def __init__(self, world: World, paths: Paths) -> None:
        self.world = world
        self.paths = paths
        self.lfs = LargeFiles(world, paths)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request (ASGI)."""
        request = Request(scope, receive)
        try:
            response = await self._respond(request)
        except GitRefusal as refusal:
            # The server below takes and forgets what the client still sends, so a client that
            # writes all before it reads comes to read this.
            response = _refused(refusal, large="/info/lfs/" in request.scope["path"])
        await response(scope, receive, send)

    async def _respond(self, request: Request) -> Response:
        found = ADDRESS.fullmatch(request.scope["path"])
        if found is None:
            return PlainTextResponse("Not Found", 404)
        name, service = found["name"], found["service"]
        if service.startswith("info/lfs/"):
            return await self.lfs.respond(request, name, service.removeprefix("info/lfs/"))
        asked = request.query_params.get("service") if service == "info/refs" else service
        if asked not in SERVICES:
            return PlainTextResponse(DUMB, 403)
        if request.method != ("GET" if service == "info/refs" else "POST"):
            return PlainTextResponse("Method Not Allowed", 405)
        writes = SERVICES[asked]
        shown = credentials.read(request.headers.get("authorization"))
        place = access.check(self.world, shown, name, write=writes)
        if place.moved:
            return self._redirect(request, place, service)
        path = place.repository.wiki_path if place.wiki else place.repository.path
        if path is None:
            # A wiki comes into being with its first page.
            raise GitRefusal(404, access.NOT_FOUND)
        return Backend(
            request,
            home=self.paths.home,
            path=path,
            service_path=f"/{service}",
            remote_user="writer" if writes else "",
        )

    def _redirect(self, request: Request, place: Place, service: str) -> Response:
        wiki = ".wiki" if place.wiki else ""
        query = f"?{request.url.query}" if request.url.query else ""
        host = request.headers.get("host", "github.com")
        url = f"https://{host}/{place.repository.full_name}{wiki}.git/{service}{query}"
        return RedirectResponse(url, 301)


def _refused(refusal: GitRefusal, *, large: bool) -> Response:
    """Return the reply in the form that the client reads: git a line of text, git-lfs JSON."""
    headers = CHALLENGE if refusal.status == 401 else {}
    if large:
        return lfs_reply({"message": refusal.text}, refusal.status, headers)
    return PlainTextResponse(f"{refusal.text}\n", refusal.status, headers)
