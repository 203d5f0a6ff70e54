"""Our half of a receiver alone, as a whole process: facts, plan, apply, new login, commit, for a key that is given.

receiver_alone.py HOST IDENTITY KNOWN_HOSTS CAMERA_KEY_FILE
"""

import os
import sys
from pathlib import Path

from receiver_setup.receiver.address import ReceiverAddress
from receiver_setup.receiver.hosts.root import RootShell
from receiver_setup.receiver.hosts.ssh import SshHost, SshOptions


def main(host: str, identity: str, known_hosts: str, key_file: str) -> None:
    """Sign in; as the command does, load the rest meanwhile."""
    options = SshOptions(identity=Path(identity), known_hosts=Path(known_hosts), config_file=Path(os.devnull))
    shell = RootShell(SshHost(ReceiverAddress.parse(host), options), sudo_password=lambda: None)
    shell.begin()
    set_up(shell, Path(key_file))


def set_up(shell: RootShell, key_file: Path) -> None:
    """Bring the receiver to what is wanted, and print what was changed."""
    from receiver_setup.formats.keys import PublicKey  # noqa: PLC0415 - loaded while the login is under way
    from receiver_setup.receiver.apply.session import ReceiverSession  # noqa: PLC0415
    from receiver_setup.receiver.plan.setup import plan_receiver  # noqa: PLC0415
    from receiver_setup.receiver.plan.steps import JointPlan  # noqa: PLC0415
    from receiver_setup.receiver.plan.wanted import CameraSlot, Wanted  # noqa: PLC0415

    key = PublicKey.from_line(key_file.read_text(encoding="utf-8"))
    recordings = "/home/ipcamera/recordings"
    slots = (CameraSlot(name="camera", directory=recordings, key=key),)
    wanted = Wanted(user="ipcamera", home="/home/ipcamera", directory="recordings", slots=slots)
    session = ReceiverSession(shell)
    (facts,) = session.read_facts([wanted], routes=())
    plan = JointPlan(plans=(plan_receiver(facts, wanted),))
    session.apply(plan)
    if plan.changed:
        session.confirm()
        session.commit([wanted])
    session.close()
    print(f"changed={sum(step.changed for step in plan.steps)}")


if __name__ == "__main__":
    main(*sys.argv[1:])
