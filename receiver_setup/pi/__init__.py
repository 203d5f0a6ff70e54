"""The first boot of a Raspberry Pi: what is written to its boot partition, and how it is taken back."""
