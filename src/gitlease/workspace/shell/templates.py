"""Fill the sh templates: values are baked in as quoted words, so the environment has no say."""

from __future__ import annotations

import re
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from gitlease.model.tokens import TOKEN_USER
from gitlease.workspace.gh.variables import is_tenant, meaning

if TYPE_CHECKING:
    from pathlib import Path

    from gitlease.workspace.settings import Settings

_INCLUDE: Final = re.compile(
    r"^(?P<indent>\t*)@include (?P<name>[a-z-]+\.sh)@\n", re.MULTILINE | re.ASCII
)


def quote(text: str) -> str:
    """Return *text* as one single-quoted sh word (POSIX, "2.2.2 Single-Quotes")."""
    return "'" + text.replace("'", "'\\''") + "'"


def credential_helper(settings: Settings, *, python: str, main: Path) -> str:
    """
    Return the credential helper's program text.

    *python* is the interpreter to start on a miss, *main* the `gitlease/__main__.py` it runs.
    """
    host = settings.host
    users = quote(TOKEN_USER)
    if settings.app_slug:
        users += f" | {quote(settings.app_slug + '[bot]')}"
    return _fill(
        "git-credential-gitlease.sh",
        python=quote(python),
        main=quote(str(main)),
        home=quote(str(settings.home)),
        # The first record's path; each that is more specific has it at its beginning.
        cache=quote(str(settings.cache / host)),
        host=quote(host),
        asked_host="$host" if ":" in host else "${host%:443}",
        host_pattern=_any_case(host),
        users=users,
        settings=settings.digest,
        closed="closed" if settings.fail_closed else "open",
    )


def system_helper(*, python: str, main: Path) -> str:
    """Return the program that leads each user's git to a helper of that user's own."""
    return _fill("system-helper.sh", python=quote(python), main=quote(str(main)))


def compat_helper(settings: Settings, *, python: str, main: Path) -> str:
    """Return the helper's program under its older name; *python* and *main* as for the helper."""
    return _fill(
        "compat-helper.sh",
        python=quote(python),
        main=quote(str(main)),
        home=quote(str(settings.home)),
    )


def compat_refresher(settings: Settings, *, python: str, main: Path) -> str:
    """Return the refresher's program under its older name, which stays in the foreground."""
    return _fill(
        "compat-refresher.sh",
        python=quote(python),
        main=quote(str(main)),
        home=quote(str(settings.home)),
    )


def gh_shim(settings: Settings, *, python: str, main: Path) -> str:
    """
    Return the program text of the gh that stands before the real one on PATH.

    *python* and *main* are as for the helper.
    """
    host = settings.host
    first, second = meaning(host)
    return _fill(
        "gh.sh",
        home=quote(str(settings.home)),
        helper=quote(str(settings.helper)),
        cache=quote(str(settings.cache)),
        host=quote(host),
        host_pattern=_any_case(host),
        owner=quote(settings.gh_owner),
        # A tenant has its variables in common with github.com, so gh has to be told its name.
        default="" if is_tenant(host) else host,
        python=quote(python),
        main=quote(str(main)),
        wanted=quote(str(settings.home / "run" / "refresher.wanted")),
        first=first,
        second=second,
    )


def refresher(settings: Settings, *, python: str, main: Path) -> str:
    """Return the program text of the refresher's loop; *python* and *main* as for the helper."""
    return _fill(
        "refresher.sh",
        python=quote(python),
        main=quote(str(main)),
        home=quote(str(settings.home)),
        program=quote(str(settings.refresher)),
    )


def opening(name: str) -> str:
    """Return the lines with which the program of the template *name* begins, for everybody."""
    return _read(name).partition("\n\n")[0]


def _read(name: str) -> str:
    """Return the template *name*, with the pieces that it shares with others in their places."""
    text = (files("gitlease.workspace.shell") / name).read_text("utf-8")
    return _INCLUDE.sub(_piece, text)


def _piece(found: re.Match[str]) -> str:
    return "".join(f"{found['indent']}{line}\n" for line in _read(found["name"]).splitlines())


def _fill(name: str, **values: str) -> str:
    # A shell reads its whole program at every start; the reasons stay in the template.
    head, _, program = _read(name).partition("\n\n")
    text = f"{head}\n" + re.sub(r"^\s*(#.*)?\n", "", program, flags=re.MULTILINE)
    # In one go: a folder may be called `@home@`.
    return re.sub("@([a-z_]+)@", lambda found: values[found[1]], text)


def _any_case(host: str) -> str:
    """Return a sh pattern that matches *host* in any case of its ASCII letters, and no other."""
    return "".join(f"[{c}{c.upper()}]" if c.isalpha() else quote(c) for c in host)
