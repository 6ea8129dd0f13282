"""
Log gh in with our token by writing what gh reads.

A person who has logged in is never logged out: an App's token can do less, and other things.
"""

from __future__ import annotations

import contextlib
import errno
import time
from typing import TYPE_CHECKING, Final

from gitlease.model.errors import GitleaseError
from gitlease.model.redaction import printable
from gitlease.workspace.gh import block_yaml, former, hosts, program, settled
from gitlease.workspace.gh.block_yaml import UnreadableError
from gitlease.workspace.gh.place import CONFIG, HOSTS, PATIENCE, folder
from gitlease.workspace.locks import held

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from gitlease.model.tokens import Secret, Token
    from gitlease.workspace.install.report import State
    from gitlease.workspace.settings import Settings

# A gh that had read the old file before may write it back; it is long done after this.
_SECOND_LOOK: Final = 0.15  # seconds
_LOOKS: Final = 10
_CLOSED: Final = {errno.EROFS, errno.EACCES, errno.EPERM}


class PersonsLoginError(Exception):
    """The host has a person's own login, which stays."""


def log_in(
    settings: Settings, env: Mapping[str, str], token: Token, login: str, *, verify: bool = False
) -> tuple[State, str]:
    """
    Log gh in to our host as *login* with *token*, and say how that went; asks no network.

    With *verify* gh is asked which token it uses, and where it is another one, or where
    `hosts.yml` cannot be changed by lines, gh logs in itself.  Raises `GitleaseError` or `OSError`
    if neither worked; what gh had then still serves.
    """
    place = folder(env)
    try:
        with held(settings.home / "run" / "gh.lock", limit=PATIENCE):
            wrote = _write(settings, place, token.secret, login)
            found = program.find(env) if verify else None
            if found is not None:
                wrote |= _verify(program.Program(found, settings, env), token.secret)
    except PersonsLoginError as person:
        return "skipped", str(person)
    except UnreadableError:
        return _let_gh_do_it(settings, env, token.secret)
    except OSError as error:
        if error.errno not in _CLOSED:
            raise
        raise GitleaseError(
            f"gh cannot be logged in: {place / HOSTS} cannot be written ({error.strerror})",
            hint="set GH_CONFIG_DIR to a folder that this user may write to",
        ) from None
    text = f"{login} on {settings.host}, in {place / HOSTS}"
    return ("done" if wrote else "already"), text


def holds(settings: Settings, env: Mapping[str, str], token: Secret) -> bool:
    """Tell whether gh's file has *token* for our host; never fails."""
    with contextlib.suppress(OSError, GitleaseError, UnreadableError):
        text = settled.read(folder(env) / HOSTS) or ""
        return hosts.login_of(text, settings.host).token == token.reveal()
    return False


def _write(settings: Settings, place: Path, token: Secret, login: str) -> bool:
    """Write both files; return whether one changed."""

    def with_login(text: str | None) -> str:
        found = hosts.login_of(text or "", settings.host)
        if not found.is_an_apps:
            raise PersonsLoginError(
                f"{place / HOSTS} has your own login to {settings.host}"
                f" ({printable(found.user or 'a token')}); `gh auth logout` makes room"
            )
        return hosts.with_login(text or "", settings.host, login, token.reveal())

    def with_version(text: str | None) -> str | None:
        # gh knows more YAML than we; without a version it only looks for one itself.
        with contextlib.suppress(UnreadableError):
            return block_yaml.with_version(text or "")
        return text

    with_login(settled.read(place / HOSTS))
    _remember(settings, place)
    # The version first: with a login and without it, gh asks the network at every start.
    wrote = settled.change(place / CONFIG, with_version)
    for _ in range(_LOOKS):
        if not settled.change(place / HOSTS, with_login):
            break
        wrote = True
        time.sleep(_SECOND_LOOK)
    return wrote


def _remember(settings: Settings, place: Path) -> None:
    if former.recall(settings, str(place), settings.host) is not None:
        return
    texts = settled.read(place / HOSTS), settled.read(place / CONFIG)
    has_hosts, block, had_version = True, None, False
    with contextlib.suppress(UnreadableError):
        has_hosts = hosts.has_hosts(texts[0] or "")
        block = hosts.block_of(texts[0] or "", settings.host)
    with contextlib.suppress(UnreadableError):
        had_version = block_yaml.parse(texts[1] or "").find("version") is not None
    before = former.Former(
        folder=str(place),
        host=settings.host,
        made=next((str(one) for one in (*reversed(place.parents), place) if not one.exists()), ""),
        had_hosts=has_hosts,
        hosts=None if has_hosts else texts[0],
        block=block,
        config=None if had_version else texts[1],
        had_version=had_version,
    )
    former.remember(settings, before)


def _verify(gh: program.Program, token: Secret) -> bool:
    """Let gh log in if it uses another token than *token*; return whether it had to."""
    if gh.token() == token.reveal():
        return False
    gh.log_in(token)
    return True


def _let_gh_do_it(settings: Settings, env: Mapping[str, str], token: Secret) -> tuple[State, str]:
    """Log in by gh's own means, where only gh can read its file."""
    place = folder(env) / HOSTS
    found = program.find(env)
    if found is None:
        return "skipped", f"{place} is not as gh writes it, and there is no gh to log in itself"
    gh = program.Program(found, settings, env)
    used = gh.token()
    if used == token.reveal():
        return "already", f"{settings.host}, in {place}"
    if used and not used.startswith("ghs_"):
        return "skipped", f"{place} has your own login to {settings.host}"
    _remember(settings, place.parent)
    gh.log_in(token)
    return "done", f"{settings.host}, by gh itself, since {place} is not as gh writes it"
