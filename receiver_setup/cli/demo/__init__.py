"""The demo and the emulated camera."""
