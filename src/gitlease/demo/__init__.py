"""
The demonstration: a workspace, a small GitHub, and a real git that never lacks a token.

It uses the product as a user does, by its command line; only the emulator is used from inside,
because the story needs its clock and its faults.
"""
