"""The receiver's side: facts → plan → script, and the hosts that a script is run on."""
