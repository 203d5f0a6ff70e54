"""What a process does with signals and with a person's answers."""
