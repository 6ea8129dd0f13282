"""
Look for every secret that a run of the tests makes, wherever the run leaves a trace.

While tests run, `eyes` and `sampler` write down what can be seen (argv, environments, output, HTTP
errors), tests' folders are read before they go, and each secret that comes up is noted: all of it
in a `ledger`, one for each process.  At the end `search` looks for all secrets in all places, and
`holders` says which place may hold which kind.  `plugin` ties it to pytest.
"""
