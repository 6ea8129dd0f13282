"""See what a process was started with: its arguments, and each variable of its environment."""

import re
from collections.abc import Mapping, Sequence

from tests.support.leaks.ledger import current

# Variables in which tests put a token as people do.
_HOLD = ("GH_TOKEN", "GITHUB_TOKEN", "GH_ENTERPRISE_TOKEN", "GITLEASE_BROKER_ADMIN_TOKEN")
_NAME = re.compile(r"[a-z][a-z0-9.-]{1,40}")


def words_of(argv: Sequence[str]) -> str:
    """Return the first words of *argv* that are names, without folders: for a place's name."""
    names = [word.removesuffix("/__main__.py").rpartition("/")[2] for word in argv[:24]]
    return " ".join([name for name in names if _NAME.fullmatch(name)][:14])


def saw_process(argv: Sequence[str], env: Mapping[str, str], test: str | None = None) -> None:
    """Keep what a process was started with."""
    ledger, name = current(), words_of(argv)
    ledger.saw(f"argv of {name}", "\n".join(argv).encode(errors="surrogateescape"), test)
    for variable, value in env.items():
        data = value.encode(errors="surrogateescape")
        ledger.saw(f"environ {variable} of {name}", data, test)
        if variable in _HOLD:
            ledger.secret(value, test=test)
