"""
Keep what exists: accounts, Apps, installations, repositories, and what happens to them.

Who may do what is decided elsewhere (`access`, `minting`); tokens are kept in `tokens`.  One
thread owns a world, so nothing here locks.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from .clock import Clock
from .issued import Issued
from .settings import Settings
from .tokens import IssuedToken, State, Tokens


@dataclass(frozen=True)
class Account:
    """An organization, a user, or an App's bot."""

    id: int
    login: str
    kind: str = "Organization"


@dataclass(frozen=True)
class App:
    """A registered GitHub App."""

    id: int
    client_id: str
    slug: str
    permissions: Mapping[str, str]
    public_key: RSAPublicKey
    private_key_file: Path
    owner: Account
    bot: Account

    @property
    def bot_login(self) -> str:
        """The name under which the App acts."""
        return f"{self.slug}[bot]"


@dataclass(frozen=True)
class Pull:
    """A pull request between two branches of one repository."""

    number: int
    title: str
    head: str
    head_sha: str
    base: str
    base_sha: str
    body: str = ""


@dataclass
class Repository:
    """A repository and the folder of its bare git repository."""

    id: int
    owner: Account
    name: str
    private: bool
    path: Path
    default_branch: str
    description: str = ""
    wiki_path: Path | None = None
    pulls: tuple[Pull, ...] = ()

    @property
    def full_name(self) -> str:
        """The name with its owner, as GitHub spells it."""
        return f"{self.owner.login}/{self.name}"


@dataclass
class Installation:
    """An App installed on an account; `repository_ids` None means all that the account has."""

    id: int
    app: App
    account: Account
    permissions: Mapping[str, str]
    repository_ids: frozenset[int] | None
    created: float
    suspended_at: float | None = None


class UnknownNameError(LookupError):
    """There is nothing of that name in the world."""


@dataclass
class World:
    """All that exists.  Names are found whatever their case, as on GitHub."""

    clock: Clock = field(default_factory=Clock)
    settings: Settings = field(default_factory=Settings)
    accounts: dict[str, Account] = field(default_factory=dict)
    apps: dict[int, App] = field(default_factory=dict)
    installations: dict[int, Installation] = field(default_factory=dict)
    repositories: dict[int, Repository] = field(default_factory=dict)
    names: dict[str, int] = field(default_factory=dict)
    former_names: dict[str, int] = field(default_factory=dict)
    tokens: Tokens = field(default_factory=Tokens)
    issued: Issued = field(default_factory=Issued)

    def account(self, login: str) -> Account | None:
        """Return the account called *login*, if there is one."""
        return self.accounts.get(login.lower())

    def repository(self, full_name: str) -> Repository | None:
        """Return the repository that is called *full_name* now."""
        number = self.names.get(full_name.lower())
        return None if number is None else self.repositories[number]

    def moved(self, full_name: str) -> Repository | None:
        """Return the repository that was called *full_name* before it was renamed."""
        number = self.former_names.get(full_name.lower())
        return None if number is None else self.repositories[number]

    def add_repository(self, repository: Repository) -> None:
        """Let *repository* exist; a former name that it takes no longer redirects."""
        self.repositories[repository.id] = repository
        self.names[repository.full_name.lower()] = repository.id
        self.former_names.pop(repository.full_name.lower(), None)

    def rename(self, old: str, new: str) -> Repository:
        """
        Rename repository *old* to *new* ("owner/name"); *old* redirects from now on.

        Raises UnknownNameError if there is no *old*, or no account of *new*'s owner, and
        ValueError if *new* is taken.
        """
        repository = self.repository(old)
        owner_login, _, name = new.partition("/")
        owner = self.account(owner_login)
        if repository is None:
            raise UnknownNameError(f"there is no repository {old!r}")
        if owner is None or not name:
            raise UnknownNameError(f"{new!r} does not name an account and a repository")
        if (taken := self.repository(new)) is not None and taken is not repository:
            raise ValueError(f"{new!r} is taken")
        del self.names[repository.full_name.lower()]
        self.former_names[repository.full_name.lower()] = repository.id
        repository.owner, repository.name = owner, name
        self.add_repository(repository)
        return repository

    def installation_of(self, app: App | None, login: str) -> Installation | None:
        """Return *app*'s installation on the account *login*; any App's if *app* is None."""
        account = self.account(login)
        for installation in self.installations.values():
            if installation.account == account and (app is None or installation.app == app):
                return installation
        return None

    def covers(self, installation: Installation, repository: Repository) -> bool:
        """Return whether *installation* was given *repository*."""
        if repository.owner != installation.account:
            return False
        chosen = installation.repository_ids
        return chosen is None or repository.id in chosen

    def repositories_of(self, installation: Installation) -> Iterator[Repository]:
        """Yield what *installation* was given, oldest first."""
        for repository in self.repositories.values():
            if self.covers(installation, repository):
                yield repository

    def shown_token(self, plaintext: str) -> tuple[State, IssuedToken | None, Installation | None]:
        """Return what a token is worth now, the token, and its installation if it still is."""
        state, token = self.tokens.look_up(plaintext, self.clock.now())
        if token is None:
            return state, None, None
        return state, token, self.installations.get(token.installation_id)

    def named_installation(self, owner: str) -> Installation:
        """Return the first installation on *owner*, or raise UnknownNameError."""
        installation = self.installation_of(None, owner)
        if installation is None:
            raise UnknownNameError(f"no App is installed on {owner!r}")
        return installation

    def suspend(self, owner: str, *, suspended: bool = True) -> None:
        """Suspend the App on *owner*, or lift the suspension."""
        moment = self.clock.now() if suspended else None
        self.named_installation(owner).suspended_at = moment

    def remove_installation(self, owner: str) -> None:
        """Uninstall the App from *owner*: its tokens die with it."""
        del self.installations[self.named_installation(owner).id]
