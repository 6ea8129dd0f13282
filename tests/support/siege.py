"""
Attacks on the broker that take long, or much of a machine: `make siege` carries them out in full.

The normal run has a short form of each.
"""

import os

import pytest

FULL = bool(os.environ.get("GITLEASE_TEST_SIEGE"))

siege = pytest.mark.skipif(not FULL, reason="only in `make siege`")
