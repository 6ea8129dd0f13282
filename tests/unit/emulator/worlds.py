"""Make small worlds without a disk, and ask their API without a socket or an event loop."""

import base64
import functools
import json
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from starlette.types import ASGIApp, Message

from gitlease.emulator.credentials import Shown
from gitlease.emulator.minting import mint
from gitlease.emulator.rest import create_api
from gitlease.emulator.world import Account, App, Installation, Pull, Repository, World

APP_ID, CLIENT_ID = 77, "Iv23liexample"
PERMISSIONS = {"contents": "write", "metadata": "read", "pull_requests": "write"}
NOWHERE = Path("/nonexistent")


@functools.cache
def key(name: str) -> rsa.RSAPrivateKey:  # noqa: ARG001 (tells keys apart)
    """Return the private key called *name*; one a name, for they take long to make."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def new_world() -> World:
    """
    Return a world: `acme` (app private, site public, lib private with a pull request) and the
    user `alice` (dotfiles), the App installed on both with all repositories.
    """
    world = World()
    acme, alice = Account(1, "acme"), Account(2, "alice", "User")
    bot = Account(3, "demo[bot]", "Bot")
    world.accounts = {one.login: one for one in (acme, alice, bot)}
    app = App(
        APP_ID,
        CLIENT_ID,
        "demo",
        PERMISSIONS,
        key("app").public_key(),
        NOWHERE / "key.pem",
        acme,
        bot,
    )
    world.apps = {app.id: app}
    for number, account in ((10, acme), (20, alice)):
        now = world.clock.now()
        world.installations[number] = Installation(number, app, account, PERMISSIONS, None, now)
    names = (("app", acme), ("site", acme), ("lib", acme), ("dotfiles", alice))
    for number, (name, owner) in enumerate(names, start=100):
        private, path = name != "site", NOWHERE / f"{name}.git"
        world.add_repository(Repository(number, owner, name, private, path, "main"))
    world.repositories[102].pulls = (Pull(1, "Add it", "feature", "a" * 40, "main", "b" * 40),)
    return world


def new_token(world: World, installation: int = 10, **body: Any) -> str:
    """Mint a token directly and return it."""
    return mint(world, world.installations[installation], body).plaintext


def basic(token: str, user: str = "x-access-token") -> Shown:
    """Return what git shows."""
    return Shown("basic", user, token)


def basic_header(user: str, password: str) -> str:
    """Return an Authorization header as git sends it."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def app_jwt(
    world: World, *, signed_by: str = "app", algorithm: str = "RS256", **claims: Any
) -> str:
    """Return an App JWT; *claims* replace those of a good one, None takes one away."""
    now = int(world.clock.now())
    whole = {"iat": now - 60, "exp": now + 540, "iss": CLIENT_ID, **claims}
    kept = {name: value for name, value in whole.items() if value is not None}
    secret: Any = key(signed_by) if algorithm == "RS256" else "secret" * 10
    # PyJWT insists on a text as issuer; GitHub takes the number too.
    issuer = kept.get("iss")
    encoder = jwt.PyJWT()
    if issuer is not None and not isinstance(issuer, str):
        return jwt.api_jws.encode(json.dumps(kept).encode(), secret, algorithm=algorithm)
    return encoder.encode(kept, secret, algorithm=algorithm)


@dataclass
class Reply:
    """What came back."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def json(self) -> Any:
        """The body, parsed."""
        return json.loads(self.body)


class Api:
    """The API of a world, asked without a network."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.app = create_api(world)

    def ask(
        self,
        method: str,
        target: str,
        *,
        auth: str | None = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """Ask for *target*; *auth* is a token or a JWT, *body* is sent as JSON unless bytes."""
        path, _, query = target.partition("?")
        content = body if isinstance(body, bytes) else json.dumps(body).encode() if body else b""
        sent = {"host": "api.github.com", "user-agent": "tests", **(headers or {})}
        if auth is not None:
            sent["authorization"] = f"Bearer {auth}"
        return ask(self.app, method, path, query, sent, content)

    def as_app(self, method: str, target: str, **more: Any) -> Reply:
        """Ask with a good App JWT."""
        return self.ask(method, target, auth=app_jwt(self.world), **more)


def ask(
    app: ASGIApp, method: str, path: str, query: str, headers: Mapping[str, str], content: bytes
) -> Reply:
    """Give *app* one request and return its reply; it must not wait for anything."""
    reply = Reply()
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": method,
        "scheme": "https",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": query.encode(),
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
        "client": ("192.0.2.1", 1234),
        "server": ("127.0.0.1", 443),
    }

    async def receive() -> Message:
        return {"type": "http.request", "body": content, "more_body": False}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            reply.status = message["status"]
            reply.headers = {
                name.decode().lower(): value.decode() for name, value in message["headers"]
            }
        else:
            reply.body += message.get("body", b"")

    carry_out(app(scope, receive, send))  # type: ignore[arg-type]
    return reply


def carry_out(coroutine: Coroutine[Any, Any, Any]) -> None:
    """Run *coroutine* to its end without an event loop."""
    try:
        coroutine.send(None)
    except StopIteration:
        return
    coroutine.close()
    raise AssertionError("it waits for something outside")
