"""Where a camera shall upload to, and whether it does so already: the receiver's facts meet the camera's settings."""

from collections.abc import Mapping

from receiver_setup.camera.settings.target import UploadTarget, is_settled
from receiver_setup.errors import ConfigurationError, ReceiverUnsuitableError
from receiver_setup.formats.authorized_keys import parse_cameras, parse_sources
from receiver_setup.receiver.plan.dialled import check_reached, find_address, find_port, is_address
from receiver_setup.receiver.plan.setup import key_file
from receiver_setup.workflow.run.accounts import R, UploadAccount
from receiver_setup.workflow.run.camera_run import CameraRun
from receiver_setup.workflow.run.request import Request, SetupRequest


def resolve_target(run: CameraRun, request: SetupRequest, account: UploadAccount[CameraRun]) -> None:
    """Work out what the camera shall dial and where it uploads to, and whether it is settled there.

    Settled is a camera that points here, verifies, and has a key line here (or a password): a test alone will do.
    """
    run.target = find_target(run, request, account, jailed=request.jail)
    check_reached(account.facts, run.target.server, run.target.port)
    keys = account.facts.files.get(key_file(account.user), b"")
    run.source = find_source(run, request, parse_sources(keys))
    known = parse_cameras(keys).get(run.known_as or run.name)
    points_here = is_settled(run.settings.now(), run.target)
    run.settled = points_here and (known is not None or account.login.by_password)
    if run.settled and not account.login.by_password:
        run.key = run.key or known


def find_target(run: R, request: Request, account: UploadAccount[R], *, jailed: bool) -> UploadTarget:
    """Return what the camera shall dial, and where it uploads to."""
    facts = account.facts
    host, port = request.dialled or (None, None)
    here = request.receiver_address is None or not run.camera.dialled_here
    host = host or find_address(facts, run.addresses(), here=here)
    if host is None:
        raise ReceiverUnsuitableError(
            f"{facts.hostname or 'the receiver'} has no route to the camera {run.report.address}",
            hint="give the address that the camera shall dial: --receiver-address",
        )
    return UploadTarget(
        server=host,
        port=port or find_port(facts),
        username=account.user,
        directory=run.directory.removeprefix(f"{account.home}/"),
        jailed=jailed,
    )


def find_source(run: CameraRun, request: SetupRequest, pinned: Mapping[str, str]) -> str | None:
    """Return the address that the camera's key is to be pinned to, None for none; by itself it stays as it is."""
    if request.pin_source is None:
        return pinned.get(run.known_as or run.name)
    if not request.pin_source:
        return None
    addresses = [address for address in run.addresses() if is_address(address)]
    if not addresses:
        raise ConfigurationError(
            f"the name of the camera {run.report.address} cannot be resolved here, so its key cannot be pinned to it",
            hint="give the camera by its IP address, or leave --pin-source out",
        )
    run.warn(
        f"its key opens the account from {addresses[0]} alone: if the camera gets another address by DHCP, its login "
        "fails, so reserve this one in the router"
    )
    return addresses[0].partition("%")[0]
