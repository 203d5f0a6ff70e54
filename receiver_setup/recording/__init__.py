"""A recording of one camera: what it answers and how it uploads, without anything that tells whose it is."""
