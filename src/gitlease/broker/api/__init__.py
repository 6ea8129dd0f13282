"""
The routes: JSON in, the right door, one call, JSON out; no SQL and no GitHub here.

Doors are guards, which run before anything of a request is parsed.
"""
