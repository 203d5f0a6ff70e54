"""Both sides without hardware: an emulated camera and a throw-away receiver."""
