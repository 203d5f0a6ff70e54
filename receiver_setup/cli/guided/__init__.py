"""The questions of `setup` when nothing was given: one at a time, each with a sensible default."""

import getpass
import sys
from typing import Any

from receiver_setup.camera.wire.address import CameraAddress
from receiver_setup.cli.guided.answers import ask_account, ask_address, ask_camera, ask_new_password, ask_uploads
from receiver_setup.cli.guided.finding import ask_place
from receiver_setup.cli.guided.here import looks_like_receiver, require_way_to_root
from receiver_setup.cli.guided.questions import ask, confirm, say
from receiver_setup.cli.inputs.clients import check_local
from receiver_setup.receiver.address import ReceiverAddress


def ask_for_the_rest(options: dict[str, Any]) -> dict[str, Any]:
    """Return the options completed by the answers; an invalid answer is asked for again."""
    say("This makes a Linux host the receiver of a camera's uploads. Ctrl-C ends it; nothing is changed yet.")
    if not options["local"] and not _is_receiver():
        return options | _ask_for_targets()
    check_local()
    require_way_to_root()
    answers = options | {"local": True}
    answers |= ask_camera(answers)
    answers |= ask_address(answers)
    answers |= ask_account(answers)
    return answers | ask_uploads(answers)


def _is_receiver() -> bool:
    """Ask whether this machine is the receiver, if it can be one."""
    return sys.platform == "linux" and confirm("Is the receiver this machine?", default=looks_like_receiver())


def _ask_for_targets() -> dict[str, Any]:
    """Ask for a receiver to reach by SSH, and for a camera, which only the receiver may be able to reach."""
    question = f"Receiver, as [USER@]HOST[:PORT] (USER is {getpass.getuser()} unless given)"
    receiver = ask(question, ReceiverAddress.parse)
    camera, found = ask_place(
        "Camera, as [http[s]://][USER@]HOST[:PORT], or ? to look for it (USER is admin unless given)"
    )
    targets = {"receiver": receiver, "cameras": (camera,)}
    return targets | ({"camera_password": ask_new_password(CameraAddress.parse(camera))} if found else {})
