"""The workspace's commands, one module each: options, what is printed, the exit code."""
