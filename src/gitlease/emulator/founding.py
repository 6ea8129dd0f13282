"""
Make a world of a seed: keys, accounts, installations, repositories on disk.

Ids follow from the order in the seed, and commits have a fixed date, so equal seeds give equal
worlds; only keys are fresh.  A folder of an earlier run keeps its keys and repositories.
"""

import functools
import hashlib
import os
import re
import subprocess
from collections.abc import Sequence
from itertools import count
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from . import bare
from .issued import Issued
from .lfs_pointer import content, pointer
from .paths import Paths
from .permissions import with_metadata
from .seeds import AppSeed, InstallationSeed, RepositorySeed, Seed, SeedError
from .world import Account, App, Installation, Pull, Repository, World

FIRST_ACCOUNT, FIRST_APP = 9_000_001, 1_200_001
FIRST_INSTALLATION, FIRST_REPOSITORY = 60_000_001, 800_000_001
GITHUB_URL = re.compile(r"https://github\.com/(?P<name>[^/]+/[^/]+?)(?:\.git)?/?")


def found(seed: Seed, paths: Paths) -> World:
    """Return the world that *seed* describes, its files under *paths*; raises SeedError."""
    world = World(settings=seed.settings, issued=Issued.named_in(os.environ))
    bare.write_config(paths.home)
    try:
        _Founder(world, seed, paths).all()
    except SeedError as error:
        raise SeedError(f"{seed.name}: {error}") from None
    return world


class _Founder:
    """Puts one thing after the other into a new world."""

    def __init__(self, world: World, seed: Seed, paths: Paths) -> None:
        self.world = world
        self.seed = seed
        self.paths = paths
        self.accounts = count(FIRST_ACCOUNT)
        self.app_ids = count(FIRST_APP)
        self.installation_ids = count(FIRST_INSTALLATION)

    def all(self) -> None:
        for app in self.seed.apps:
            self.app(app)
        for one in self.seed.installations:
            self.account(one.owner, one.kind)
        for number, repository in self.in_order():
            self.repository(FIRST_REPOSITORY + number, repository)
        self.world.repositories = dict(sorted(self.world.repositories.items()))
        for one in self.seed.installations:
            self.installation(one)

    def account(self, login: str, kind: str = "Organization") -> Account:
        known = self.world.account(login)
        if known is None:
            known = Account(next(self.accounts), login, kind)
            self.world.accounts[login.lower()] = known
        return known

    def app(self, one: AppSeed) -> None:
        number = next(self.app_ids) if one.id is None else one.id
        if number in self.world.apps:
            raise SeedError(f"app.id: {number} is given twice; give each App its own")
        key_file = self.paths.private_key(one.slug)
        if not key_file.exists():
            _write_secret(key_file, _fresh_key(one.slug, number))
        pem = key_file.read_bytes()
        key = serialization.load_pem_private_key(pem, None)
        if not isinstance(key, rsa.RSAPrivateKey):
            raise SeedError(f"{key_file}: no RSA key; remove the file")
        self.world.issued.add("private key", pem.decode())
        self.world.apps[number] = App(
            id=number,
            client_id="Iv23li" + hashlib.sha256(one.slug.encode()).hexdigest()[:14],
            slug=one.slug,
            permissions=with_metadata(one.permissions),
            public_key=key.public_key(),
            private_key_file=key_file,
            owner=self.account(one.owner),
            bot=self.account(f"{one.slug}[bot]", "Bot"),
        )

    def installation(self, one: InstallationSeed) -> None:
        apps = [app for app in self.world.apps.values() if one.app in {None, app.slug}]
        if not apps:
            raise SeedError(f"installations.app: there is no App {one.app!r}; name one's slug")
        number = next(self.installation_ids) if one.id is None else one.id
        if number in self.world.installations:
            raise SeedError(f"installations.id: {number} is given twice; give each its own")
        now = self.world.clock.now()
        self.world.installations[number] = Installation(
            id=number,
            app=apps[0],
            account=self.account(one.owner, one.kind),
            permissions=with_metadata(one.permissions or apps[0].permissions),
            repository_ids=self._chosen(one),
            created=now,
            suspended_at=now if one.suspended else None,
        )

    def _chosen(self, one: InstallationSeed) -> frozenset[int] | None:
        if isinstance(one.repositories, str):
            return None
        chosen = []
        for name in one.repositories:
            repository = self.world.repository(f"{one.owner}/{name}")
            if repository is None:
                text = f"there is no {one.owner}/{name}; add it to [[repositories]]"
                raise SeedError(f"installations.repositories: {text}")
            chosen.append(repository.id)
        return frozenset(chosen)

    def in_order(self) -> Sequence[tuple[int, RepositorySeed]]:
        """Return the repositories with their numbers, submodules before what holds them."""
        waiting = list(enumerate(self.seed.repositories))
        done: set[str] = set()
        ordered = []
        while waiting:
            ready = [(n, one) for n, one in waiting if _held_names(one) <= done]
            if not ready:
                name = waiting[0][1].name
                text = f"{name}: each url must name a repository of this seed, in no circle"
                raise SeedError(f"repositories.submodules: {text}")
            ordered += ready
            done |= {one.name.lower() for _, one in ready}
            waiting = [pair for pair in waiting if pair not in ready]
        return ordered

    def repository(self, number: int, one: RepositorySeed) -> None:
        if self.world.repository(one.name) is not None:
            raise SeedError(f"repositories.name: {one.name} is given twice; remove one")
        owner, _, name = one.name.partition("/")
        path = self.paths.repositories / f"{one.name.lower()}.git"
        fresh = not path.exists()
        if fresh:
            self._make(number, one, path)
        home = self.paths.home
        branch = bare.git(home, ["symbolic-ref", "--short", "HEAD"], cwd=path)
        wiki = path.with_suffix(".wiki.git") if one.wiki else None
        if wiki is not None and not wiki.exists():
            bare.create(home, wiki, "master", {"Home.md": b"Welcome\n"})
        self.world.add_repository(
            Repository(
                id=number,
                owner=self.account(owner),
                name=name,
                private=one.private,
                path=path,
                default_branch=branch,
                description=one.description,
                wiki_path=wiki,
                pulls=tuple(self._pulls(one, path, branch)),
            )
        )

    def _make(self, number: int, one: RepositorySeed, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        if one.source is not None:
            source = self.seed.folder / one.source
            try:
                bare.copy(self.paths.home, source, path)
            except subprocess.CalledProcessError:
                text = f"{source} is no git repository with a commit; name one"
                raise SeedError(f"repositories.from: {text}") from None
            return
        files = {"README.md": f"# {one.name}\n".encode()}
        files |= {name: text.encode() for name, text in one.files.items()}
        files |= self._large_files(number, one)
        files |= _gitmodules(one)
        branches = [pull["head"] for pull in one.pulls]
        bare.create(
            self.paths.home, path, "main", files, submodules=self._held(one), branches=branches
        )

    def _held(self, one: RepositorySeed) -> dict[str, str]:
        """Return path and commit of each submodule."""
        held = {}
        for submodule in one.submodules:
            name = _named(submodule["url"])
            repository = self.world.repository(name)
            if repository is None:
                text = f"{submodule['url']} names no repository of this seed; add it"
                raise SeedError(f"repositories.submodules: {text}")
            branch = repository.default_branch
            held[submodule["path"]] = bare.commit_id(self.paths.home, repository.path, branch)
        return held

    def _large_files(self, number: int, one: RepositorySeed) -> dict[str, bytes]:
        """Store the large files; return their pointers and what makes git-lfs see them."""
        files = {}
        for name, size in one.lfs.items():
            data = content(name, size)
            text, oid = pointer(data)
            stored = self.paths.large_file(number, oid)
            stored.parent.mkdir(parents=True, exist_ok=True)
            stored.write_bytes(data)
            files[name] = text
        if files:
            lines = [f"{name} filter=lfs diff=lfs merge=lfs -text\n" for name in files]
            files[".gitattributes"] = "".join(lines).encode()
        return files

    def _pulls(self, one: RepositorySeed, path: Path, branch: str) -> list[Pull]:
        home, pulls = self.paths.home, []
        for number, pull in enumerate(one.pulls, start=1):
            base = pull.get("base", branch)
            try:
                head_sha = bare.commit_id(home, path, pull["head"])
                base_sha = bare.commit_id(home, path, base)
            except subprocess.CalledProcessError:
                text = f"{one.name}: {pull['head']!r} or {base!r} is no branch; name one"
                raise SeedError(f"repositories.pulls: {text}") from None
            fields = (number, pull["title"], pull["head"], head_sha, base, base_sha)
            pulls.append(Pull(*fields, body=pull.get("body", "")))
        return pulls


def _named(url: str) -> str:
    """Return the repository that a submodule's address names."""
    match = GITHUB_URL.fullmatch(url)
    if match is None:
        text = f"{url!r}: write it as https://github.com/owner/name"
        raise SeedError(f"repositories.submodules.url: {text}")
    return match["name"]


def _held_names(one: RepositorySeed) -> set[str]:
    return {_named(submodule["url"]).lower() for submodule in one.submodules}


def _gitmodules(one: RepositorySeed) -> dict[str, bytes]:
    blocks = [
        f'[submodule "{entry["path"]}"]\n\tpath = {entry["path"]}\n\turl = {entry["url"]}\n'
        for entry in one.submodules
    ]
    return {".gitmodules": "".join(blocks).encode()} if blocks else {}


@functools.cache
def _fresh_key(slug: str, number: int) -> bytes:  # noqa: ARG001 - they tell keys apart
    """Return an RSA key as GitHub hands it out; one a process and App, for they are dear."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )


def _write_secret(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
