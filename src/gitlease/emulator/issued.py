"""
Write down every secret that is made, for whoever will look for it elsewhere.

A program under test must leave no token in its logs, and only a list of all tokens can show that
it does not.  `GITLEASE_EMULATOR_ISSUED` names the file: one JSON object a line, `kind` (`token` or
`private key`) and `value`.  It is made for its owner alone; without the variable there is none.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

VARIABLE = "GITLEASE_EMULATOR_ISSUED"


@dataclass(frozen=True)
class Issued:
    """The list in *file*, which several emulators may share; None: nobody wants it."""

    file: Path | None = None

    @classmethod
    def named_in(cls, env: Mapping[str, str]) -> Self:
        """Return the list that *env* names."""
        return cls(Path(env[VARIABLE]) if env.get(VARIABLE) else None)

    def add(self, kind: str, value: str) -> None:
        """Write *value* down; raises OSError where the file cannot be written."""
        if self.file is None:
            return
        line = json.dumps({"kind": kind, "value": value}) + "\n"
        # One write to a file that is opened to append is whole, whoever else writes (write(2)).
        descriptor = os.open(self.file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(descriptor, line.encode())
        finally:
            os.close(descriptor)
