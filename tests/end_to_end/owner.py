"""Own a throw-away receiver in a process of its own, for tests of how such a process starts and ends.

    owner.py NAME PUBLIC_KEY_LINE [COMMAND...]

Writes "PID ADDRESS" when the receiver is up, then what COMMAND writes inside it, and waits for the end of
stdin.
An error of ours goes to stderr as "message | hint", with its own exit code.
"""

import sys

from receiver_setup.emulator.receiver import network
from receiver_setup.emulator.receiver.throwaway import ThrowawayReceiver
from receiver_setup.errors import ReceiverSetupError


def main() -> int:
    """Run as the module's docstring says."""
    _, name, public_line, *command = sys.argv
    try:
        network.become_fake_root()
        with ThrowawayReceiver(admin_public_key=public_line, name=name) as receiver:
            sys.stdout.write(f"{receiver.pid} {receiver.address}\n")
            if command:
                done = receiver.run(*command)
                sys.stdout.write((done.stdout + done.stderr).decode())
            sys.stdout.flush()
            sys.stdin.read()
    except ReceiverSetupError as error:
        sys.stderr.write(f"{error.message} | {error.hint}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
