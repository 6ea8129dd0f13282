"""
Keep `git` and `gh` in long-lived containers supplied with valid GitHub App tokens.

Nothing is imported here that a caller has not asked for: this module is on the path of every
command, the credential helper's included.
"""

__version__ = "0.1.0"
