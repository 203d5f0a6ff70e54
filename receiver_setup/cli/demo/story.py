"""The three parts of the demo, run with real servers."""

import contextlib
from pathlib import Path

import click
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from receiver_setup.camera.client import Camera
from receiver_setup.cli.output.failures import print_error
from receiver_setup.cli.output.output import print_json
from receiver_setup.cli.output.progress import make_observer
from receiver_setup.cli.output.receipt import render_receipt
from receiver_setup.emulator.camera import EmulatedCamera
from receiver_setup.emulator.receiver.memory_file import memory_file
from receiver_setup.emulator.receiver.network import HOST_ADDRESS
from receiver_setup.emulator.receiver.throwaway import ThrowawayReceiver
from receiver_setup.errors import HostKeyMismatchError, ProofError
from receiver_setup.process.interrupts import endings_interrupt
from receiver_setup.receiver.address import ReceiverAddress
from receiver_setup.receiver.apply.session import ReceiverSession
from receiver_setup.receiver.hosts.root import RootShell
from receiver_setup.receiver.hosts.ssh import SshHost, SshOptions
from receiver_setup.report import ReceiverReport, Report
from receiver_setup.secrets import Secret
from receiver_setup.workflow.run.request import NamedCamera, SetupRequest
from receiver_setup.workflow.setup import set_up

_PASSWORD = Secret("made-up-1")


def tell_story(*, quiet: bool, as_json: bool) -> int:
    """Run all parts; return 0 if each ended as expected, else the exit code of the first that did not."""
    with endings_interrupt(), contextlib.ExitStack() as stack:
        key = Ed25519PrivateKey.generate()
        _say("A Linux host with nothing but OpenSSH, and a camera that does not know it:", quiet=quiet)
        receiver = stack.enter_context(ThrowawayReceiver(admin_public_key=_public_line(key), name="receiver"))
        camera = stack.enter_context(EmulatedCamera(host=HOST_ADDRESS, password=_PASSWORD.reveal()))
        _say(f"  receiver {receiver.admin}@{receiver.address}, camera {camera.url}", quiet=quiet)
        act = _Act(receiver, camera, key, quiet=quiet)

        _say("\n1. One command sets both up and proves it:", quiet=quiet)
        report = act.play()
        if report.exit_code:
            return _failed(report, as_json=as_json)

        _say("\n2. Another machine answers where the camera dials; its host key is not the receiver's:", quiet=quiet)
        impostor = stack.enter_context(ThrowawayReceiver(admin_public_key=_public_line(key), name="impostor"))
        refused = act.play(dialled=impostor.address)
        if not isinstance(refused.worst, HostKeyMismatchError) or not refused.worst.rolled_back:
            return _failed(refused, as_json=as_json, otherwise="the impostor was not refused")
        _say(f"refused, as it must be: {refused.worst.message}", quiet=quiet)
        _say("and the camera's settings are restored.", quiet=quiet)

        _say("\n3. The same command again has nothing to do but the proof:", quiet=quiet)
        again = act.play()
        if again.exit_code or again.changed:
            return _failed(again, as_json=as_json, otherwise="the second run changed something")
        _say("", quiet=quiet)
        print_json(again.as_json()) if as_json else click.echo(render_receipt(again))
    return 0


class _Act:
    """The two sides of the demo, and how to sign in to them."""

    def __init__(
        self, receiver: ThrowawayReceiver, camera: EmulatedCamera, key: Ed25519PrivateKey, *, quiet: bool
    ) -> None:
        self._receiver = receiver
        self._camera = camera
        self._quiet = quiet
        # In memory, so that nothing is left even if this process is killed.
        self._identity = memory_file("identity", _private_text(key))
        lines = receiver.known_hosts
        self._known_hosts = memory_file("known_hosts", lines.encode())

    def play(self, *, dialled: str | None = None) -> Report:
        """Run the workflow once, as `setup` would."""
        options = SshOptions(
            identity=self._identity, known_hosts=self._known_hosts, config_file=Path("/dev/null"), timeout_s=10
        )
        address = ReceiverAddress(host=self._receiver.address, user=self._receiver.admin)
        session = ReceiverSession(RootShell(SshHost(address, options), sudo_password=lambda: None))
        request = SetupRequest(
            receiver_address=self._receiver.address,
            dialled=(dialled, None) if dialled is not None else None,
            volatile=True,  # it is to leave nothing behind
            tell_uploads=True,
        )
        with contextlib.closing(session), Camera(self._camera.url, _PASSWORD) as camera:
            named = NamedCamera(name="porch", camera=camera)
            done: ReceiverReport = set_up(request, session, [named], make_observer(quiet=self._quiet))
        return Report(check=False, receivers=[done])


def _failed(report: Report, *, as_json: bool, otherwise: str = "") -> int:
    """Report why a part did not end as expected; `otherwise` is the reason if nothing failed."""
    if report.worst is None:
        report.error = ProofError(f"the demo did not end as it should: {otherwise}")
    if as_json:
        print_json(report.as_json())
    if report.worst is not None:
        print_error(report.worst)
    return report.exit_code


def _say(text: str, *, quiet: bool) -> None:
    if not quiet:
        click.echo(text, err=True)


def _private_text(key: Ed25519PrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
    )


def _public_line(key: Ed25519PrivateKey) -> str:
    public = key.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    return public.decode()
