"""Signals of a process, and prompts to its user."""
