"""
The broker's settings: one frozen object, read once and judged whole before anything has an effect.

Environment variables win over one TOML file, whose keys are the same names in lower case without
`GITLEASE_BROKER_`.  Each App is a table `[[apps]]` there; the variables describe one App.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from gitlease.broker import setting_values as values
from gitlease.broker.app_settings import AppSettings, read_apps
from gitlease.github.pace import MINTS_PER_MINUTE
from gitlease.model.errors import SettingsError
from gitlease.model.redaction import printable
from gitlease.model.tokens import MIN_TTL

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gitlease.model.tokens import Secret

CONFIG: Final = "GITLEASE_BROKER_CONFIG"
# What no process needs that is not ours.
SECRET: Final = (
    "GITLEASE_BROKER_ADMIN_TOKEN",
    "GITLEASE_BROKER_DATABASE_URL",
    "GITLEASE_BROKER_MOVE_TO",
)

# Setting: its environment variable, and how its value is read.
READERS: Final[Mapping[str, tuple[str, Callable[[str, Any], Any]]]] = {
    "data_dir": ("GITLEASE_BROKER_DATA_DIR", values.folder),
    "database_url": ("GITLEASE_BROKER_DATABASE_URL", values.secret),
    "key_file": ("GITLEASE_BROKER_KEY_FILE", values.file),
    "host": ("GITLEASE_BROKER_HOST", values.text),
    "port": ("GITLEASE_BROKER_PORT", values.port),
    "workers": ("GITLEASE_BROKER_WORKERS", values.count),
    "tls_certificate": ("GITLEASE_BROKER_TLS_CERTIFICATE", values.file),
    "tls_key": ("GITLEASE_BROKER_TLS_KEY", values.file),
    "admin_token": ("GITLEASE_BROKER_ADMIN_TOKEN", values.bearer),
    "admin_token_file": ("GITLEASE_BROKER_ADMIN_TOKEN_FILE", values.file),
    "open_enrolment": ("GITLEASE_BROKER_OPEN_ENROLMENT", values.flag),
    "metrics": ("GITLEASE_BROKER_METRICS", values.metrics),
    "min_ttl": ("GITLEASE_BROKER_MIN_TTL", values.count),
    "mints_per_minute": ("GITLEASE_BROKER_MINTS_PER_MINUTE", values.count),
    "drain": ("GITLEASE_BROKER_DRAIN", values.count),
    "ca_file": ("GITLEASE_CA_FILE", values.file),
}


@dataclass(frozen=True, slots=True)
class Settings:
    """
    All that a broker can be told.

    `database_url` is a Secret because it may hold a password, None for SQLite in `data_dir`;
    `key_file` holds the keys that seal tokens at rest, one a line, the first one seals;
    `metrics` is who may read them: `anyone`, `admin` or `nobody`; `min_ttl` (seconds) is what a
    lease outlives if the request does not say; `mints_per_minute` is how many tokens an App may
    mint in all workers of this broker; `drain` is how many seconds running requests get
    after SIGTERM.
    """

    data_dir: Path
    apps: tuple[AppSettings, ...] = ()
    database_url: Secret | None = None
    key_file: Path | None = None
    host: str = "127.0.0.1"
    port: int = 8080
    workers: int = 1
    tls_certificate: Path | None = None
    tls_key: Path | None = None
    admin_token: Secret | None = field(default=None, repr=False)
    admin_token_file: Path | None = None
    open_enrolment: bool = False
    metrics: str = "anyone"
    min_ttl: int = MIN_TTL
    mints_per_minute: int = MINTS_PER_MINUTE
    drain: int = 30
    ca_file: Path | None = None

    @property
    def admin_file(self) -> Path:
        """Where the admin token is, if the configuration does not hold it."""
        return self.admin_token_file or self.data_dir / "admin-token"

    @property
    def store_url(self) -> str:
        """The database's address, which may hold a password."""
        if self.database_url is not None:
            return self.database_url.reveal()
        return f"sqlite:///{self.data_dir / 'broker.sqlite'}"


def load(env: Mapping[str, str], config: Path | None = None) -> Settings:
    """
    Build the settings from *env* and the TOML file *config* (default: the one *env* names).

    Raises `SettingsError` for a file that cannot be read, an unknown name, or a value that has no
    meaning: a service that starts with half of its settings is worse than one that does not.
    """
    path = config or (Path(env[CONFIG]) if env.get(CONFIG) else None)
    given = _read_file(path) if path is not None else {}
    apps = read_apps(env, given.pop("apps", []))
    for name, (variable, _) in READERS.items():
        if env.get(variable):
            given[name] = env[variable]
    if "data_dir" not in given:
        given["data_dir"] = _data_dir(env)
    return build(given, apps)


def build(given: Mapping[str, Any], apps: tuple[AppSettings, ...] = ()) -> Settings:
    """Judge the values *given* and return them as settings; raise `SettingsError` for a bad one."""
    read: dict[str, Any] = {}
    for name, value in given.items():
        if name not in READERS:
            known = ", ".join(sorted(one.name for one in fields(Settings)))
            raise SettingsError(
                f"there is no setting {printable(name)}", hint=f"the settings are: {known}"
            )
        variable, reader = READERS[name]
        read[name] = reader(variable, value)
    settings = Settings(**read, apps=apps)
    if (settings.tls_certificate is None) != (settings.tls_key is None):
        raise SettingsError(
            "TLS needs a certificate and its key",
            hint="set both GITLEASE_BROKER_TLS_CERTIFICATE and GITLEASE_BROKER_TLS_KEY",
        )
    return settings


def _read_file(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        # A parse error quotes no value, only the place.
        what = error.strerror if isinstance(error, OSError) else printable(str(error))
        raise SettingsError(f"{path} cannot be used: {what}", hint="correct the file") from None


def _data_dir(env: Mapping[str, str]) -> str:
    if env.get("XDG_STATE_HOME"):
        return f"{env['XDG_STATE_HOME']}/gitlease-broker"
    if env.get("HOME"):
        return f"{env['HOME']}/.local/state/gitlease-broker"
    raise SettingsError(
        "no folder is named for the broker's files", hint="set GITLEASE_BROKER_DATA_DIR"
    )
