"""Trips over the wire, in the log."""
