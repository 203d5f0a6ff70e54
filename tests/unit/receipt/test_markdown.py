"""A receipt for people."""

from support.receipts import COMMANDS, camera_report, ed25519, failed_report, receipt_of, rsa

from receiver_setup import __version__, report
from receiver_setup.receipt import render_markdown

WHOLE = f"""\
# Receipt of a camera set-up

Written by receiver-setup {__version__} on 31 January 2026, 12:00:00 UTC.

## Receiver: attic

| what | value |
|---|---|
| upload user | `ipcamera` |
| home | `/home/ipcamera`, the jail |
| host key | `{ed25519(b"h")}` |
| host key | `{rsa(bytes([0x99]))}` |

### Camera: porch (http://porch)

| what | value |
|---|---|
| recordings | `/home/ipcamera/recordings` |
| dials | `192.168.2.110`, port 22 |
| signs in | with its own key, 2048 bits, `{rsa()}` |
| verifies | `{ed25519(b"h")}` |
| proof | `Test-Snapshot.jpeg`, 31337 bytes, login by publickey |
| uploads | videos at an alarm |

### Camera: gate (http://gate)

Not set up: the camera gate said no

### Public keys

    {ed25519(b"h").line}
    {rsa(bytes([0x99])).line}
    {rsa().line} porch

### Verify again

    {COMMANDS.verify}

### Undo it

    {COMMANDS.remove}
"""


def test_it_reads_so() -> None:
    assert render_markdown(receipt_of(camera_report(), failed_report())) == WHOLE


def test_what_is_not_known_is_not_told() -> None:
    camera = camera_report(public_key=None, auth="password", host_key=None, uploads=None, server=None)
    text = render_markdown(receipt_of(camera, jail=False, address="local"))
    for told in (
        "## Receiver: this machine", "`/home/ipcamera`, no jail", "with a random password", "login by password",
        "the host key that it trusts", "not reported by the camera",
    ):  # fmt: skip
        assert told in text
    assert "| dials" not in text
    assert "None" not in text


def test_a_camera_with_an_account_of_its_own_tells_it() -> None:
    text = render_markdown(receipt_of(camera_report(user="ipcamera-porch")))
    assert "| upload user | one for each camera |" in text
    assert "| upload user | `ipcamera-porch` |" in text
    assert "| home" not in text


def test_others_words_stay_words() -> None:
    """A camera that calls its file so cannot put a picture, a link or a row of its own into the receipt."""
    test = report.TestReport(result=0, file="a`|b\n| c | d |", bytes=1)
    warning = "![x](http://evil) <img src=x> # *b*\n\n## New"
    text = render_markdown(receipt_of(camera_report(test=test, warnings=[warning])))
    assert "| proof | `` a`\\|b \\| c \\| d \\| ``, 1 bytes" in text
    assert "!\\[x\\](http://evil) \\<img src=x\\> # \\*b\\* ## New" in text
    assert "\n## New" not in text
