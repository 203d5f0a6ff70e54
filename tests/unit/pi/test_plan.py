"""What is written and deleted, and that the order of it leaves no half job behind a power cut."""

from collections.abc import Iterator, Sequence

import pytest

from receiver_setup.pi.plan import (
    HALF,
    JOB,
    PACKAGE,
    PASSWORD,
    Action,
    CardChange,
    Wanted,
    plan_prepare,
    plan_remove,
    room_needed,
)

DEB = "receiver-setup/debs/a.deb"


def files(*, package: str = "1", password: str = "1", job: str = "1", own: str = "1") -> list[Wanted]:  # noqa: S107 - a placeholder
    contents = {PACKAGE: package, PASSWORD: password, JOB: job, "user-data": own}
    return [Wanted.of(path, text.encode()) for path, text in contents.items()]


def present(wanted: Sequence[Wanted]) -> dict[str, str]:
    return {each.path: each.digest for each in wanted}


def follow(disk: dict[str, str], changes: Sequence[CardChange], wanted: Sequence[Wanted]) -> Iterator[dict[str, str]]:
    """Return the disk before the first change and after each."""
    digests = present(wanted)
    disk = dict(disk)
    yield dict(disk)
    for change in changes:
        if change.action is Action.WRITE:
            disk[change.path] = digests[change.path]
        elif change.action is Action.DELETE:
            disk.pop(change.path, None)
        yield dict(disk)


def test_nothing_is_done_twice() -> None:
    assert {change.action for change in plan_prepare(present(files()), files())} == {Action.KEEP}


@pytest.mark.parametrize(
    "before",
    [
        {},
        present(files()),
        present(files(password="2")),
        present(files(job="2")),
        present(files(package="2", password="2", job="2")),
        {**present(files()), HALF: "x"},
        {**present(files(job="2")), DEB: "x"},
        {path: digest for path, digest in present(files()).items() if path != JOB},
    ],
)
def test_wherever_the_power_goes_no_job_stands_beside_what_belongs_to_another(before: dict[str, str]) -> None:
    wanted = files()
    done, olds = present(wanted), dict(before)
    for disk in follow(before, plan_prepare(before, wanted), wanted):
        folder = {path: digest for path, digest in disk.items() if path.startswith("receiver-setup/")}
        if JOB in disk and disk[JOB] == done[JOB] != olds.get(JOB):
            assert folder == {path: digest for path, digest in done.items() if path in folder}
            assert PASSWORD in folder
        if JOB in disk and disk[JOB] != done[JOB]:
            assert folder == {path: digest for path, digest in olds.items() if path.startswith("receiver-setup/")}
        again = list(follow(disk, plan_prepare(disk, wanted), wanted))[-1]
        assert again == done
    assert disk == done


def test_what_starts_the_job_is_written_last() -> None:
    order = [change.path for change in plan_prepare({}, files()) if change.action is Action.WRITE]
    assert order == [PACKAGE, PASSWORD, JOB, "user-data"]


def test_an_old_password_is_overwritten_before_the_new_one_is_written() -> None:
    changes = plan_prepare(present(files(password="2")), files())
    ours = [change.action for change in changes if change.path == PASSWORD]
    assert ours == [Action.DELETE, Action.WRITE]


def test_a_removal_disarms_first_and_deletes_the_job_and_the_secrets_next() -> None:
    own = Wanted.of("cmdline.txt", b"x")
    rest = {"cmdline.txt": own, "firstrun.sh": None, "user-data": Wanted.of("user-data", b"y")}
    changes = plan_remove({**present(files()), HALF: "x"}, rest, ["user-data"])
    assert [(change.path, change.action) for change in changes] == [
        ("cmdline.txt", Action.WRITE),
        ("firstrun.sh", Action.DELETE),
        ("user-data", Action.KEEP),
        (JOB, Action.DELETE),
        (HALF, Action.DELETE),
        (PASSWORD, Action.DELETE),
        (PACKAGE, Action.DELETE),
    ]


def test_room_is_counted_for_what_is_written_alone() -> None:
    changes = plan_prepare(present(files(job="2")), files())
    assert room_needed(changes, {JOB: 100_000}) == 4 * 32 * 1024
