"""A camera's settings: a table of fields, a plan of what to change, and an engine that sets, checks and restores."""
