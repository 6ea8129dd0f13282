"""
The workspace's settings: one frozen object, read once.

Environment variables win over the TOML file `settings.toml` in our home folder, whose keys are the
same names in lower case without `GITLEASE_`.  The installer writes that file, so that a `git` with
an empty environment (cron, ssh) finds what the container was started with; it holds no secret.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from gitlease.model.errors import BadValueError, SettingsError
from gitlease.model.frozen import Frozen, fields
from gitlease.model.hosts import api_url_of
from gitlease.model.redaction import printable
from gitlease.model.tokens import LFS_MIN_TTL, MIN_TTL
from gitlease.workspace.setting_values import PATHS, NoMeaningError, read_value
from gitlease.workspace.settings_file import FILE, has_decided, read_file

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

# Setting: its environment variables, the first that is set wins.
VARIABLES: Final[Mapping[str, tuple[str, ...]]] = {
    "host": ("GITLEASE_HOST",),
    "api_url": ("GITLEASE_API_URL",),
    "broker_url": ("GITLEASE_BROKER_URL", "PLATFORM_URL"),
    "workspace_id": ("GITLEASE_WORKSPACE_ID", "WORKSPACE_ID"),
    "configs_dir": ("GITLEASE_CONFIGS_DIR", "CONFIGS_DIR"),
    "enrolment_secret_file": ("GITLEASE_ENROLMENT_SECRET_FILE",),
    "app_id": ("GITLEASE_APP_ID",),
    "private_key_file": ("GITLEASE_PRIVATE_KEY_FILE",),
    "installation_id": ("GITLEASE_INSTALLATION_ID",),
    "app_slug": ("GITLEASE_APP_SLUG",),
    "gh": ("GITLEASE_GH",),
    "gh_owner": ("GITLEASE_GH_OWNER",),
    "granularity": ("GITLEASE_GRANULARITY",),
    "permissions": ("GITLEASE_PERMISSIONS",),
    "min_ttl": ("GITLEASE_MIN_TTL",),
    "lfs_min_ttl": ("GITLEASE_LFS_MIN_TTL",),
    "fail_closed": ("GITLEASE_FAIL_CLOSED",),
    "second_chance": ("GITLEASE_SECOND_CHANCE",),
    "ca_file": ("GITLEASE_CA_FILE",),
    "allow_http": ("GITLEASE_ALLOW_HTTP",),
    "scope": ("GITLEASE_SCOPE",),
    "system_dir": ("GITLEASE_SYSTEM_DIR",),
    "rewrite_ssh": ("GITLEASE_REWRITE_SSH",),
    "identity": ("GITLEASE_IDENTITY",),
    "compat_dir": ("GITLEASE_COMPAT_DIR",),
    "token_file": ("GITLEASE_TOKEN_FILE",),
    "refresh_interval": ("GITLEASE_REFRESH_INTERVAL", "TOKEN_REFRESH_INTERVAL_SEC"),
    "refresh_jitter": ("GITLEASE_REFRESH_JITTER", "TOKEN_REFRESH_JITTER_SEC"),
    "refresh_initial_delay": ("GITLEASE_REFRESH_INITIAL_DELAY", "TOKEN_REFRESH_INITIAL_DELAY_SEC"),
}

# Seconds.  Well before the end of GitHub's hour, whatever a round has to wait for.
REFRESH_INTERVAL: Final = 2700
# Enough that a fleet which was started at once does not ask at once.
REFRESH_JITTER: Final = 120


class Settings(Frozen):
    """
    All that a workspace can be told.

    `granularity` is what one token serves: all of an `owner`'s repositories or one `repository`;
    `permissions` narrows every token (empty: all that the installation has).  `min_ttl`,
    `lfs_min_ttl` and the refresher's three are seconds.  `scope` is whose git is wired: the
    `user`'s, the `system`'s, or that of an environment (`env`).  `problem` holds the complaint
    about a file that was set aside.
    """

    home: Path
    host: str = "github.com"
    api_url: str = "https://api.github.com"
    broker_url: str = ""
    workspace_id: str = ""
    configs_dir: Path = Path("/configs")
    enrolment_secret_file: str = ""
    app_id: str = ""
    private_key_file: str = ""
    installation_id: int | None = None
    app_slug: str = ""
    gh: bool = True
    gh_owner: str = ""
    granularity: str = "owner"
    permissions: Mapping[str, str] = MappingProxyType({})
    min_ttl: int = MIN_TTL
    lfs_min_ttl: int = LFS_MIN_TTL
    fail_closed: bool = True
    second_chance: bool = True
    ca_file: str = ""
    allow_http: bool = False
    scope: str = "user"
    system_dir: Path = Path("/usr/local/lib/gitlease")
    rewrite_ssh: bool = False
    identity: bool = False
    compat_dir: Path | None = None
    token_file: str = ""
    refresh_interval: int = REFRESH_INTERVAL
    refresh_jitter: int = REFRESH_JITTER
    refresh_initial_delay: int = 0
    problem: str = ""

    @property
    def cache(self) -> Path:
        """The folder of the cache records."""
        return self.home / "cache"

    @property
    def helper(self) -> Path:
        """The installed credential helper."""
        return self.home / "bin" / "git-credential-gitlease"

    @property
    def system_helper(self) -> Path:
        """The program that leads every user of this machine to a helper of their own."""
        return self.system_dir / "git-credential-gitlease"

    @property
    def shim(self) -> Path:
        """Our gh; its folder holds nothing else, so that the order on PATH alone decides."""
        return self.home / "shims" / "gh"

    @property
    def refresher(self) -> Path:
        """The installed loop of the refresher."""
        return self.home / "bin" / "gitlease-refresher"

    @property
    def who(self) -> str:
        """How messages name this workspace."""
        return f"workspace {self.workspace_id}" if self.workspace_id else "this workspace"

    @property
    def digest(self) -> str:
        """
        Name in 12 hex characters what decides which token is fetched, from whom and how wide.

        What was kept under another digest (a token, a failure) says nothing about these settings.
        """
        deciding = (
            self.host,
            self.api_url,
            self.broker_url,
            self.workspace_id,
            self.app_id,
            self.installation_id,
            self.granularity,
            sorted(self.permissions.items()),
        )
        return hashlib.sha256(repr(deciding).encode()).hexdigest()[:12]


def home_folder(env: Mapping[str, str]) -> Path:
    """
    Return our home folder: GITLEASE_HOME, or `gitlease` in the user's state folder.

    Source for the default: XDG Base Directory Specification, by which a relative XDG_STATE_HOME
    counts as none.  Without HOME the password database is asked.  Raises `SettingsError` if
    nothing names an absolute folder.
    """
    if env.get("GITLEASE_HOME"):
        home = Path(env["GITLEASE_HOME"])
    elif env.get("XDG_STATE_HOME", "").startswith("/"):
        home = Path(env["XDG_STATE_HOME"]) / "gitlease"
    else:
        home = user_folder(env) / ".local" / "state" / "gitlease"
    if not str(home).isprintable():
        raise SettingsError(
            f"our folder would be {printable(str(home))}, which no config file can hold",
            hint="set GITLEASE_HOME to a plain path",
        )
    if not home.is_absolute():
        raise SettingsError(
            f"our folder would be {printable(str(home))}, a relative path",
            hint="set GITLEASE_HOME to an absolute one",
        )
    return home


def user_folder(env: Mapping[str, str]) -> Path:
    """Return the user's own folder: HOME, else what the password database says."""
    if env.get("HOME"):
        return Path(env["HOME"])
    import pwd  # noqa: PLC0415 - only without HOME

    try:
        return Path(pwd.getpwuid(os.getuid()).pw_dir)
    except KeyError:
        raise SettingsError(
            "HOME is not set and this user is not in the password database",
            hint="set HOME or GITLEASE_HOME",
        ) from None


def load(env: Mapping[str, str], *, without: Collection[str] = ()) -> Settings:
    """
    Build the settings from the environment *env* and the file in our home folder.

    A file that cannot be read or parsed is set aside: the environment and the defaults serve on,
    and `Settings.problem` says what is wrong; unless it has decided which token is fetched, and so
    how wide that is.  The settings *without* have their defaults, whatever
    is said of them.  Raises `SettingsError` for a value that has no meaning (`BadValueError`),
    because guessing could answer a host that nobody named.
    """
    home = home_folder(env)
    found, problem = read_file(home / FILE)
    places = {name: f"{name} in {home / FILE}" for name in found}
    named = from_environment(env)
    found.update({name: value for name, (_, value) in named.items()})
    places.update({name: variable for name, (variable, _) in named.items()})
    for name in without:
        found.pop(name, None)
    built = build(home, found, places, problem=problem)
    if problem and has_decided(home, built.digest):
        cause, _, cure = problem.partition("; ")
        raise SettingsError(
            f"{cause}, and without it tokens may be wider than you meant",
            hint=f"{cure}, and then run `gitlease install`",
        )
    return built


def from_environment(env: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """
    Return for each setting that *env* names the variable that counts, and its value.

    A relative path is made absolute: whoever set it meant the folder that we are started in.
    """
    found = {}
    for name, variables in VARIABLES.items():
        variable = next((v for v in variables if env.get(v)), None)
        if variable is not None:
            value = env[variable]
            found[name] = (variable, _absolute(variable, value) if name in PATHS else value)
    return found


def _absolute(variable: str, path: str) -> str:
    try:
        return os.path.abspath(path)  # noqa: PTH100 - Path.absolute keeps `..`
    except OSError:
        raise SettingsError(
            f"{variable} is a relative path, and the folder that it starts in is gone",
            hint="make it absolute",
        ) from None


def build(
    home: Path, found: Mapping[str, Any], places: Mapping[str, str], *, problem: str = ""
) -> Settings:
    """
    Check the values *found* and return them as settings; raise `SettingsError` for a bad one.

    *places* says where each value stands, for the person who has to correct it.
    """
    known = {*fields(Settings)} - {"home", "problem"}
    values: dict[str, Any] = {}
    for name, value in found.items():
        if name not in known:
            problem = problem or f"{home / FILE}: unknown setting {printable(name)}, ignored"
            continue
        if value == "" and name in PATHS:
            # As an empty variable is: no path would be the folder that somebody happens to be in.
            continue
        try:
            values[name] = read_value(name, value)
        except NoMeaningError as bad:
            raise BadValueError(
                f"{places.get(name, name)} is {printable(repr(value), 80)}",
                hint=f"it takes {bad.wanted}",
                setting=name,
            ) from None
    host = values.setdefault("host", "github.com")
    values.setdefault("api_url", api_url_of(host))
    return Settings(home, problem=problem, **values)
