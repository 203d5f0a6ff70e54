"""Throw-away receivers."""
