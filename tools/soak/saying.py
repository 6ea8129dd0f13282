"""What whoever watches is told."""

import sys


def say(text: str) -> None:
    """Write one line to stderr; the report goes to stdout."""
    print(text, file=sys.stderr, flush=True)
