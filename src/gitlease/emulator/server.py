"""
Run a small GitHub: a world, its listeners, and a handle on both.

The servers live in an event loop of their own, so that a test, or a shell, stays as it is.  All
that changes the world goes through that loop: one thread owns it, and nothing needs a lock.
"""

import contextlib
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from . import certificates, founding, seeds
from .background import Background
from .claim import claimed
from .control import Controls, create_control
from .faults import Faults
from .front import Front
from .git_http import GitHost
from .listener import Listener
from .paths import Paths
from .proxy import Proxy
from .rest import create_api
from .stats import Stats
from .world import App, UnknownNameError

T = TypeVar("T")


class GitHub:
    """
    A GitHub on loopback for as long as the `with` lasts.

    *seed* is a path to a TOML file, a dict of the same form, or None for a world with the
    organizations `acme` and `other`; *directory* keeps its files (a temporary folder if None);
    *port* is that of the API and git (0: a free one).  Raises seeds.SeedError for a seed or a
    folder that cannot be used, OSError for a port that is taken.
    """

    def __init__(
        self,
        seed: str | Path | Mapping[str, Any] | None = None,
        directory: str | Path | None = None,
        port: int = 0,
    ) -> None:
        self._seed = seeds.read(seed)
        self._directory = directory
        self._port = port
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> Self:
        """Make the world and start its servers."""
        with contextlib.ExitStack() as stack:
            folder = self._directory
            if folder is None:
                made = tempfile.TemporaryDirectory(prefix="gitlease-emulator-")
                folder = stack.enter_context(made)
            self._paths = paths = Paths(Path(folder).absolute())
            stack.enter_context(claimed(paths))
            self._world = founding.found(self._seed, paths)
            self._controls = Controls(self._world, Faults(), Stats())
            self._listener = stack.enter_context(Listener(self._port))
            self._control = stack.enter_context(Listener())
            self._proxy = stack.enter_context(
                Proxy(self._listener.port, self._controls.stats, self._seed.host)
            )
            self._background = Background(self._serving())
            self._background.start()
            stack.callback(self._background.stop)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop every server, request and child process; remove a temporary folder."""
        self._stack.close()

    @contextlib.asynccontextmanager
    async def _serving(self) -> AsyncIterator[None]:
        """Serve within this context; runs in the background loop."""
        front = Front(
            self._world,
            api=create_api(self._world),
            git=GitHost(self._world, self._paths),
            faults=self._controls.faults,
            stats=self._controls.stats,
            cut=self._listener.cut,
        )
        context = certificates.write(self._paths.ca_file, self._paths.server_pem, self._seed.host)
        try:
            await self._listener.start(front, context)
            await self._control.start(create_control(self._controls, self.ready))
            await self._proxy.start()
            yield
        finally:
            await self._proxy.stop()
            await self._listener.stop()
            await self._control.stop()

    # Where it is, and who may ask it.

    @property
    def git_url(self) -> str:
        """The address of git, without the proxy: `{git_url}/owner/name.git`."""
        return f"https://127.0.0.1:{self._listener.port}"

    @property
    def api_url(self) -> str:
        """The address of the API, without the proxy; the path is that of a GHES host."""
        return f"{self.git_url}/api/v3"

    @property
    def proxy_url(self) -> str:
        """An HTTP CONNECT proxy under which github.com (or the seed's host) is this world."""
        return f"http://127.0.0.1:{self._proxy.port}"

    @property
    def control_url(self) -> str:
        """The address of the control API: plain http, no credential."""
        return f"http://127.0.0.1:{self._control.port}"

    @property
    def ca_file(self) -> Path:
        """The certificate (PEM) that a client must trust."""
        return self._paths.ca_file

    @property
    def app(self) -> App:
        """The seed's first App."""
        return next(iter(self._world.apps.values()))

    @property
    def app_id(self) -> int:
        """The first App's id."""
        return self.app.id

    @property
    def client_id(self) -> str:
        """The first App's client id."""
        return self.app.client_id

    @property
    def app_slug(self) -> str:
        """The first App's slug; its bot is `{app_slug}[bot]`."""
        return self.app.slug

    @property
    def private_key_file(self) -> Path:
        """The first App's private key (PEM)."""
        return self.app.private_key_file

    @property
    def installations(self) -> list[dict[str, Any]]:
        """`{"id", "owner"}` of every installation that is there now."""
        listed = self._background.call(self._controls.installations)
        return [{"id": one["id"], "owner": one["owner"]} for one in listed]

    def ready(self) -> dict[str, Any]:
        """Return the addresses and names that `gitlease emulate` prints when it is ready."""
        apps = [
            {
                "app_id": app.id,
                "client_id": app.client_id,
                "slug": app.slug,
                "private_key_file": str(app.private_key_file),
            }
            for app in self._world.apps.values()
        ]
        return {
            "api_url": self.api_url,
            "git_url": self.git_url,
            "proxy_url": self.proxy_url,
            "ca_file": str(self.ca_file),
            "control_url": self.control_url,
            "app_id": self.app_id,
            "client_id": self.client_id,
            "app_slug": self.app_slug,
            "private_key_file": str(self.private_key_file),
            "installations": [
                {"id": one.id, "owner": one.account.login}
                for one in self._world.installations.values()
            ],
            "apps": apps,
        }

    def repository_path(self, full_name: str) -> Path:
        """Return the bare git repository of "owner/name" (or "owner/name.wiki")."""
        repository = self._world.repository(full_name.removesuffix(".wiki"))
        if repository is None:
            raise UnknownNameError(f"there is no repository {full_name!r}")
        wiki = full_name.endswith(".wiki")
        path = repository.wiki_path if wiki else repository.path
        if path is None:
            raise UnknownNameError(f"{full_name!r} has no pages yet; seed it with wiki = true")
        return path

    # What may be done to it; the same as the control API.

    def stats(self) -> dict[str, Any]:
        """Return the counters: `mints`, `api_calls`, `git_requests`, `by_status`, and more."""
        return self._do(self._controls.stats.report)

    def requests(self) -> list[dict[str, Any]]:
        """Return the latest requests, oldest first, without what they authenticated with."""
        listed: list[dict[str, Any]] = self._do(self._controls.requests)["requests"]
        return listed

    def fault(self, route: str, **what: Any) -> None:
        """Set a fault; the keys are those of faults.Fault.  ValueError names a wrong one."""
        self._do(lambda: self._controls.add_fault({"route": route, **what}))

    def clear_faults(self) -> None:
        """Remove all faults."""
        self._do(self._controls.clear_faults)

    def advance(self, seconds: float) -> None:
        """Move the world's clock; a negative number moves it back."""
        self._do(lambda: self._controls.move_clock({"advance": seconds}))

    def now(self) -> float:
        """Return the world's time, in seconds since the epoch."""
        return self._world.clock.now()

    def revoke(self, token: str | None = None, *, all: bool = False) -> int:  # noqa: A002
        """Revoke *token*, or all tokens; return how many were alive until then."""
        done = self._do(lambda: self._controls.revoke({"token": token, "all": all}))
        return int(done["revoked"])

    def settings(self, **values: Any) -> dict[str, Any]:
        """Change settings (see settings.Settings); return all of them."""
        return self._do(lambda: self._controls.settings(values))

    def mint(
        self,
        owner: str,
        *,
        repositories: Sequence[str] = (),
        permissions: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """
        Issue a token for the installation on *owner* without a request, and return GitHub's
        reply to a mint: `token`, `expires_at`, …  It is not counted.
        """
        body = {"repositories": list(repositories), "permissions": dict(permissions or {})}
        return self._do(lambda: self._controls.mint({"owner": owner, **body}))

    def suspend(self, owner: str) -> None:
        """Suspend the App on *owner*: its tokens get a 403."""
        self._do(lambda: self._world.suspend(owner))

    def unsuspend(self, owner: str) -> None:
        """Lift the suspension."""
        self._do(lambda: self._world.suspend(owner, suspended=False))

    def remove_installation(self, owner: str) -> None:
        """Uninstall the App from *owner*: its tokens die."""
        self._do(lambda: self._world.remove_installation(owner))

    def rename_repository(self, old: str, new: str) -> None:
        """Rename *old* to *new* ("owner/name"); the old address answers with 301."""
        self._do(lambda: self._world.rename(old, new))

    def _do(self, do: Callable[[], T]) -> T:
        return self._background.call(do)
