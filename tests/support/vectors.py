"""
Requests to the credential helper, kept as data: who may be answered, who not, and why.

`stdin` is text, or a list of texts and [text, times]; a byte that is no UTF-8 is written as
Python's surrogateescape has it.  `advisory` names what taught us to try it.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# Those whose lesson is about what a helper is asked, and in which words.
ADVISORIES = {
    "CVE-2020-5260": "a second host",
    "CVE-2020-11008": "no host, no protocol",
    "CVE-2022-39304": "a proof in an error",
    "CVE-2024-34079": "sizes",
    "CVE-2024-50338": "a bare CR",
    "CVE-2024-50349": "an escape sequence",
    "CVE-2024-52006": "a bare CR",
    "CVE-2024-53858": "a suffix of a host",
    "CVE-2025-23040": "a bare CR",
    "CVE-2025-26625": "a way out of our folder",
    "CVE-2025-48384": "a CR that is cut off",
    "CVE-2026-41506": "a redirect",
    "CVE-2026-45793": "a token in an error",
    "CVE-2026-48501": "a suffix of a host",
    "CVE-2026-82249": "a bare CR",
}


@dataclass(frozen=True)
class Vector:
    """One request, and whether it is ours to answer."""

    name: str
    data: bytes
    answered: bool
    why: str
    advisory: str | None

    @property
    def secrets(self) -> list[bytes]:
        """What stands in it that nobody may ever see again."""
        return re.findall(rb"(?:ghs_|eyJ)[\w.]*Canary\w*", self.data)


def _bytes(said: Any) -> bytes:
    if isinstance(said, str):
        return said.encode("utf-8", "surrogateescape")
    parts = [(part, 1) if isinstance(part, str) else part for part in said]
    return b"".join(_bytes(text) * times for text, times in parts)


VECTORS = [
    Vector(
        one["name"],
        _bytes(one["stdin"]),
        one["expect"] == "answer",
        one["why"],
        one.get("advisory"),
    )
    for one in json.loads((Path(__file__).parents[1] / "vectors/credential_get.json").read_text())
]
# The usual requests, and a few for each advisory: for what takes long.
SOME = [
    one
    for number, one in enumerate(VECTORS)
    if number < 27
    or (one.advisory and [o.advisory for o in VECTORS[:number]].count(one.advisory) < 2)
]
