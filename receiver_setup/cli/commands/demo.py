"""`receiver-setup demo`: a complete set-up on this machine, leaving nothing behind."""

import sys

import click

from receiver_setup.cli.output.redaction import set_up_logging
from receiver_setup.compat import linux_only


@click.command(name="demo")
@click.option("--json", "as_json", is_flag=True, help="Print the last set-up's report as one JSON object.")
@click.option("-v", "--verbose", count=True, help="Report more (-vv: every request).")
@click.option("-q", "--quiet", is_flag=True, help="Print only the receipt.")
def command(*, as_json: bool, verbose: int, quiet: bool) -> int:
    """Show the whole story on this machine: an emulated camera, a throw-away receiver with a real sshd.

    A set-up, an impostor that is refused, and a second run that has nothing to do. This machine itself is not
    touched: everything runs in namespaces and in memory, and is gone when the command ends, even if it is killed.
    """
    set_up_logging(-1 if quiet else verbose)
    if sys.platform != "linux":
        raise linux_only(
            "the demo", hint="run it on a Debian, Ubuntu or Raspberry Pi OS machine; nothing is left there"
        )
    from receiver_setup.emulator.receiver.network import become_fake_root, enter_private_network  # noqa: PLC0415 - lazy

    become_fake_root()
    enter_private_network()
    from receiver_setup.cli.demo.story import tell_story  # noqa: PLC0415 - threads may start only in the new network

    return tell_story(quiet=quiet, as_json=as_json)
