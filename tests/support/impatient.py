"""The command with little patience for a camera that has gone, which no option of a person's makes shorter."""

import inspect
from dataclasses import replace

from receiver_setup.__main__ import main as command
from receiver_setup.camera.client import Camera

GONE_S = 2.0


def main() -> None:
    """Be the command; each camera that has answered and then goes away is waited for `GONE_S` seconds."""
    usual = inspect.signature(Camera).parameters["patience"].default
    vars(Camera)["__init__"].__kwdefaults__["patience"] = replace(usual, reboot_s=GONE_S)
    command()


if __name__ == "__main__":
    main()
