"""A camera's part of a set-up as lines for a shell."""
