"""
gh's login: its `hosts.yml` says what our token is, and its program is found behind our shim.

gh asks no credential helper, not even in its own git calls, but reads `hosts.yml` at every start.
"""
