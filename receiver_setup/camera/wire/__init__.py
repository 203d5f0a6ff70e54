"""Bytes to replies: one exchange with a camera."""
