"""
`python -m gitlease`, and the file that the installed helper runs.

The helper starts Python without site-packages (`-I -S`), which halves the start-up; so this file
finds its own package by where it stands.
"""

import os
import sys

if not __package__:
    sys.path.append(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))  # noqa: PTH100, PTH120 - pathlib costs 5 ms

from gitlease.cli import main

if __name__ == "__main__":
    sys.exit(main())
