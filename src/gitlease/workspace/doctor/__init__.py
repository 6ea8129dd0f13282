"""
What is wrong with a workspace, and what mends it: checks that look, ask and change nothing.

A check yields a finding for what it found and is silent otherwise.  Each file has the checks of one
noun; their order stands in `examination`.
"""
