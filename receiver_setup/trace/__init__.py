"""Trace of network round trips, in the log."""
