"""Changes on the receiver."""
