"""
Answer on the control address: move the clock, set faults, revoke, ask for the counters.

It needs no credential and no TLS, so a line of curl does, and for that it listens on loopback
only: `curl -d '{"advance": 3600}' $control_url/clock`.  Each route is one method of `Controls`,
which `GitHub` calls as well.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from .faults import Fault, Faults
from .minting import mint
from .refusals import Refusal
from .rest_apps import token_reply
from .shapes import Base
from .stats import Stats
from .world import UnknownNameError, World

HERE = Base("https://api.github.com", "https://github.com")
MAX_BODY = 1 << 20  # bytes


@dataclass
class Controls:
    """What may be done to a running world, each with a dict in and a dict out."""

    world: World
    faults: Faults
    stats: Stats

    def add_fault(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Set a fault (see faults.Fault)."""
        self.faults.add(Fault.parse(values))
        return self.list_faults()

    def list_faults(self) -> dict[str, Any]:
        """Return the faults that are set, with how often each struck."""
        return {"faults": [fault.report() for fault in self.faults.scripted]}

    def clear_faults(self) -> dict[str, Any]:
        """Remove all faults."""
        return {"cleared": self.faults.clear()}

    def move_clock(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Move the world's clock by `advance` seconds."""
        _only(values, "advance")
        self.world.clock.advance(_given(values, "advance", int, float))
        return {"now": self.world.clock.now(), "offset": self.world.clock.offset}

    def revoke(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Revoke one `token`, or `all`."""
        if values.get("all") is True and values.get("token") is None:
            return {"revoked": self.world.tokens.revoke_all()}
        token = values.get("token")
        if not isinstance(token, str) or not token:
            raise ValueError("token: name a token, or say all: true")
        return {"revoked": int(self.world.tokens.revoke(token))}

    def settings(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Change settings (see settings.Settings); return all of them."""
        self.world.settings = self.world.settings.changed(values)
        return asdict(self.world.settings)

    def installation(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Set `suspended` (true, false) or `removed` (true) for the installation on `owner`."""
        _only(values, "owner", "suspended", "removed")
        owner = _given(values, "owner", str)
        if values.get("removed") is True:
            self.world.remove_installation(owner)
        elif isinstance(values.get("suspended"), bool):
            self.world.suspend(owner, suspended=values["suspended"])
        else:
            raise ValueError("suspended: say true or false, or removed: true")
        return {"installations": self.installations()}

    def installations(self) -> list[dict[str, Any]]:
        """Return id, owner and state of every installation."""
        return [
            {"id": one.id, "owner": one.account.login, "suspended": one.suspended_at is not None}
            for one in self.world.installations.values()
        ]

    def rename(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Rename the repository `from` to `to`."""
        _only(values, "from", "to")
        renamed = self.world.rename(_given(values, "from", str), _given(values, "to", str))
        return {"full_name": renamed.full_name}

    def mint(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """
        Issue a token for the installation on `owner`, with the other keys as GitHub's own
        mint takes them.  It counts as nobody's request.
        """
        installation = self.world.named_installation(_given(values, "owner", str))
        body = {key: value for key, value in values.items() if key != "owner"}
        return token_reply(HERE, installation, mint(self.world, installation, body))

    def requests(self) -> dict[str, Any]:
        """Return the latest requests, oldest first, without what they authenticated with."""
        return {"requests": list(self.stats.requests)}


def create_control(controls: Controls, ready: Callable[[], Mapping[str, Any]]) -> Starlette:
    """Return the application behind `control_url`."""
    takes_body: dict[tuple[str, str], Callable[[Mapping[str, Any]], Any]] = {
        ("POST", "/faults"): controls.add_fault,
        ("POST", "/clock"): controls.move_clock,
        ("POST", "/revoke"): controls.revoke,
        ("POST", "/settings"): controls.settings,
        ("POST", "/installations"): controls.installation,
        ("POST", "/renames"): controls.rename,
        ("POST", "/tokens"): controls.mint,
    }
    takes_none: dict[tuple[str, str], Callable[[], Any]] = {
        ("GET", "/"): ready,
        ("GET", "/stats"): controls.stats.report,
        ("GET", "/requests"): controls.requests,
        ("GET", "/faults"): controls.list_faults,
        ("DELETE", "/faults"): controls.clear_faults,
        ("GET", "/settings"): lambda: controls.settings({}),
        ("GET", "/clock"): lambda: controls.move_clock({"advance": 0}),
        ("GET", "/installations"): lambda: {"installations": controls.installations()},
    }
    routes = [
        Route(path, _with_body(do), methods=[method]) for (method, path), do in takes_body.items()
    ]
    routes += [
        Route(path, _without(do), methods=[method]) for (method, path), do in takes_none.items()
    ]
    return Starlette(routes=routes)


def _with_body(do: Callable[[Mapping[str, Any]], Any]) -> Callable[[Request], Any]:
    async def answer(request: Request) -> Response:
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > MAX_BODY:
                return JSONResponse({"error": "the body is too large"}, 413)
        try:
            values = json.loads(body or b"{}")
            return JSONResponse(do(values if isinstance(values, dict) else {}))
        except UnknownNameError as error:
            return JSONResponse({"error": str(error)}, 404)
        except Refusal as refusal:
            return JSONResponse({"error": refusal.message}, refusal.status)
        except ValueError as error:
            return JSONResponse({"error": str(error)}, 422)

    return answer


def _without(do: Callable[[], Any]) -> Callable[[Request], Any]:
    async def answer(request: Request) -> Response:  # noqa: ARG001
        return JSONResponse(do())

    return answer


def _only(values: Mapping[str, Any], *names: str) -> None:
    for name in values:
        if name not in names:
            raise ValueError(f"{name}: no such key; there are {', '.join(names)}")


def _given(values: Mapping[str, Any], key: str, *kinds: type) -> Any:
    """Return the value of *key*, or raise ValueError if it is absent or of another kind."""
    value = values.get(key)
    if not isinstance(value, kinds) or isinstance(value, bool) or value == "":
        nouns = {str: "a name", int: "a number"}
        raise ValueError(f"{key}: give {nouns[kinds[0]]}")
    return value
