"""Any bytes to the reader of git's lines: what it takes in is what a second, small reader does."""

from __future__ import annotations

import re
from typing import Final

from gitlease.model import gitcred
from gitlease.model.gitcred import MalformedError
from gitlease.model.targets import parse_path
from tools.compare.rules import may_answer

WORDS: Final = (
    b"protocol=https\n", b"host=github.com\n", b"path=acme/app.git\n", b"/info/lfs", b".wiki",
    b"username=x-access-token\n", b"username=demo[bot]\n", b"capability[]=state\n", b"wwwauth[]=",
    b"state[]=gitlease:", b"url=", b"\r", b"\r\n", b"\x00", b"\x1b[2J", b"\n\n", b"[]=\n",
    b"GitHub.COM:443", b"\x7f", b"\xc2\x85", b"\xe2\x80\xa8",
)  # fmt: skip
_ONCE: Final = ("protocol", "host", "path", "username")
_NAME: Final = re.compile(
    r"github\.com(?:~[a-z0-9][a-z0-9_-]*(?:~(?!\.{1,2}\Z)[a-z0-9._-]+)?)?", re.ASCII
)


def check(data: bytes) -> None:
    """Raise AssertionError unless the parser reads *data* as git's manual says."""
    expected = _read(data)
    try:
        found = gitcred.parse(data)
    except MalformedError:
        assert expected is None, "refused, and nothing is wrong with it"
        assert not may_answer(data)
        return
    assert expected is not None, "taken in, and something is wrong with it"
    plain, lists = expected
    assert {key: found.one(key) for key in plain} == plain
    assert {key: found.many(key) for key in lists} == lists
    ours = [one for one in lists.get(b"state[]", []) if one[:9] == b"gitlease:"]
    assert found.state == (ours[-1][9:] if ours else None)
    assert found.knows_state == (b"state" in lists.get(b"capability[]", []))
    _check_round_trip(plain, lists)
    _check_path(plain.get(b"path", b""))
    if may_answer(data):
        assert plain[b"protocol"] == b"https"


def _read(data: bytes) -> tuple[dict[bytes, bytes], dict[bytes, list[bytes]]] | None:
    """Read *data* as text whose characters are bytes, or return None if git does not send such."""
    head = (data.decode("latin-1") + "\n").partition("\n\n")[0].removesuffix("\n")
    if data[:1] in {b"", b"\n"}:
        return {}, {}
    lines = head.split("\n")
    plain: dict[str, str] = {}
    lists: dict[str, list[str]] = {}
    if len(lines) > 1000:
        return None
    for line in lines:
        if len(line) > 65_535 or "=" not in line or re.search("[\x00-\x1f\x7f]", line):
            return None
        key, value = line[: line.index("=")], line[line.index("=") + 1 :]
        if key == "url" or (key in _ONCE and key in plain):
            return None
        if key[-2:] == "[]":
            lists[key] = [*lists.get(key, []), value] if value else []
        else:
            plain[key] = value
    return (
        {key.encode("latin-1"): value.encode("latin-1") for key, value in plain.items()},
        {key.encode("latin-1"): [one.encode("latin-1") for one in lists[key]] for key in lists},
    )


def _check_round_trip(plain: dict[bytes, bytes], lists: dict[bytes, list[bytes]]) -> None:
    lines = [key + b"=" + value for key, value in plain.items()]
    lines += [key + b"=" + one for key, values in lists.items() for one in values]
    written = b"".join(line + b"\n" for line in lines)
    assert not gitcred.ended(written)
    assert gitcred.ended(written + b"\n") is bool(written)
    again = gitcred.parse(written + b"\nhost=evil.example\n")
    assert {key: again.one(key) for key in plain} == plain
    assert {key: again.many(key) for key in lists} == lists


def _check_path(path: bytes) -> None:
    """A path leads to a record of its own first two parts, or to none."""
    target = parse_path("github.com", path.decode("latin-1"))
    if target is None:
        return
    parts = [part for part in path.lower().decode("latin-1").split("/") if part]
    assert all(_NAME.fullmatch(name) for name in target.names), target.names
    assert target.owner == (parts[0] if parts else None)
    if target.repository is not None:
        assert parts[1] in {
            target.repository + wiki + git for wiki in ("", ".wiki") for git in ("", ".git")
        }
    assert parse_path("github.com", "/".join(parts[:1])) is not None
