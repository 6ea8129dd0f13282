"""
See what the tests' own process starts, is told, and makes.

What a program is started with is seen exactly, by Python's own audit event; that which it starts
in turn is `sampler`'s.
"""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import httpx2
import pytest

from gitlease.model.tokens import Secret
from tests.support.leaks.ledger import current

# Variables in which tests put a token as people do.
_HOLD = ("GH_TOKEN", "GITHUB_TOKEN", "GH_ENTERPRISE_TOKEN", "GITLEASE_BROKER_ADMIN_TOKEN")
_ROUTES = ("/workspaces", "/admin", "/registry", "/metrics", "/healthz", "/readyz", "/openapi")
_SHOWN = ("/metrics", "/admin/journal", "/openapi", "/admin/workspaces")
_NAME = re.compile(r"[a-z][a-z0-9.-]{1,24}")
# What tests put before a program, see tests.support.machines.
_ENTERING = 10  # words
_is_audited: list[bool] = []


def open_eyes(patch: pytest.MonkeyPatch) -> None:
    """See from now on, until *patch* is undone."""
    if not _is_audited:
        # A hook stays for the life of the process; without a ledger it sees nothing.
        sys.addaudithook(_on_audit)
        _is_audited.append(True)
    patch.setattr(subprocess.Popen, "communicate", _hearing(subprocess.Popen.communicate))
    patch.setattr(httpx2.Client, "send", _reading(httpx2.Client.send))
    patch.setattr(httpx2.AsyncClient, "send", _reading_later(httpx2.AsyncClient.send))
    patch.setattr(Secret, "__init__", _noting(Secret.__init__))


def words_of(argv: Sequence[str]) -> str:
    """Return the first words of *argv* that are names, without folders: for a place's name."""
    if argv[0].endswith("/unshare"):
        argv = argv[_ENTERING:] or argv
    names = [word.rpartition("/")[2] for word in argv[:12]]
    return " ".join([name for name in names if _NAME.fullmatch(name)][:4])


def saw_process(argv: Sequence[str], env: Mapping[str, str], test: str | None = None) -> None:
    """Keep what a process was started with."""
    ledger, name = current(), words_of(argv)
    ledger.saw(f"argv of {name}", "\n".join(argv).encode(errors="surrogateescape"), test)
    for variable, value in env.items():
        data = value.encode(errors="surrogateescape")
        ledger.saw(f"environ {variable} of {name}", data, test)
        if variable in _HOLD:
            ledger.secret(value)


def _on_audit(event: str, given: tuple[Any, ...]) -> None:
    if event == "subprocess.Popen" and current().is_kept:
        _executable, argv, _cwd, env = given
        env = os.environ if env is None else env
        saw_process(
            _words(argv),
            {os.fsdecode(k): os.fsdecode(v) for k, v in env.items()},
        )


def _words(argv: Any) -> list[str]:
    """Return the words of *argv*, which may be one alone."""
    words = [argv] if isinstance(argv, (str, bytes, os.PathLike)) else argv
    return [os.fsdecode(word) for word in words]


def _hearing(real: Callable[..., Any]) -> Callable[..., Any]:
    def communicate(self: subprocess.Popen[Any], *given: Any, **named: Any) -> Any:
        said = real(self, *given, **named)
        ledger = current()
        if ledger.is_kept:
            name = words_of(_words(self.args))
            for stream, text in zip(("stdout", "stderr"), said, strict=True):
                data = text.encode(errors="surrogateescape") if isinstance(text, str) else text
                if data:
                    ledger.saw(f"{stream} of {name}", data)
                    if stream == "stdout":
                        ledger.secrets_in(data)
        return said

    return communicate


def _reading(real: Callable[..., Any]) -> Callable[..., Any]:
    def send(self: httpx2.Client, request: httpx2.Request, **named: Any) -> httpx2.Response:
        reply: httpx2.Response = real(self, request, **named)
        if current().is_kept and not named.get("stream"):
            _look_at(request, reply)
        return reply

    return send


def _reading_later(real: Callable[..., Any]) -> Callable[..., Any]:
    async def send(
        self: httpx2.AsyncClient, request: httpx2.Request, **named: Any
    ) -> httpx2.Response:
        reply: httpx2.Response = await real(self, request, **named)
        if current().is_kept and not named.get("stream"):
            _look_at(request, reply)
        return reply

    return send


def _look_at(request: httpx2.Request, reply: httpx2.Response) -> None:
    ledger, path = current(), request.url.path
    proof = request.headers.get("authorization", "")
    if proof.startswith("Bearer gl"):
        ledger.secret(proof.removeprefix("Bearer "))
    if reply.status_code < 400:
        ledger.secrets_in(reply.content)
    if path.startswith(_ROUTES) and (reply.status_code >= 400 or path.startswith(_SHOWN)):
        head = "\n".join(f"{name}: {value}" for name, value in reply.headers.items())
        place = f"HTTP {reply.status_code} of {request.method} {path}"
        ledger.saw(place, head.encode() + b"\n\n" + reply.content)


def _noting(real: Callable[..., None]) -> Callable[..., None]:
    def init(self: Secret, value: str) -> None:
        real(self, value)
        if isinstance(value, str):
            current().secret(value)

    return init
