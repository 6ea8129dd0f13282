"""
The installation: a plan of steps that describe, do and undo themselves.

No step stops another, and none stops the container: what failed is in the report, with its cure.
"""
