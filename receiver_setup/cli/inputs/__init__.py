"""The inputs of a command: options, secrets, targets."""
