"""
`python -m gitlease`, and the file that the installed helper runs.

The helper starts Python without site-packages (`-I -S`), which halves the start-up; so this file
finds its own package by where it stands.
"""

import gc
import os
import sys

if not __package__:
    sys.path.append(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))  # noqa: PTH100, PTH120 - pathlib costs 5 ms

if sys.argv[1:2] == ["credential"]:
    # Nothing that is imported for one answer is ever garbage.
    gc.disable()

from gitlease.cli import main

if __name__ == "__main__":
    code = main()
    if sys.argv[1:2] == ["credential"]:
        # git waits for this process to end.  Its answer has left, and to take a Python apart that
        # is over anyway costs 10 ms.
        os._exit(code)
    sys.exit(code)
