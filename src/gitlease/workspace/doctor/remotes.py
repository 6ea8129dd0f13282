"""The remotes of the repository that we are in: whether our helper is asked for them."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from gitlease.model.redaction import printable
from gitlease.model.targets import Target, lower, parse_path
from gitlease.model.tokens import TOKEN_USER
from gitlease.workspace.doctor.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator
    from urllib.parse import SplitResult

    from gitlease.workspace.doctor.patient import Patient

# git@github.com:acme/app, with a user or without; git-clone(1), "GIT URLS".
_SCP: Final = re.compile(r"(?:[^@/:]*@)?(?P<host>[^/:@]+):(?P<path>(?!//).*)")
_OTHERS: Final = {"http": "remote-http", "git": "remote-http"}


def check_remotes(patient: Patient) -> Iterator[Finding]:
    """Every remote on our host is https, without a password or somebody else's name."""
    for name, push, url in _remotes(patient):
        kind, path = _judge(patient, url)
        if kind:
            yield _finding(patient, kind, name, path, push=push)


def target(patient: Patient) -> Target | None:
    """Return what the repository's first remote on our host is about, `origin` before others."""
    host = patient.settings.host
    found = sorted(_remotes(patient), key=lambda one: one[0] != "origin")
    for _, _, url in found:
        there, path = _place(url)
        named = parse_path(host, path) if there == host else None
        if named is not None and named.repository:
            return named
    return None


def _remotes(patient: Patient) -> Iterator[tuple[str, bool, str]]:
    """Yield name, whether for pushing only, and address of each remote, after all rewriting."""
    entries = patient.git.entries
    named = {one.subsection for one in entries if one.section == "remote" and one.name == "url"}
    for name in sorted(named - {""}):
        fetched = patient.git.run("remote", "get-url", "--all", name).stdout.splitlines()
        pushed = patient.git.run("remote", "get-url", "--push", "--all", name).stdout.splitlines()
        yield from ((name, False, url) for url in fetched)
        yield from ((name, True, url) for url in pushed if url not in fetched)


def _split(url: str) -> SplitResult | None:
    try:
        found = urlsplit(url)
        _ = found.port
    except ValueError:
        return None
    return found if "://" in url else None


def _place(url: str) -> tuple[str, str]:
    """Return host and path of *url*, the host as we are told it."""
    whole = _split(url)
    if whole is None:
        scp = _SCP.fullmatch(url)
        return (lower(scp["host"]), scp["path"]) if scp else ("", "")
    host = lower(whole.netloc.rpartition("@")[2])
    if whole.scheme != "https":
        host = host.partition(":")[0]
    return host.removesuffix(":443"), whole.path


def _judge(patient: Patient, url: str) -> tuple[str, str]:
    """Return the kind of finding that a remote's *url* is, or "", and its path."""
    settings = patient.settings
    host, path = _place(url)
    # GitHub's ssh over port 443 has a name of its own.
    if host not in {settings.host, f"ssh.{settings.host}"}:
        return "", ""
    whole = _split(url)
    if whole is None or "ssh" in whole.scheme:
        return "remote-ssh", path
    if whole.scheme in _OTHERS:
        return _OTHERS[whole.scheme], path
    if whole.password:
        return "remote-password", path
    users = {None, "", TOKEN_USER}
    if settings.app_slug:
        users |= {f"{settings.app_slug}[bot]", f"{settings.app_slug}%5Bbot%5D"}
    return ("" if whole.username in users else "remote-user"), path


def _finding(patient: Patient, kind: str, name: str, path: str, *, push: bool) -> Finding:
    whys = {
        "remote-ssh": "uses ssh, for which no token serves",
        "remote-http": "is not encrypted, and no token is sent there",
        "remote-password": "has a password in its address, which is sent in place of our tokens",
        "remote-user": "names an account that is none of ours",
    }
    url = f"https://{patient.settings.host}/{path.strip('/')}"
    words = ["git", "remote", "set-url", *(["--push"] if push else []), name, url]
    which = "push address of the remote" if push else "remote"
    cause = f"the {which} {printable(name, 60)} of {patient.git.top} {whys[kind]}"
    return Finding(kind, cause, shlex.join(words))
