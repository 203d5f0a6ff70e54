"""Record one camera: its answers and how it uploads, without anything that identifies its owner."""
