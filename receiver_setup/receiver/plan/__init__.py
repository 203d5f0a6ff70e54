"""What has to change on a receiver (pure)."""
