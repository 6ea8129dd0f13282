"""Config that goes before or around our helper: names, headers, rewritten addresses."""

from __future__ import annotations

from netrc import NetrcParseError, netrc
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from gitlease.model.redaction import printable
from gitlease.model.targets import lower
from gitlease.model.tokens import TOKEN_USER
from gitlease.workspace import files
from gitlease.workspace.doctor.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitlease.workspace.doctor.patient import Patient

_FALSE: Final = {"false", "no", "off", "0", ""}


def check_credential(patient: Patient) -> Iterator[Finding]:
    """Git asks with no account of its own choice, and with the path."""
    settings = patient.settings
    users = {TOKEN_USER} | ({f"{settings.app_slug}[bot]"} if settings.app_slug else set())
    path = None
    for entry in patient.git.about("credential", settings.host):
        if entry.name == "username" and entry.value not in users:
            user = printable(entry.value, 60)
            cause = f"{entry.place} makes git ask for the account {user}, which is none of ours"
            yield Finding("credential-username", cause, entry.removal)
        if entry.name == "usehttppath":
            path = entry
    if path is not None and path.value.lower() in _FALSE:
        cause = f"{path.place} keeps git from saying which repository it wants a token for"
        yield Finding("credential-path", cause, path.removal)


def check_headers(patient: Patient) -> Iterator[Finding]:
    """No header that git is told to send stands in the place of our token."""
    for entry in patient.git.about("http", patient.settings.host):
        if entry.name == "extraheader" and lower(entry.value).startswith("authorization:"):
            cause = (
                f"{entry.place} makes git send an Authorization header ({entry.key}), and ours "
                "is never asked for"
            )
            # With its value the cure would hold a secret.
            yield Finding("extra-header", cause, entry.removal_of_all)


def check_netrc(patient: Patient) -> Iterator[Finding]:
    """No `.netrc` answers for our host: git's curl shows that password before a helper is asked."""
    home = patient.env.get("HOME")
    if not home:
        return
    path = Path(home) / ".netrc"
    try:
        with files.open_regular(path):
            # Of a FIFO, as some keepers of passwords make it, nobody would see the end.
            entry = netrc(str(path)).authenticators(patient.settings.host)
    except (OSError, NetrcParseError, UnicodeDecodeError):
        return
    if entry is not None and entry[2]:
        cause = f"{path} has a password for {patient.settings.host}, which git uses before ours"
        yield Finding("netrc", cause, f"take that entry out of {path}")


def check_rewrites(patient: Patient) -> Iterator[Finding]:
    """No `insteadOf` leads git away from our host, or puts a password into the address."""
    here = f"https://{patient.settings.host}/"
    for entry in patient.git.entries:
        if entry.section != "url" or entry.name not in {"insteadof", "pushinsteadof"}:
            continue
        value = lower(entry.value)
        meant = value.startswith(here) or (value and here.startswith(value))
        if not meant or _leads_to(patient.settings.host, entry.subsection):
            continue
        what = "push to" if entry.name == "pushinsteadof" else "use"
        cause = (
            f"{entry.place} makes git {what} {_shown(entry.subsection)} in place of "
            f"{printable(entry.value, 80)}, where our helper has no say"
        )
        yield Finding("instead-of", cause, entry.removal)


def _leads_to(host: str, base: str) -> bool:
    try:
        url = urlsplit(base)
        there = lower(url.netloc)
    except ValueError:
        return False
    return url.scheme == "https" and there.removesuffix(":443") == host


def _shown(base: str) -> str:
    """Name where *base* leads without its user and password."""
    scheme, found, rest = base.partition("://")
    if not found:
        return printable(base.rpartition("@")[2], 80)
    host, slash, path = rest.partition("/")
    user, at, name = host.rpartition("@")
    hidden = f"(a password){at}" if user and scheme != "ssh" else ""
    return printable(f"{scheme}://{hidden}{name}{slash}{path}", 80)
