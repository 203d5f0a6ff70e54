"""What a command is given: options, secrets, targets."""
