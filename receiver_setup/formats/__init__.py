"""Formats of OpenSSH and of documents, as text (pure)."""
