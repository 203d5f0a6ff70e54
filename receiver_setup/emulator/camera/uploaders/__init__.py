"""Programs that upload as a camera does."""
