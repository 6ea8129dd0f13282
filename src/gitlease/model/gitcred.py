"""
git's credential lines, as bytes.

Lines end at a line feed and nowhere else: to take a bare CR for a line end gave credentials away
in four programs (CVE-2024-52006 and its kin).  Source: git-credential(1), gitcredentials(7).
"""

MAX_LINE = 65_535  # bytes, git's own limit
MAX_LINES = 1_000

STATE_PREFIX = b"gitlease:"

# Who says one of these twice is smuggling a second host (CVE-2020-5260).
_ONCE = frozenset({b"protocol", b"host", b"path", b"username"})


class MalformedError(ValueError):
    """The lines are not a request that git would send; nothing may be answered."""


class Attributes:
    """
    What git said, by key.

    `one` gives the value of a plain key or None; `many` the values of a `key[]`.
    """

    __slots__ = ("_many", "_one")

    def __init__(self) -> None:
        self._one: dict[bytes, bytes] = {}
        self._many: dict[bytes, list[bytes]] = {}

    def add(self, key: bytes, value: bytes) -> None:
        """Take one line in; raise `MalformedError` for a key that may come only once."""
        if key.endswith(b"[]"):
            if value:
                self._many.setdefault(key, []).append(value)
            else:  # an empty value clears the list, git-credential(1)
                self._many.pop(key, None)
            return
        if key in self._one and key in _ONCE:
            raise MalformedError("a repeated key")
        self._one[key] = value

    def one(self, key: bytes) -> bytes | None:
        """Return the value of plain *key*, or None if git did not send it."""
        return self._one.get(key)

    def many(self, key: bytes) -> list[bytes]:
        """Return the values of the list *key* (`b"state[]"`), in order."""
        return list(self._many.get(key, ()))

    @property
    def state(self) -> bytes | None:
        """The fingerprint that we gave git as our `state[]` and that came back, or None."""
        ours = [s for s in self.many(b"state[]") if s.startswith(STATE_PREFIX)]
        return ours[-1][len(STATE_PREFIX) :] if ours else None

    @property
    def knows_state(self) -> bool:
        """Whether git announced `capability[]=state` (git 2.46 and later)."""
        return b"state" in self.many(b"capability[]")

    def __repr__(self) -> str:
        return f"Attributes({sorted(self._one)}, {sorted(self._many)})"


def parse(data: bytes) -> Attributes:
    """
    Read the lines of *data* up to the first blank one, or the end.

    Raises `MalformedError` for anything that git does not send: a control byte, a line without
    `=`, a repeated `protocol`, `host`, `path` or `username`, `url=`, a line over `MAX_LINE`
    bytes, more than `MAX_LINES` lines.
    """
    found = Attributes()
    lines = data.split(b"\n")
    if lines[-1] == b"":
        lines.pop()
    for number, line in enumerate(lines):
        if line == b"":
            break
        if number >= MAX_LINES or len(line) > MAX_LINE:
            raise MalformedError("too long")
        if any(byte < 0x20 or byte == 0x7F for byte in line):
            raise MalformedError("a control byte")
        key, equals, value = line.partition(b"=")
        if not equals or key == b"url":
            raise MalformedError("a line that git does not send")
        found.add(key, value)
    return found


def ended(data: bytes) -> bool:
    """
    Tell whether *data*, any part of a request, holds the end of a line and a blank one after it.

    A request that begins with its blank line is for the caller to see, who alone knows the start.
    """
    return b"\n\n" in data


def answer(
    username: str, password: str, expires_at: int | None, *, state: str | None = None
) -> bytes:
    """
    Return the lines that git reads, a blank one last.

    *expires_at* is in seconds since 1970.  With *state* (a fingerprint), git is asked to come
    back inside the same command if the password is refused (`continue`, git 2.46 and later);
    the caller has made sure that git announced the capability.
    """
    lines = ["capability[]=state"] if state is not None else []
    lines += [f"username={username}", f"password={password}"]
    if expires_at is not None:
        lines.append(f"password_expiry_utc={expires_at}")
    if state is not None:
        lines += [f"state[]={STATE_PREFIX.decode()}{state}", "continue=1"]
    return "\n".join([*lines, "", ""]).encode()


QUIT = b"quit=1\n\n"
CAPABILITIES = b"version 0\ncapability state\n"
