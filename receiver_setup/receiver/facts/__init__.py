"""Facts about a receiver, and the records stored on it (pure)."""
