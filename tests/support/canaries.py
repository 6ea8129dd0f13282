"""
Secrets that a test has let loose, and where any of them has come to light.

A secret is looked for by two pieces from its middle and its end, so that a cut one is found as
well, and in every form in which programs write bytes down.
"""

import base64
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from urllib.parse import quote

# Short enough for what is cut, long enough to be nobody else's.  The first characters of a bearer
# are shown on purpose.
PIECE, SHOWN = 20, 12
_EMPTY = re.compile(rb"\0{256,}")


class Canaries:
    """What must be found nowhere, by name."""

    def __init__(self) -> None:
        self._needles: dict[bytes, str] = {}

    def add(self, name: str, secret: str | bytes) -> None:
        """Look for *secret* from now on; a text is one line of it."""
        data = secret.encode() if isinstance(secret, str) else secret
        assert len(data) >= SHOWN + PIECE, name
        for piece in {data[SHOWN : SHOWN + PIECE], data[-PIECE:]}:
            for form, needle in forms(piece).items():
                self._needles.setdefault(needle, f"{name} ({form})")

    def found(self, content: bytes) -> list[str]:
        """Return which secrets *content* holds, and in which form."""
        # The pages of a database that are empty would take most of the time.
        content = _EMPTY.sub(b"\0", content)
        return sorted({name for needle, name in self._needles.items() if needle in content})

    def found_in(self, places: Mapping[str, bytes]) -> dict[str, list[str]]:
        """Return what `found` finds, by the name of the place, for places with a finding."""
        return {name: found for name, data in places.items() if (found := self.found(data))}


def forms(piece: bytes) -> dict[str, bytes]:
    """Return *piece* as it is, in base64 at each place within three bytes, in hex, in a URL."""
    written = {"plain": piece, "hex": piece.hex().encode(), "HEX": piece.hex().upper().encode()}
    for shift in range(3):
        # The characters at both ends hang on the neighbours: they are left out.
        whole = base64.b64encode(bytes(shift) + piece)
        inner = whole[4 if shift else 0 : -4]
        written[f"base64 {shift}"] = inner
        written[f"base64url {shift}"] = inner.replace(b"+", b"-").replace(b"/", b"_")
    written["URL"] = quote(piece, safe="").encode()
    written["URL in full"] = "".join(f"%{byte:02X}" for byte in piece).encode()
    return written


def files(folders: Iterable[Path], *, but: Iterable[str] = ()) -> dict[str, bytes]:
    """Return the bytes of every file in *folders*, except those named *but*, by its path."""
    left_out = set(but)
    return {
        str(path): path.read_bytes()
        for folder in folders
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in left_out
    }


def command_lines(pid: int) -> dict[str, bytes]:
    """Return the command lines of process *pid* and of all that it has started."""
    process = Path(f"/proc/{pid}")
    found = {f"argv of {pid}": (process / "cmdline").read_bytes()}
    for task in (process / "task").iterdir():
        for child in map(int, (task / "children").read_text().split()):
            found |= command_lines(child)
    return found
