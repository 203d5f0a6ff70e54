"""What the receiver saw of an upload (pure)."""
