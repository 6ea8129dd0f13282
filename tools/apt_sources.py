"""
Read from apt's own configuration which Debian mirror this machine uses, and how it gets there.

The addresses are the machine's business: none is written down in this project.
"""

import re
import subprocess
from pathlib import Path


class UnavailableError(Exception):
    """Say in one line why this machine cannot make the Debian 13 root."""


def mirror(apt: Path = Path("/etc/apt"), release: Path = Path("/etc/os-release")) -> str:
    """
    Return the address of the Debian mirror that this machine's own apt uses.

    That is the first binary entry for the machine's release with the component main, from
    ``sources.list`` and ``sources.list.d`` in both formats of sources.list(5).
    """
    facts = dict(re.findall(r'^(\w+)="?([^"\n]*)"?$', release.read_text(), re.MULTILINE))
    if facts.get("ID") != "debian":
        raise UnavailableError("the Debian 13 root is made from a Debian's own apt mirror")
    for address, suites, components in _entries(apt):
        if facts.get("VERSION_CODENAME") in suites and "main" in components:
            return _listed(address)
    raise UnavailableError(f"{apt} names no mirror of {facts.get('VERSION_CODENAME')} main")


def _entries(apt: Path) -> list[tuple[str, list[str], list[str]]]:
    found = []
    for file in [apt / "sources.list", *sorted(apt.glob("sources.list.d/*.list"))]:
        found += _one_line_entries(file.read_text()) if file.exists() else []
    for file in sorted(apt.glob("sources.list.d/*.sources")):
        found += _deb822_entries(file.read_text())
    return found


def _one_line_entries(text: str) -> list[tuple[str, list[str], list[str]]]:
    lines = [re.sub(r"#.*|\[.*?\]", "", line).split() for line in text.splitlines()]
    return [
        (words[1], [words[2]], words[3:])
        for words in lines
        if words[:1] == ["deb"] and len(words) > 3
    ]


def _deb822_entries(text: str) -> list[tuple[str, list[str], list[str]]]:
    found = []
    bare = re.sub(r"^#.*\n", "", text, flags=re.MULTILINE)
    for stanza in re.split(r"\n\s*\n", bare):
        pairs = re.findall(r"^([\w-]+):(.*\n?(?:[ \t].*\n?)*)", stanza, re.MULTILINE)
        fields = {key.lower(): value.split() for key, value in pairs}
        if "deb" in fields.get("types", []) and fields.get("enabled") != ["no"]:
            suites, components = fields.get("suites", []), fields.get("components", [])
            found += [(address, suites, components) for address in fields.get("uris", [])]
    return found


def _listed(address: str) -> str:
    # Cloud images name a file that lists the mirrors, apt-transport-mirror(1).
    if not address.startswith("mirror+file:"):
        return address
    lines = Path(address.removeprefix("mirror+file:")).read_text().splitlines()
    return next(line.split()[0] for line in lines if line and not line.startswith("#"))


def network(wgetrc: Path) -> dict[str, str]:
    """Return the environment in which wget reaches the mirror as apt does; may write *wgetrc*."""
    dump = subprocess.run(["apt-config", "dump"], check=True, capture_output=True, text=True)
    settings = {
        key.lower(): value
        for key, value in re.findall(r'^(\S+) "(.*)";$', dump.stdout, re.MULTILINE)
    }
    environment = {
        f"{scheme}_proxy": proxy
        for scheme in ("http", "https")
        if (proxy := settings.get(f"acquire::{scheme}::proxy", "").replace("DIRECT", ""))
    }
    if authority := settings.get("acquire::https::cainfo"):
        wgetrc.write_text(f"ca_certificate = {authority}\n")
        environment["WGETRC"] = str(wgetrc)
    return environment
