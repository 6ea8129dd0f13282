"""Any `hosts.yml`: PyYAML reads our login from what we write, and all else as before."""

from __future__ import annotations

from typing import Any, Final

import yaml

from gitlease.workspace.gh import hosts
from gitlease.workspace.gh.block_yaml import UnreadableError, with_version

WORDS: Final = (
    b"github.com:\n", b"    user: mona\n", b"    oauth_token: gho_a\n", b"    git_protocol: ssh\n",
    b"    users:\n", b"        mona:\n", b"            oauth_token: gho_a\n", b"a[bot]", b"ghs_",
    b"{}", b"# ", b"---\n", b"...\n", b"? ", b": ", b"- ", b"|\n", b">-\n", b"'", b'"', b"''",
    b'\\"', b"&a ", b"*a", b"!!str ", b"<<: ", b"\r\n", b"\xc2\x85", b"\xe2\x80\xa8", b"\t", b"~",
    b"[", b"]", b"}",
)  # fmt: skip
_HOSTS: Final = ("github.com", "ghe.example.com", "localhost:8443", "no", "127.0.0.1")
_USERS: Final = ("demo[bot]", "a-b-c[bot]", "0[bot]")
_TOKENS: Final = ("ghs_12345_eyJh.bGci-O_iJ", "ghs_it's", "ghs_a: b", "ghs_#x", "ghs_" + "x" * 36)


def check(data: bytes) -> None:
    """Raise AssertionError unless the file *data* (a byte of choices first) is changed rightly."""
    choice, text = data[0] if data else 0, data[1:].decode("utf-8", "surrogateescape")
    host = _HOSTS[choice % len(_HOSTS)]
    user, token = _USERS[choice % len(_USERS)], _TOKENS[choice % len(_TOKENS)]
    _check_config(text)
    try:
        found = hosts.login_of(text, host)
        written = hosts.with_login(text, host, user, token)
    except UnreadableError:
        return
    readable, found_before = _read(text)
    if not readable or not isinstance(found_before, (dict, str)):
        return  # gh cannot read it either
    before, after = _mapping(found_before), _mapping(_reread(written))
    # A line end where the file had none is ours to add: it ends a text of several lines, too.
    former = _mapping(_mapping(_reread(text + "\n")).get(host))
    before.pop(host, None)
    _check_login(former, after.pop(host), user, token)
    assert after == before, "another host has changed"
    assert hosts.login_of(written, host) == hosts.Login(user, token)
    assert hosts.with_login(written, host, user, token) == written
    _check_others(text, written, host)
    if found.is_an_apps and not _is_taken(former, user):
        _check_undone(text, written, host)


def _mapping(found: Any) -> dict[str, Any]:
    """Return what YAML read as a mapping; what is none (`~`, or no text at all) is an empty one."""
    return dict(found) if isinstance(found, dict) else {}


def _is_taken(former: dict[str, Any], user: str) -> bool:
    """Tell whether a person's token stands under our name, which no person can have at GitHub."""
    said = (former.get("users") or {}).get(user)
    token = said.get("oauth_token", "") if isinstance(said, dict) else ""
    return not hosts.Login(user, str(token)).is_an_apps


def _check_login(former: Any, ours: dict[str, Any], user: str, token: str) -> None:
    former = dict(former)
    assert (ours.pop("user"), ours.pop("oauth_token")) == (user, token)
    users = ours.pop("users")
    assert users.pop(user) == {"oauth_token": token}
    persons = former.pop("users", None) or {}
    assert all(persons[name] == said for name, said in users.items())
    for name, said in persons.items():
        mine = said.get("oauth_token", "") if isinstance(said, dict) else ""
        is_apps = hosts.Login(name, str(mine)).is_an_apps
        assert name in users or name == user or is_apps, "a person is gone"
    former = {name: said for name, said in former.items() if name not in {"user", "oauth_token"}}
    assert ours == {"git_protocol": "https", **former}


def _check_others(text: str, written: str, host: str) -> None:
    """Outside of our block every byte is as it was."""
    block, new = hosts.block_of(text, host), hosts.block_of(written, host)
    assert new is not None
    if block is None:
        return
    before, _, behind = text.partition(block)
    above, _, below = written.partition(new)
    assert (above, below) == (before, behind)


def _check_undone(text: str, written: str, host: str) -> None:
    undone = hosts.without_login(written, host, hosts.block_of(text, host))
    if hosts.has_hosts(text):
        assert undone == text
    else:
        assert not _reread(undone)


def _check_config(text: str) -> None:
    """The other file of gh gets a version and nothing else."""
    try:
        written = with_version(text)
    except UnreadableError:
        return
    readable, before = _read(text)
    if readable and isinstance(before, dict):
        assert _reread(written) == {"version": "1", **before}


def _read(text: str) -> tuple[bool, Any]:
    """Return whether YAML can be read from *text*, and what, every scalar as its text."""
    try:
        # What gh's library gives, too: it works on nodes.
        return True, yaml.load(text, Loader=yaml.BaseLoader)
    except (yaml.YAMLError, RecursionError, TypeError, ValueError):
        return False, None


def _reread(written: str) -> Any:
    readable, found = _read(written)
    assert readable, "what was YAML is none any more"
    return found
