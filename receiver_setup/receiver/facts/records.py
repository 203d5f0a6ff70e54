"""The framing of a script's output (pure): records of a name and arbitrary bytes.

Source: `emit` in shell/common.sh.
"""

import re

_HEAD = re.compile(rb"@([a-z_]+) (\d{1,12})\n")


class RecordError(ValueError):
    """The output is incomplete: the script ended early, or something else printed into it."""


def parse_records(output: bytes) -> list[tuple[str, bytes]]:
    r"""Split `@NAME SIZE\nBYTES\n` records; the last one must be `end`.

    >>> parse_records(b"@now 4\n1234\n@end 2\nok\n")
    [('now', b'1234'), ('end', b'ok')]
    """
    records = []
    offset = 0
    while offset < len(output):
        head = _HEAD.match(output, offset)
        if head is None:
            raise RecordError(f"unexpected output {output[offset : offset + 80]!r}")
        size = int(head[2])
        start = head.end()
        if output[start + size : start + size + 1] != b"\n":
            raise RecordError(f"record {head[1].decode()} is cut off")
        records.append((head[1].decode(), output[start : start + size]))
        offset = start + size + 1
    if not records or records[-1][0] != "end":
        raise RecordError("the script did not reach its end")
    return records
