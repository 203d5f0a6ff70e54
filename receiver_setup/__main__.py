"""Let `python -m receiver_setup` be the command."""

from receiver_setup.cli import run

if __name__ == "__main__":
    run()
