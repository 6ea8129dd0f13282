"""
Make wires and name servers go wrong, and see what the user of a workspace sees of it.

`wire` and `names` are what goes wrong, `scene` is the workspace before it, `ways` are the places
of a wire, `table` writes down what happened.
"""
