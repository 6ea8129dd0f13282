"""
Answer for Git LFS: the batch call, the objects, and no locks.

Source: git-lfs docs/api (batch.md, basic-transfers.md, locking.md).  As on GitHub, the batch
call checks the token; the objects themselves are fetched with a short-lived signature, so a
transfer outlives the token.
"""

import hashlib
import hmac
import json
import os
import re
import secrets
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from . import access, credentials
from .access import NOT_FOUND, GitRefusal
from .backend import CHUNK
from .clock import iso
from .paths import Paths
from .world import Repository, World

MEDIA_TYPE = "application/vnd.git-lfs+json"
OID = re.compile(r"[0-9a-f]{64}")
SIGNATURE_LIFE = 3600  # seconds an object may be transferred after its batch call
MAX_BATCH = 1 << 20  # bytes
SCHEME = "RemoteAuth"


class LargeFiles:
    """The LFS server of every repository."""

    def __init__(self, world: World, paths: Paths) -> None:
        self.world = world
        self.paths = paths
        self.key = secrets.token_bytes(32)

    async def respond(self, request: Request, name: str, rest: str) -> Response:
        """Answer for `{name}.git/info/lfs/{rest}`, or raise GitRefusal."""
        match request.method, rest.split("/"):
            case "POST", ["objects", "batch"]:
                return await self._batch(request, name)
            case "GET", ["objects", oid] if OID.fullmatch(oid):
                return self._download(self._signed(request, name, "download", oid), oid)
            case "PUT", ["objects", oid] if OID.fullmatch(oid):
                return await self._upload(request, self._signed(request, name, "upload", oid), oid)
            case "POST", ["objects", oid, "verify"] if OID.fullmatch(oid):
                return await self._verify(request, self._signed(request, name, "verify", oid), oid)
            case method, ["locks", *below]:
                return self._locks(request, name, method, below)
        return reply({"message": "Not Found"}, 404)

    def _check(self, request: Request, name: str, *, write: bool) -> Repository:
        shown = credentials.read(request.headers.get("authorization"))
        return access.check(self.world, shown, name, write=write).repository

    def _locks(self, request: Request, name: str, method: str, below: list[str]) -> Response:
        """Nobody holds a lock, and none can be had: clients go on without (locking.md)."""
        verifying = (method, below) == ("POST", ["verify"])
        self._check(request, name, write=method == "POST")
        if verifying:
            return reply({"ours": [], "theirs": []})
        if (method, below) == ("GET", []):
            return reply({"locks": []})
        return reply({"message": "Not Found"}, 404)

    async def _batch(self, request: Request, name: str) -> Response:
        asked = await _json(request)
        operation, objects = asked.get("operation"), asked.get("objects")
        if operation not in {"download", "upload"} or not isinstance(objects, list):
            return reply({"message": "Invalid batch request"}, 422)
        # The token is checked for what it is about to do, before any object is looked at.
        repository = self._check(request, name, write=operation == "upload")
        if "basic" not in asked.get("transfers", ["basic"]):
            return reply({"message": "Only the basic transfer is offered"}, 422)
        address = f"https://{request.headers.get('host', 'github.com')}/{repository.full_name}.git"
        entries = [self._entry(operation, address, repository, one) for one in objects]
        return reply({"transfer": "basic", "objects": entries, "hash_algo": "sha256"})

    def _entry(
        self, operation: str, address: str, repository: Repository, asked: Any
    ) -> dict[str, Any]:
        """Return one object's part of a batch reply."""
        oid, size = (asked.get("oid"), asked.get("size")) if isinstance(asked, dict) else ("", 0)
        entry: dict[str, Any] = {"oid": oid, "size": size}
        if not isinstance(oid, str) or not OID.fullmatch(oid) or not isinstance(size, int):
            return {**entry, "error": {"code": 422, "message": "Invalid object"}}
        path = self.paths.large_file(repository.id, oid)
        if operation == "download" and not path.exists():
            return {**entry, "error": {"code": 404, "message": "Object does not exist"}}
        if operation == "upload" and path.exists():
            return entry
        steps = ["download"] if operation == "download" else ["upload", "verify"]
        actions = {step: self._action(step, address, repository, oid) for step in steps}
        return {**entry, "authenticated": True, "actions": actions}

    def _action(self, step: str, address: str, repository: Repository, oid: str) -> dict[str, Any]:
        expires = int(self.world.clock.now()) + SIGNATURE_LIFE
        signature = self._signature(step, repository, oid, expires)
        return {
            "href": f"{address}/info/lfs/objects/{oid}" + ("/verify" if step == "verify" else ""),
            "header": {"Authorization": f"{SCHEME} {expires}.{signature}"},
            "expires_at": iso(expires),
        }

    def _signature(self, step: str, repository: Repository, oid: str, expires: int) -> str:
        message = f"{step} {repository.id} {oid} {expires}".encode()
        return hmac.new(self.key, message, hashlib.sha256).hexdigest()

    def _signed(self, request: Request, name: str, step: str, oid: str) -> Repository:
        """Return the repository if the request carries the signature for *step* on *oid*."""
        place = access.find(self.world, name)
        scheme, _, proof = request.headers.get("authorization", "").partition(" ")
        expires, _, signature = proof.partition(".")
        if place is None or scheme != SCHEME or not expires.isdigit():
            raise GitRefusal(404, NOT_FOUND)
        expected = self._signature(step, place.repository, oid, int(expires))
        live = int(expires) > self.world.clock.now()
        if not live or not hmac.compare_digest(signature, expected):
            raise GitRefusal(403, "The signature of this transfer is not valid.")
        return place.repository

    def _download(self, repository: Repository, oid: str) -> Response:
        path = self.paths.large_file(repository.id, oid)
        if not path.exists():
            return reply({"message": "Not Found"}, 404)
        headers = {"Content-Length": str(path.stat().st_size)}
        return StreamingResponse(_chunks(path), 200, headers, "application/octet-stream")

    async def _upload(self, request: Request, repository: Repository, oid: str) -> Response:
        path = self.paths.large_file(repository.id, oid)
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f"{oid}.{secrets.token_hex(4)}.part")
        digest = hashlib.sha256()
        try:
            with partial.open("wb") as file:
                async for chunk in request.stream():
                    digest.update(chunk)
                    file.write(chunk)
            if digest.hexdigest() != oid:
                return reply({"message": "The content does not match its oid"}, 422)
            os.replace(partial, path)  # noqa: PTH105 - as atomic as it reads
        finally:
            partial.unlink(missing_ok=True)
        return Response(status_code=200)

    async def _verify(self, request: Request, repository: Repository, oid: str) -> Response:
        asked = await _json(request)
        path = self.paths.large_file(repository.id, oid)
        if not path.exists():
            return reply({"message": "Not Found"}, 404)
        if asked.get("size") != path.stat().st_size:
            return reply({"message": "The size does not match"}, 422)
        return Response(status_code=200)


async def _chunks(path: Path) -> AsyncIterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            yield chunk


async def _json(request: Request) -> Mapping[str, Any]:
    """Return the JSON object of *request*, an empty one for anything else."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BATCH:
            return {}
    try:
        parsed = json.loads(body)
    except ValueError:
        return {}
    return parsed if isinstance(parsed, dict) else {}


def reply(
    body: Mapping[str, Any], status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """Return *body* as git-lfs reads it."""
    return Response(json.dumps(body), status, headers, MEDIA_TYPE)
