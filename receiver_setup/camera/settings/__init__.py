"""A camera's settings: one table of fields, one plan of what differs, one engine that sets, looks and puts back."""
