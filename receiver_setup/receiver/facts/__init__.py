"""What a receiver is like, and what was filed on it (pure)."""
