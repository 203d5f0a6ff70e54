"""Which disks are offered for recordings, as data: see disk_choice.toml."""

import tomllib
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from receiver_setup.cli.guided.disk_choice import Folder, Look, choose_places, find_volumes

_GB = 1_000_000_000 // 1024


@dataclass(frozen=True, kw_only=True)
class Case:
    """One machine; an unknown or a missing key in the file fails here. What is not given is not looked at."""

    says: str
    mounts: str
    looks: dict[str, str]
    offered: list[str]
    fstab: str = ""
    no_jail: list[str] = field(default_factory=list)
    notes: list[str] | None = None
    last_notes: list[str] | None = None
    last_remedy: str | None = None


def load() -> list[Case]:
    data = tomllib.loads(Path(__file__).with_name("disk_choice.toml").read_text(encoding="utf-8"))
    assert data.keys() == {"case"}
    return [Case(**each) for each in data["case"]]


def look(text: str) -> Look:
    """Read `FREE SIZE [usb] [PATH UID MODE]...`."""
    free, size, *rest = text.split()
    usb = rest[:1] == ["usb"]
    words = rest[1:] if usb else rest
    folders = tuple(
        Folder(path=path, uid=int(uid), mode=int(mode, 8))
        for path, uid, mode in zip(words[::3], words[1::3], words[2::3], strict=True)
    )
    root = Folder(path="/", uid=0, mode=0o755)
    return Look(free_kib=int(free) * _GB, size_kib=int(size) * _GB, folders=(root, *folders), usb=usb)


CASES = load()


@pytest.mark.parametrize("machine", CASES, ids=lambda machine: machine.says)
def test_disks_are_offered_in_this_order_with_these_warnings(machine: Case) -> None:
    looks = {mount: look(text) for mount, text in machine.looks.items()}
    places = choose_places(find_volumes(machine.mounts, user="ipcamera"), looks, user="ipcamera", fstab=machine.fstab)
    assert [place.home for place in places] == machine.offered
    for place, reason in zip(places, machine.no_jail, strict=bool(machine.no_jail)):
        assert reason in place.no_jail
        assert bool(place.no_jail) is bool(reason) is bool(place.remedy)
    if not machine.no_jail:
        assert [place.no_jail for place in places] == [""] * len(places)
    if machine.notes is not None:
        assert_begins(places[0].notes, machine.notes)
    if machine.last_notes is not None:
        assert_begins(places[-1].notes, machine.last_notes)
    if machine.last_remedy is not None:
        assert places[-1].remedy == machine.last_remedy


def assert_begins(notes: tuple[str, ...], expected: list[str]) -> None:
    assert [note[: len(text)] for note, text in zip(notes, expected, strict=True)] == expected


def test_no_two_cases_are_called_the_same() -> None:
    assert len({case.says for case in CASES}) == len(CASES)


def test_another_user_has_another_home() -> None:
    (volume,) = find_volumes("/dev/sda1 / ext4 rw 0 0", user="porch")
    (place,) = choose_places([volume], {"/": look("23 30")}, user="porch", fstab="")
    assert place.home == "/home/porch"
    assert place.lasting
