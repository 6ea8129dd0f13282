"""
The service that holds the App's key and gives each workspace just the token it may have.

It needs the extra `gitlease[broker]`; `app.py` wires it, `issuing.py` has the story of one lease.
"""
