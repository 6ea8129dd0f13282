"""Requests that a credential helper may be sent: nearly right, and strange in every way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from random import Random

KEYS: Final = (
    b"protocol", b"host", b"path", b"username", b"wwwauth[]", b"capability[]", b"state[]", b"url",
    b"password", b"oauth_refresh_token", b"", b"Host", b"hos", b"path[]", b"quit", b"host[]",
)  # fmt: skip
HOSTS: Final = (
    b"github.com", b"GitHub.COM", b"github.com:443", b"GITHUB.com:443", b"github.com:0443",
    b"github.com:", b"github.com:80", b"github.com.", b".github.com", b"api.github.com",
    b"gist.github.com", b"github.com.evil.example", b"evil-github.com", b"github.com@evil.example",
    b"evil.example#github.com", b"user@github.com", b"[::1]", b"127.0.0.1", b"github.com/",
    b"github.com ", b" github.com", b"github.com\\", b"github%2ecom", b"xn--gthub-cua.com",
    b"g\xc4\xb1thub.com", b"GITHUB.COM\xc2\xa0", b"github\xe3\x80\x82com", b"git\xe2\x84\xaab.com",
    b"*", b"[g]ithub.com", b"github?com", b"github.com:443:443", b"github.com:443.", b"",
)  # fmt: skip
VALUES: Final = (
    b"https", b"http", b"HTTPS", b"acme/app.git", b"acme/secret", b"ACME/Secret.git",
    b"Acme/Secret.WIKI.git/info/lfs/", b"acme", b"ACME/", b"other/narrow", b"other/app",
    b"/acme//app", b"acme//secret", b"acme/secret/info/lfs/x", b"acme/secret.git.git",
    b"acme/.wiki", b"acme/secret/..", b"acme/../other/narrow", b"../acme/app", b"info/lfs",
    b"acme/info/lfs", b"acme/info/lfs/secret", b"-acme/app", b"_acme/app", b"acme_corp/app",
    b"acme~secret", b"acme/~secret", b"acme/app~x", b"acme%2fsecret", b"acme/secret?x", b"acme/a b",
    b"acme/\xc3\x85", b"acme/\xff", b"\xe2\x84\xaaacme/app", b"x-access-token", b"demo[bot]",
    b"octocat", b"", b"state", b"gitlease:abc", b"other:abc", b"a=b", b"*", b"[a-z]", b"~",
    b"$(id)", b"`id`", b"\\", b"'", b'"', b"END", b"${IFS}", b"-n", b"a\\nb", b" ",
)  # fmt: skip
_LETTERS: Final = b"acmeACMEappsecretother/._-~[]"
_ENDS: Final = (b"\n\n", b"\n\n", b"\n\n", b"\n", b"", b"\n\nhost=evil.example\n")
# NUL is left out: no shell can see one, and git, whose strings end at one, cannot send it.
_BYTES: Final = bytes(range(1, 256))


def generate(random: Random) -> bytes:
    """Return a request: the usual lines, some replaced, doubled, dropped, or with bytes changed."""
    lines = [b"protocol=" + (b"https" if random.random() < 0.95 else random.choice(VALUES))]
    lines.append(b"host=" + (b"github.com" if random.random() < 0.75 else random.choice(HOSTS)))
    if random.random() < 0.7:
        lines.append(b"path=" + _value(random))
    if random.random() < 0.15:
        lines.append(b"username=" + random.choice((b"x-access-token", b"demo[bot]", b"octocat")))
    if random.random() < 0.2:
        lines.append(b"capability[]=state")
    while random.random() < 0.25:
        lines.append(_line(random))
    random.shuffle(lines)
    while random.random() < 0.04:
        lines.pop(random.randrange(len(lines)))
        lines = lines or [b""]
    data = b"\n".join(lines) + random.choice(_ENDS)
    while random.random() < 0.08:
        data = _changed(random, data)
    return data


def _line(random: Random) -> bytes:
    if random.random() < 0.1:
        return _noise(random, 12)
    return random.choice(KEYS) + b"=" + _value(random)


def _value(random: Random) -> bytes:
    kind = random.random()
    if kind < 0.6:
        return random.choice(VALUES)
    if kind < 0.7:
        return random.choice(HOSTS)
    if kind < 0.9:
        return bytes(random.choices(_LETTERS, k=random.randrange(24)))
    if kind < 0.995:
        return _noise(random, 12)
    return bytes(random.choices(_LETTERS, k=random.choice((99, 100, 101, 249, 250, 251, 600))))


def _noise(random: Random, limit: int) -> bytes:
    return bytes(random.choices(_BYTES, k=random.randrange(limit))).replace(b"\n", b"")


def _changed(random: Random, data: bytes) -> bytes:
    """Return *data* with one byte put in, taken out or exchanged."""
    place = random.randrange(len(data) + 1)
    put_in = bytes(random.choices(_BYTES, k=random.randrange(2)))
    return data[:place] + put_in + data[place + random.randrange(2) :]
