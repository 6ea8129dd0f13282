"""
What git has to be told so that it asks our helper for our host, and no other.

The same pairs of key and value become a config file, or variables for one program and its children.
Source: git-config(1), "GIT_CONFIG_COUNT"; gitcredentials(7).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from gitlease.workspace.install.gitblock import quoted

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from gitlease.workspace.settings import Settings

_HELPER: Final = 2  # pairs that name the helper, the first ones
_COUNT: Final = re.compile(r"[0-9]{1,6}", re.ASCII)


def folder(settings: Settings) -> Path:
    """Return where the files are that git reads: whoever runs git has to be able to."""
    return settings.system_dir if settings.scope == "system" else settings.home


def mode(settings: Settings) -> int:
    """Return the mode of those files, which hold no secret; every user's git reads the system's."""
    return 0o644 if settings.scope == "system" else 0o600


def identity_file(settings: Settings) -> Path:
    """Return the file that says in whose name to commit; git passes over one that is missing."""
    return folder(settings) / "identity.gitconfig"


def pairs(settings: Settings, helper: Path | None = None) -> list[tuple[str, str]]:
    """Return the keys and values, in order; *helper* is another program than the user's own."""
    host = f"https://{settings.host}"
    # An empty value clears the helpers configured so far; the path is read by a shell.
    program = re.sub(r"([^A-Za-z0-9_./@%+,:-])", r"\\\1", str(helper or settings.helper))
    found = [
        (f"credential.{host}.helper", ""),
        (f"credential.{host}.helper", program),
        (f"credential.{host}.useHttpPath", "true"),
    ]
    if settings.rewrite_ssh:
        found += [
            (f"url.{host}/.insteadOf", f"git@{settings.host}:"),
            (f"url.{host}/.insteadOf", f"ssh://git@{settings.host}/"),
        ]
    if settings.identity:
        found.append(("include.path", str(identity_file(settings))))
    return found


def file_text(settings: Settings, helper: Path | None = None) -> str:
    """Return the pairs as a config file."""
    head = "# Written by `gitlease install`; changes are lost at the next one.\n"
    return head + _as_text(pairs(settings, helper))


def names_helper(text: str, settings: Settings, helper: Path) -> bool:
    """Tell whether the config file *text* leads git to *helper* alone, whatever else it says."""
    ours = _as_text(pairs(settings, helper)[:_HELPER])
    # Git takes the names of settings in any case.
    return ours in text and "helper" not in text.replace(ours, "", 1).lower()


def _as_text(found: list[tuple[str, str]]) -> str:
    lines = []
    section = ""
    for key, value in found:
        head, _, name = key.rpartition(".")
        kind, _, what = head.partition(".")
        title = f"[{kind} {quoted(what)}]" if what else f"[{kind}]"
        if title != section:
            section = title
            lines.append(title)
        lines.append(f"\t{name} = {quoted(value)}" if value != "true" else f"\t{name} = true")
    return "\n".join([*lines, ""])


def variables(settings: Settings, env: Mapping[str, str]) -> dict[str, str]:
    """
    Return the pairs as variables, after those that *env* has already.

    A count there that is no number breaks git whatever we do; it is replaced.
    """
    count = env.get("GIT_CONFIG_COUNT", "")
    first = int(count) if _COUNT.fullmatch(count) else 0
    before = [
        (env.get(f"GIT_CONFIG_KEY_{n}"), env.get(f"GIT_CONFIG_VALUE_{n}")) for n in range(first)
    ]
    ours = pairs(settings)
    if before[-len(ours) :] == ours:
        return {}
    found = {"GIT_CONFIG_COUNT": str(first + len(ours))}
    for number, (key, value) in enumerate(ours, start=first):
        found[f"GIT_CONFIG_KEY_{number}"] = key
        found[f"GIT_CONFIG_VALUE_{number}"] = value
    return found
