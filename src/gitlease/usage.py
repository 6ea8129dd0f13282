"""
The parser of a command line, whose complaints are a line as all others are.

What was typed may be a token in the wrong place: it is redacted.
"""

from __future__ import annotations

import argparse
from typing import NoReturn

from gitlease.model.redaction import printable


class Parser(argparse.ArgumentParser):
    """Says what is wrong and where help is, instead of printing the whole usage before it."""

    def error(self, message: str) -> NoReturn:
        """Complain of a wrong command line in one line, and exit with 2."""
        said = printable(message, 400)
        self.exit(2, f"{self.prog}: {said}; see `{self.prog} --help`\n")
