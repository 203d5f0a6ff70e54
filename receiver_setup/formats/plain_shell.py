r"""Shell scripts for a person to read and run (pure): quoted values, remarks, files, headings.

>>> print(remark("The jail: sshd refuses one that others can write to."))
# The jail: sshd refuses one that others can write to.
"""

import shlex
import textwrap

WIDTH = 110
_END = "END"


def quote(value: str) -> str:
    r"""Quote one value for a POSIX shell; ValueError for a NUL byte.

    >>> quote("a'b")
    '\'a\'"\'"\'b\''
    """
    if "\0" in value:
        raise ValueError("a shell value cannot hold a NUL byte")
    return shlex.quote(value)


def assign(name: str, value: str) -> str:
    """Return the assignment of a variable, always with quotes.

    >>> assign("CAMERA_USER", "admin")
    "CAMERA_USER='admin'"
    """
    quoted = quote(value)
    return f"{name}={quoted}" if quoted.startswith("'") else f"{name}='{quoted}'"


def remark(text: str) -> str:
    r"""Return a comment; control characters, in particular line breaks, become question marks.

    >>> remark("a\ntouch canary")
    '# a?touch canary'
    """
    return "\n".join(f"# {line}" for line in textwrap.wrap(_shown(text), WIDTH - 2, break_on_hyphens=False))


def remark_command(command: str) -> str:
    r"""Return a comment with a command to copy, always on one line.

    >>> remark_command("ls -l '/srv/usb disk'")
    "#   ls -l '/srv/usb disk'"
    """
    return f"#   {_shown(command)}"


def write_file(path: str, content: bytes) -> str:
    r"""Return the command that writes a whole file, with a here-document if it is readable text.

    >>> print(write_file("/etc/motd", b"Hello\n"))
    cat >/etc/motd <<'END'
    Hello
    END
    >>> print(write_file("/etc/motd", b"\xff"))
    printf '%b' '\0377' >/etc/motd
    """
    if not content:
        return f": >{quote(path)}"
    text = content.decode("utf-8", "replace")
    plain = text.encode() == content and text.endswith("\n") and all(c.isprintable() or c in "\n\t" for c in text)
    if not plain:
        escaped = "".join(chr(byte) if 32 <= byte < 127 and byte != 92 else f"\\0{byte:03o}" for byte in content)
        return f"printf '%b' {quote(escaped)} >{quote(path)}"
    return f"cat >{quote(path)} {here_document(text)}"


def here_document(text: str) -> str:
    r"""Return a here-document of lines that the shell does not expand.

    >>> print(here_document("END\n"))
    <<'END_'
    END
    END_
    """
    end = _END
    while end in text.splitlines():
        end += "_"
    return f"<<'{end}'\n{text}{end}"


def part_head(number: int, title: str) -> str:
    """Return the first line of a part of a script; it starts with `part_mark`."""
    return f"{part_mark(number)} {_shown(title)} ".ljust(WIDTH, "=")


def part_mark(number: int) -> str:
    """Return the beginning of a part's first line.

    >>> part_mark(2)
    '# ==== Part 2:'
    """
    return f"# ==== Part {number}:"


def _shown(text: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in text)
