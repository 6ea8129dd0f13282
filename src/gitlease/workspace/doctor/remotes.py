"""The remotes of the repository that we are in: whether our helper is asked for them."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field
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


def check_owner(patient: Patient) -> Iterator[Finding]:
    """Git takes the repository here for a safe one; git-config(1), `safe.directory`."""
    ran = patient.git.run("rev-parse", "--git-dir")
    named = re.search(r"dubious ownership in repository at '(.+)'", ran.stderr)
    if ran.returncode and named:
        cause = f"git does nothing in {named[1]}: it belongs to another user"
        words = ["git", "config", "--global", "--add", "safe.directory", named[1]]
        yield Finding("repository-foreign", cause, shlex.join(words))


def check_remotes(patient: Patient) -> Iterator[Finding]:
    """Every remote on our host is https, without a password or somebody else's name."""
    for one in _remotes(patient):
        kind, path = _judge(patient, one.url)
        written = _place(one.written)[0] == patient.settings.host
        # What a rewriting rule has made of a good address is that rule's fault.
        if kind and not (written and not _judge(patient, one.written)[0]):
            yield _finding(patient, kind, one, path)


def target(patient: Patient) -> Target | None:
    """Return what the repository's first remote on our host is about, `origin` before others."""
    host = patient.settings.host
    found = sorted(_remotes(patient), key=lambda one: one.name != "origin")
    for one in found:
        there, path = _place(one.url)
        named = parse_path(host, path) if there == host else None
        if named is not None and named.repository:
            return named
    return None


@dataclass(frozen=True, slots=True)
class _Remote:
    """One address of the remote *name*, as it is *written* and as git uses it."""

    name: str
    written: str = field(repr=False)
    url: str = field(repr=False)
    push: bool = False


def _remotes(patient: Patient) -> Iterator[_Remote]:
    """Yield each address of each remote, those for pushing alone last."""
    entries = [one for one in patient.git.entries if one.section == "remote"]
    for name in sorted({one.subsection for one in entries if one.name == "url"} - {""}):
        mine = [one for one in entries if one.subsection == name]
        urls = [one.value for one in mine if one.name == "url"]
        fetched = _used(patient, "--all", name)
        yield from (_Remote(name, *pair) for pair in zip(urls, fetched, strict=False))
        for_push = [one.value for one in mine if one.name == "pushurl"] or urls
        pushed = _used(patient, "--push", "--all", name)
        for pair in zip(for_push, pushed, strict=False):
            if pair[1] not in fetched:
                yield _Remote(name, *pair, push=True)


def _used(patient: Patient, *words: str) -> list[str]:
    return patient.git.run("remote", "get-url", *words).stdout.splitlines()


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


def _finding(patient: Patient, kind: str, remote: _Remote, path: str) -> Finding:
    whys = {
        "remote-ssh": "uses ssh, for which no token serves",
        "remote-http": "is not encrypted, and no token is sent there",
        "remote-password": "has a password in its address, which is sent in place of our tokens",
        "remote-user": "names an account that is none of ours",
    }
    url = f"https://{patient.settings.host}/{path.strip('/')}"
    top = str(patient.git.top)
    words = ["git", "-C", top, "remote", "set-url", *(["--push"] if remote.push else [])]
    words += [remote.name, url]
    which = "push address of the remote" if remote.push else "remote"
    cause = f"the {which} {printable(remote.name, 60)} of {top} {whys[kind]}"
    return Finding(kind, cause, shlex.join(words))
