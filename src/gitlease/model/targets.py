"""
What a git command wants to reach: a host, perhaps an owner, perhaps a repository.

A target names cache records too.  The rules for reading a path are mirrored in the shell helper
(`workspace/shell/`), and the tests hold the two together.
"""

from __future__ import annotations

import re
from typing import Final

from gitlease.model.frozen import Frozen

# GitHub: letters, digits and hyphens; an enterprise-managed user adds `_shortcode`.
_OWNER: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,99}", re.ASCII)
_REPOSITORY: Final = re.compile(r"[a-z0-9._-]{1,100}", re.ASCII)
_UPPER: Final = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")


def lower(text: str) -> str:
    """Lower-case ASCII letters only: `str.lower` would fold a KELVIN SIGN into a `k`."""
    return text.translate(_UPPER)


class Target(Frozen):
    """A host, an owner on it or None, a repository of that owner or None; all lower-case."""

    host: str
    owner: str | None = None
    repository: str | None = None
    lfs: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """The cache records that may answer, the most specific first."""
        if self.owner is None:
            return (self.host,)
        by_owner = f"{self.host}~{self.owner}"
        if self.repository is None:
            return (by_owner, self.host)
        return (f"{by_owner}~{self.repository}", by_owner, self.host)

    def __str__(self) -> str:
        return "/".join(part for part in (self.host, self.owner, self.repository) if part)


def parse_path(host: str, path: str) -> Target | None:
    """
    Return what *path*, as git hands it to a credential helper, means on *host*.

    `acme/app.git/info/lfs`, `/Acme/App/` and `acme/app.wiki.git` all mean repository `acme/app`;
    an empty path means the host.  None if it cannot be a path on GitHub.
    """
    path = lower(path).strip("/")
    if not path:
        return Target(host)
    head, lfs, _ = f"{path}/".partition("/info/lfs/")
    owner, _, rest = head.strip("/").partition("/")
    if not _OWNER.fullmatch(owner):
        return None
    if not rest:
        return Target(host, owner, lfs=bool(lfs))
    repository = rest.lstrip("/").partition("/")[0].removesuffix(".git").removesuffix(".wiki")
    if repository in {"", ".", ".."} or not _REPOSITORY.fullmatch(repository):
        return None
    return Target(host, owner, repository, lfs=bool(lfs))
