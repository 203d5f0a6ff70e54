"""The camera's FTP menu as a whole: read it, change it and see that the change took, put it back."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from receiver_setup.camera.client import Camera
from receiver_setup.camera.codes import ResponseCode, explain_response
from receiver_setup.camera.command import Command, Done
from receiver_setup.camera.menu_plan import (
    Change,
    Row,
    UploadReadings,
    UploadWishes,
    check_wish,
    plan_action,
    plan_attributes,
    plan_schedule,
    plan_snapshots,
    plan_timer,
)
from receiver_setup.camera.menu_settings import Group
from receiver_setup.camera.messages import (
    SetFtpAction,
    SetFtpActionAttr,
    SetFtpAttr,
    SetSnapSchedFtpAttr,
    SetSnapTimerFtpAttr,
)
from receiver_setup.errors import CameraError, CameraResponseError, ReceiverSetupError

_log = logging.getLogger(__name__)


class CameraNotTakenError(CameraError):
    """The camera said that it had done something, and reads otherwise."""

    kind = "camera-not-taken"


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupReading:
    """One part of the menu: its fields as read, or why there are none."""

    group: Group
    fields: Mapping[str, str]
    trouble: str = ""


def read_menu(camera: Camera) -> tuple[GroupReading, ...]:
    """Read every setting. A part that this firmware lacks or forbids is told as such; the first one must be there."""
    return tuple(_read_part(camera, group) for group in Group)


def read_uploads(camera: Camera, wishes: UploadWishes) -> UploadReadings:
    """Read what `plan_uploads` needs for these wishes, and no more."""
    return UploadReadings(
        actions=camera.upload_actions() if wishes.upload else None,
        snapshots=camera.snapshot_count() if wishes.snapshots is not None else None,
        schedule=camera.snapshot_schedule() if wishes.schedule is not None else None,
    )


def plan_on(camera: Camera, wished: Command[Done]) -> Change | None:
    """Read what a wish is about and return the change that is left of it.

    ConfigurationError, before anything is asked, for a wish that `check_wish` refuses.
    """
    check_wish(wished)
    if isinstance(wished, SetFtpAttr):
        return plan_attributes(camera.ftp_attributes(), wished)
    if isinstance(wished, SetFtpAction):
        return plan_action(camera.upload_actions(), wished)
    if isinstance(wished, SetFtpActionAttr):
        return plan_snapshots(camera.snapshot_count(), wished)
    if isinstance(wished, SetSnapSchedFtpAttr):
        return plan_schedule(camera.snapshot_schedule(), wished)
    if isinstance(wished, SetSnapTimerFtpAttr):
        return plan_timer(camera.snapshot_timer(), wished)
    raise TypeError(f"{wished.cmd} is not a change to the menu")


def settle(camera: Camera, wished: Command[Done]) -> Change | None:
    """Make a wish so and return the change that it took; None if all was so already, and then nothing is sent.

    Raises CameraNotTakenError as `apply_change` does.
    """
    change = plan_on(camera, wished)
    return change if change is not None and apply_change(camera, change) else None


def apply_change(camera: Camera, change: Change) -> bool:
    """Send a change and read it back; False if the camera says that all was already so (response 219).

    Raises CameraNotTakenError where it reads otherwise than was sent; `rolled_back` then tells whether the
    former values, which are sent back, are there again.
    """
    done = send_with_rest(camera, change.command, change.rest)
    wrong = _not_taken(change.rows, _read_fields(camera, change.group))
    if not wrong:
        return not done.unchanged
    row, seen = wrong[0]
    error = CameraNotTakenError(
        f"the camera {camera.address.display} did not take the {row.setting.name}: "
        f"it has {row.setting.in_words(seen)!r} instead of {row.after!r}",
        hint="the value may be too long for this firmware, or hold characters that it does not know",
    )
    error.rolled_back = put_back(camera, change)
    raise error


def put_back(camera: Camera, change: Change) -> bool:
    """Send the former values back and tell whether all of them are there again."""
    if change.back is None:
        return False
    try:
        send_with_rest(camera, change.back, change.rest)
        fields = _read_fields(camera, change.group)
    except ReceiverSetupError as error:
        _log.warning("%s: the former %s could not be put back: %s", camera.address, change.name, error.message)
        return False
    return not change.lost and all(
        row.setting.raw(fields) == row.before_code for row in change.rows if row.before_code is not None
    )


def _not_taken(rows: tuple[Row, ...], fields: Mapping[str, str]) -> list[tuple[Row, str | None]]:
    """Return the rows that read otherwise than was sent; what a camera does not return is left out."""
    seen = [(row, row.setting.raw(fields)) for row in rows if row.after_code is not None]
    return [(row, code) for row, code in seen if code != row.after_code and (row.readable or code is not None)]


def send_with_rest(camera: Camera, command: Command[Done], rest: Mapping[str, str]) -> Done:
    """Send only what is new; all settings as they were read beside it, where the firmware misses them."""
    try:
        return camera.send(command)
    except CameraResponseError as error:
        whole = _completed(command, rest) if error.code == ResponseCode.MISSING_PARAM and rest else command
        if whole == command:
            raise
        _log.info("%s: wants every field in one request", camera.address)
        return camera.send(whole)


def _completed(command: Command[Done], rest: Mapping[str, str]) -> Command[Done]:
    """Return the command with the other fields beside it, as they were read."""
    if isinstance(command, SetFtpAttr):
        return replace(command, raw={**rest, **(command.raw or {})})
    if isinstance(command, SetFtpAction):
        enable = rest.get("enable") == "1" if command.enable is None and "enable" in rest else command.enable
        interval = rest.get("interval", "") if command.interval_s is None else ""
        return replace(command, enable=enable, interval_s=int(interval) if interval else command.interval_s)
    return command


def _read_part(camera: Camera, group: Group) -> GroupReading:
    try:
        return GroupReading(group=group, fields=_read_fields(camera, group))
    except CameraResponseError as error:
        if group is Group.FTP or error.code == ResponseCode.IP_BLOCKED:
            raise
        known = explain_response(error.code)
        return GroupReading(group=group, fields={}, trouble=f"{error.code} {known.name}: {known.cause}")


def _read_fields(camera: Camera, group: Group) -> Mapping[str, str]:
    """Read one part of the menu as the camera writes it; a password that it returns is left out."""
    readers: dict[Group, Callable[[], Mapping[str, str]]] = {
        Group.FTP: lambda: camera.ftp_attributes().raw,
        Group.ACTION: lambda: camera.upload_actions().raw,
        Group.COUNT: lambda: camera.snapshot_count().raw,
        Group.SCHEDULE: lambda: camera.snapshot_schedule().raw,
        Group.TIMER: lambda: camera.snapshot_timer().raw,
    }
    return readers[group]()
