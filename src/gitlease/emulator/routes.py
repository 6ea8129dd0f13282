"""
Name what a request asks for: the host it means, its canonical address, its kind.

A client may come through the proxy (`Host: api.github.com`) or straight to the port, as to a
GitHub Enterprise Server (`/api/v3/…`, `/api/graphql`); counters and faults see one address.
"""

import re
from dataclasses import dataclass
from urllib.parse import unquote

API, GIT = "api.github.com", "github.com"
# An enterprise in GitHub's own cloud, SUB.ghe.com, has its API where github.com has it.
CLOUD_API = re.compile(r"api\.[^.]+\.ghe\.com")
ENTERPRISE_API = "/api/v3"
ENTERPRISE_GRAPHQL = "/api/graphql"

MINT = re.compile(r"POST /app/installations/\d+/access_tokens")
INSTALLATION = re.compile(r"\w+ /(app/installations(/\d+)?|.+/installation)")
NUMBER = re.compile(r"/\d+(?=/|$)")
REPOSITORY = re.compile(r"^/repos/[^/]+/[^/]+")
LOGIN = re.compile(r"^/(orgs|users)/[^/]+")


@dataclass(frozen=True)
class Asked:
    """One request, named: method, host, path and query as GitHub would see them."""

    method: str
    host: str
    path: str
    query: str

    @property
    def kinds(self) -> set[str]:
        """The words by which a fault may name this request."""
        if self.host == GIT:
            return {"lfs" if "/info/lfs/" in self.path else "git"}
        kinds = {"api"}
        if self.path == "/graphql":
            kinds.add("graphql")
        if MINT.fullmatch(f"{self.method} {self.path}"):
            kinds.add("mint")
        elif INSTALLATION.fullmatch(f"{self.method} {self.path}"):
            kinds.add("installation")
        return kinds

    @property
    def address(self) -> str:
        """The request as `METHOD host/path`."""
        return f"{self.method} {self.host}{self.path}"

    @property
    def route(self) -> str:
        """The address with its names and numbers left out: what counters are kept by."""
        if self.host == GIT:
            service = re.search(r"/(info/refs|git-[a-z]+-pack|info/lfs/.*)$", self.path)
            name = re.sub(r"[0-9a-f]{64}", "{oid}", service[1]) if service else "…"
            asked = re.search(r"service=([a-z-]+)", self.query)
            return f"{self.method} {self.host}/{name}" + (f"?{asked[0]}" if asked else "")
        path = REPOSITORY.sub("/repos/{owner}/{repo}", self.path)
        path = LOGIN.sub(r"/\1/{login}", NUMBER.sub("/{id}", path))
        return f"{self.method} {self.host}{path}"


def name(method: str, host: str, path: str, query: str) -> Asked:
    """Return what a request with these parts asks for; *path* is decoded already."""
    host = host.lower().rstrip(".").removesuffix(":443")
    if host == API or CLOUD_API.fullmatch(host):
        return Asked(method, API, path or "/", query)
    if path == ENTERPRISE_GRAPHQL:
        return Asked(method, API, "/graphql", query)
    if path == ENTERPRISE_API or path.startswith(f"{ENTERPRISE_API}/"):
        return Asked(method, API, path.removeprefix(ENTERPRISE_API) or "/", query)
    return Asked(method, GIT, path, unquote(query))
