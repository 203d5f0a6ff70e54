"""The first boot of a Raspberry Pi: the files on its boot partition, and how to remove them."""
