"""Plan the changes on a receiver (pure)."""
