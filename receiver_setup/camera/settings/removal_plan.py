"""Plan a removal on the camera (pure): restore its former settings, or at least point it away from this receiver."""

from collections.abc import Mapping
from dataclasses import dataclass

from receiver_setup.camera.messages import ActionType
from receiver_setup.camera.settings.fields import Group, setting_of, settings_of
from receiver_setup.camera.settings.former import FormerSettings
from receiver_setup.camera.settings.place import Here, in_words, is_same_place, is_somewhere
from receiver_setup.camera.settings.plan import Change, Readings, part_of, plan_change, render_changes, render_fields
from receiver_setup.camera.settings.words import (
    cannot_be_read,
    cannot_be_set,
    host_key_lost,
    nothing_known,
    password_lost,
    place_unseen,
    pointed_here_before,
    still_enabled,
)

_UNKNOWN = FormerSettings()


@dataclass(frozen=True, slots=True, kw_only=True)
class RemovalPlan:
    """The changes after which a camera no longer points here; none if it does not."""

    points_here: bool
    now: str
    """Where the camera points, in words."""
    then: str
    """Where it will point."""
    fields: Mapping[str, str]
    """Fields of setftpattr that differ; an empty server stands for none."""
    uploads: tuple[Change, ...]
    diff: str
    warnings: tuple[str, ...]
    """Warnings about settings that will not, or may not, be restored."""

    @property
    def detail(self) -> str:
        """Summarize the plan in a few words."""
        if not self.points_here:
            return f"points at {self.now}, left as it is" if self.now != "nowhere" else "points nowhere, left as it is"
        return f"{self.now} → {self.then}"


def points_here(now: Mapping[str, str], former: FormerSettings | None, here: Here, *, any_port: bool = False) -> bool:
    """Return True if a camera points at this receiver, or still where the last set-up pointed it."""
    return here.is_at(now, any_port=any_port) or (
        former is not None and is_same_place(now, former.pointed_at, any_port=any_port)
    )


def plan_fields_back(now: Mapping[str, str], former: FormerSettings, here: Here) -> dict[str, str]:
    """Return the fields that differ from the former ones; an empty server if those are unknown or also point here.

    Ports are not compared, because it is the user that is removed.
    """
    known = {name: value for name, value in former.attributes.items() if name in now}
    after = {**now, **known}
    if points_here(after, former, here, any_port=True) and not (here.stays and known):
        return {"ft_server": ""}
    return {name: value for name, value in known.items() if not setting_of(name).is_so(now[name], value)}


def needed_readings(now: Mapping[str, str], former: FormerSettings | None, here: Here) -> frozenset[Group]:
    """Return the further parts of the menu that a plan needs."""
    former = former or _UNKNOWN
    if not points_here(now, former, here):
        return frozenset()
    after = {**now, **plan_fields_back(now, former, here)}
    informs = frozenset() if is_somewhere(after) else frozenset({Group.ACTION})
    return (former.groups | informs) - {Group.FTP}


def plan_departure(
    now: Mapping[str, str], readings: Readings, former: FormerSettings | None, here: Here, *, camera: str
) -> RemovalPlan:
    """Return the plan; `readings` are those of `needed_readings`, without the parts that the camera does not report."""
    known = former or _UNKNOWN
    if not points_here(now, known, here):
        shown = in_words(now)
        return RemovalPlan(points_here=False, now=shown, then=shown, fields={}, uploads=(), diff="", warnings=())
    fields = plan_fields_back(now, known, here)
    after = {**now, **fields}
    # Last first, as after a set-up that failed.
    commands = [each for each in reversed(known.upload_commands()) if part_of(each) in readings]
    planned = (plan_change(readings[part_of(each)], each) for each in commands)
    uploads = tuple(change for change in planned if change is not None)
    return RemovalPlan(
        points_here=True,
        now=in_words(now),
        then=in_words(after),
        fields=fields,
        uploads=uploads,
        diff=render_fields(now, fields, camera) + render_changes(uploads),
        warnings=(
            *_warn_of_attributes(now, fields, known, camera),
            *_warn_of_uploads(readings, known, camera),
            *([] if is_somewhere(after) else _warn_of_enabled(readings, uploads, camera)),
        ),
    )


def _warn_of_attributes(
    now: Mapping[str, str], fields: Mapping[str, str], former: FormerSettings, camera: str
) -> list[str]:
    back = former.attributes
    if fields == {"ft_server": ""} and back.get("ft_server") != "":
        return [pointed_here_before(camera) if "ft_server" in back else nothing_known(camera)]
    missing = [each for each in former.values if each.group is Group.FTP and each.field not in now]
    warnings = [cannot_be_read(camera, each, former.values[each]) for each in missing]
    warnings += [cannot_be_set(camera, *item) for item in former.unsettable.items() if item[0].group is Group.FTP]
    if is_somewhere(back) and former.password_replaced:
        warnings.append(password_lost(camera))
    if is_somewhere(back) and back.get("ft_insecure") == "0":
        warnings.append(host_key_lost(camera))
    if is_somewhere(back) and back.get("ft_ssl") == "2":
        warnings.append(place_unseen(camera, in_words(back)))
    return warnings


def _warn_of_uploads(readings: Readings, former: FormerSettings, camera: str) -> list[str]:
    missing = [each for each in former.values if each.group is not Group.FTP and each.group not in readings]
    others = {each: code for each, code in former.unsettable.items() if each.group is not Group.FTP}
    return [cannot_be_read(camera, each, former.values[each]) for each in missing] + [
        cannot_be_set(camera, each, code)
        for each, code in others.items()
        # The camera may still have the value, although it cannot be sent.
        if code is None or not each.is_so(each.raw(readings.get(each.group, {})), code)
    ]


def _warn_of_enabled(readings: Readings, uploads: tuple[Change, ...], camera: str) -> list[str]:
    """Warn about uploads that stay switched on in a camera that will have no server."""
    switches = [each for each in settings_of(Group.ACTION) if each.field == "enable"]
    off = {row.setting.kind for change in uploads for row in change.rows if row.after_code == "0"}
    actions = readings.get(Group.ACTION, {})
    on = [each.kind for each in switches if each.is_so(each.raw(actions), "1") and each.kind not in off]
    kinds = tuple(kind.value for kind in ActionType if kind in on)
    return [still_enabled(camera, kinds)] if kinds else []
