"""Check that the sshd that serves the camera could be asked, and which host keys it uses (pure)."""

from receiver_setup.errors import ReceiverUnsuitableError
from receiver_setup.receiver.facts.manager import restart_command
from receiver_setup.receiver.facts.model import Facts
from receiver_setup.receiver.plan.remedy import paste
from receiver_setup.receiver.plan.suitability import where


def check_asked(facts: Facts) -> None:
    """Refuse if sshd's options, and therefore its behaviour, are unknown."""
    if facts.sshd_unknown:
        raise ReceiverUnsuitableError(
            f"what sshd on {where(facts)} does cannot be asked, since it is not known with which "
            f"options it was started: {facts.sshd_unknown}",
            hint="write what these options say into its configuration instead, start it without them, then run this "
            "again",
        )


def check_host_keys(facts: Facts) -> None:
    """Refuse if no host key is certain to last."""
    host = where(facts)
    if facts.host_keys_unread:
        raise ReceiverUnsuitableError(
            f"which host keys sshd on {host} shows could not be read: neither its files nor the listener told one",
            hint=f"see what `sudo {facts.sshd_shown} -T | grep -i hostkey` names there, and whether ssh-keygen reads "
            "it; then run this again",
        )
    types = {key.type for key in facts.disk_keys}
    stale = [key for key in facts.host_keys if key.type in types and key not in facts.disk_keys]
    if stale:
        kept = [key for key in facts.disk_keys if key.type == stale[0].type]
        raise ReceiverUnsuitableError(
            f"sshd on {host} still shows the host key {stale[0]}, though its file holds {kept[0]} by now: it has not "
            "been restarted since",
            hint=f"{_restart(facts)}, then run this again",
        )


def _restart(facts: Facts) -> str:
    known = restart_command(facts.manager)
    return f"restart it: {paste([f'sudo {known}'], 'sshd')}" if known else "restart it"
