"""What a look compares with a receipt is told at the receiver that it concerns."""

from datetime import UTC, datetime

from receiver_setup.cli.commands.verify_run import _compare
from receiver_setup.receipt import make_receipt
from receiver_setup.report import CameraReport, ReceiverReport, Report


def look(*addresses: str, home: str = "/home/ipcamera") -> Report:
    return Report(
        check=False,
        receivers=[
            ReceiverReport(
                address=address,
                user="ipcamera",
                home=home if address == addresses[-1] else "/home/ipcamera",
                cameras=[CameraReport(name=f"camera-of-{address}", address="http://x")],
            )
            for address in addresses
        ],
    )


RECEIPT = make_receipt(look("attic", "nas"), made_at=datetime(2026, 1, 31, tzinfo=UTC))


def claims(report: Report) -> list[list[tuple[bool | None, str]]]:
    return [[(claim.ok, claim.cause) for claim in receiver.claims] for receiver in report.receivers]


def test_each_receiver_is_compared_for_itself() -> None:
    report = look("attic", "nas", home="/srv/cams")
    _compare(RECEIPT, report, part=False)
    told = "the receiver nas has the upload user's home at /srv/cams, which was at /home/ipcamera"
    assert claims(report) == [[(True, "")], [(False, told)]]


def test_what_was_not_looked_at_is_missing_unless_only_a_part_was_wished() -> None:
    whole, part = look("nas"), look("nas")
    _compare(RECEIPT, whole, part=False)
    _compare(RECEIPT, part, part=True)
    told = "the receiver ipcamera@attic is in the receipt, but was not checked now"
    assert claims(whole) == [[(False, told)]]
    assert claims(part) == [[(True, "")]]


def test_a_look_at_nothing_is_compared_with_nothing() -> None:
    report = Report(check=False)
    _compare(RECEIPT, report, part=True)
    assert report.exit_code == 0
