"""The service's actions from a shell: each module is one sub-command of `gitlease broker`."""
