"""
The text of gh's `hosts.yml`, of which we change one host's block and no other byte.

An App's login is `user: <app>[bot]` with its token, and the same once more under `users`; whoever
else is logged in is a person, and stays.  Source: what gh 2.23 and gh 2.102 write and read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gitlease.workspace.gh.block_yaml import inserted, line_end, parse, scalar

if TYPE_CHECKING:
    from gitlease.workspace.gh.block_yaml import Entry, Mapping

_STEP: Final = "    "  # as gh indents
_LOGIN: Final = {"user", "oauth_token", "users"}
_PROTOCOL: Final = "git_protocol"


@dataclass(frozen=True, slots=True)
class Login:
    """Who is logged in to a host: a user's name and token, "" where the file does not say."""

    user: str
    token: str

    @property
    def is_an_apps(self) -> bool:
        """Tell whether it is an App's bot with an installation token, or nobody."""
        nobody = not self.user and not self.token
        return nobody or (self.user.endswith("[bot]") and self.token[:4] in {"", "ghs_"})

    def __repr__(self) -> str:
        return f"Login({self.user!r})"


def login_of(text: str, host: str) -> Login:
    """Return who *text* logs in to *host*; raise `UnreadableError` if it cannot be told."""
    block = parse(text).find(host)
    said = {} if block is None else {entry.key: entry for entry in block.below().entries}
    user, token = (said[key].text if key in said else "" for key in ("user", "oauth_token"))
    return Login(user, token)


def with_login(text: str, host: str, user: str, token: str) -> str:
    """
    Return *text* with *user* logged in to *host* by *token*.

    A login that is there is replaced, further settings of the host stay, and so do further persons
    under `users`.  Raises `UnreadableError` if *text* is not to be changed by lines.
    """
    end = line_end(text)
    block = parse(text).find(host)
    if block is None:
        return inserted(text, _new_block(host, user, token, end))
    return _replaced(text, host, _with(block, user, token, end))


def without_login(text: str, host: str, former: str | None) -> str:
    """
    Return *text* as it was before `with_login`, where the host's block was *former* (None: none).

    What others have set in the block since then stays.  Raises `UnreadableError`.
    """
    block = parse(text).find(host)
    if block is None:
        return text
    before = None if former is None else parse(former).find(host)
    rest = _without(block, before)
    if former is not None and before is not None and _same(rest, _without(before, before)):
        return _replaced(text, host, former)
    return _replaced(text, host, rest)


def block_of(text: str, host: str) -> str | None:
    """Return the block of *host* in *text*, None if there is none; raise `UnreadableError`."""
    block = parse(text).find(host)
    return None if block is None else "".join(block.lines)


def has_hosts(text: str) -> bool:
    """Tell whether *text* has a block of any host; raise `UnreadableError`."""
    return bool(parse(text).entries)


def _new_block(host: str, user: str, token: str, end: str) -> str:
    lines = [f"{scalar(host)}:", *_login_lines(_STEP, user, token)]
    lines += [f"{_STEP}{_PROTOCOL}: https", f"{_STEP}users:", *_user_lines(_STEP * 2, user, token)]
    return "".join(line + end for line in lines)


def _with(block: Entry, user: str, token: str, end: str) -> str:
    below = block.below()
    step = below.entries[0].indent if below.entries else _STEP
    kept = [entry for entry in below.entries if entry.key not in _LOGIN]
    lines = [_bare(block), *below.head, *_login_lines(step, user, token)]
    if all(entry.key != _PROTOCOL for entry in kept):
        lines.append(f"{step}{_PROTOCOL}: https")
    for entry in kept:
        lines += [*entry.lines, *entry.after]
    others = [entry for entry in _others(below) if entry.key != user]
    deeper = others[0].indent if others else step + _STEP
    lines += [f"{step}users:", *_user_lines(deeper, user, token)]
    for entry in others:
        lines += [*entry.lines, *entry.after]
    return "".join(line.rstrip("\r\n") + end for line in lines)


def _login_lines(indent: str, user: str, token: str) -> list[str]:
    return [f"{indent}user: {scalar(user)}", f"{indent}oauth_token: {scalar(token)}"]


def _user_lines(indent: str, user: str, token: str) -> list[str]:
    return [f"{indent}{scalar(user)}:", f"{indent}{_STEP}oauth_token: {scalar(token)}"]


def _without(block: Entry, before: Entry | None) -> str:
    """Return *block* without an App's login, and without what came with it, "" if that is all."""
    below = block.below()
    had_protocol = before is not None and before.below().find(_PROTOCOL) is not None
    lines: list[str] = []
    for entry in below.entries:
        ours = entry.key == _PROTOCOL and entry.text == "https" and not had_protocol
        if entry.key not in _LOGIN and not ours:
            lines += [*entry.lines, *entry.after]
    others = _others(below)
    if others:
        lines.append(f"{below.entries[0].indent}users:{line_end(block.lines[0])}")
    for entry in others:
        lines += [*entry.lines, *entry.after]
    # What ended the file may stand in the middle now.
    end = line_end(block.lines[0])
    lines = [line if line.endswith("\n") else line + end for line in lines]
    return "".join([_bare(block), *below.head, *lines]) if lines else ""


def _same(one: str, other: str) -> bool:
    """Tell whether two blocks differ in nothing but line ends, of which we write one kind."""
    return one.replace("\r\n", "\n").rstrip("\n") == other.replace("\r\n", "\n").rstrip("\n")


def _others(below: Mapping) -> list[Entry]:
    """Return the users that are no App's: those of an App that was here before have no future."""
    users = below.find("users")
    found = []
    for user in () if users is None else users.below().entries:
        token = None if not user.is_bare else user.below().find("oauth_token")
        if not Login(user.key, "" if token is None else token.text).is_an_apps:
            found.append(user)
    return found


def _bare(block: Entry) -> str:
    """Return the line of *block* itself, ready to have something below it."""
    if not block.value:
        return block.lines[0]
    return f"{scalar(block.key)}:{line_end(block.lines[0])}"


def _replaced(text: str, host: str, block: str) -> str:
    """Return *text* with *block* in the place of the one of *host*."""
    mapping = parse(text)
    pieces = ["".join(mapping.head)]
    for entry in mapping.entries:
        pieces += [block if entry.key == host else "".join(entry.lines), "".join(entry.after)]
    # The last block of a file may end without a line end; what follows it now must not join it.
    end = line_end(text)
    return "".join(
        piece + end if piece and piece[-1] != "\n" and any(pieces[number + 1 :]) else piece
        for number, piece in enumerate(pieces)
    )
