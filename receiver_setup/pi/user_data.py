"""cloud-init's `user-data` with one command of ours in its `runcmd` (pure).

YAML is read to find the place and to prove the result, and written by inserting text: what belongs to the user stays
to the byte, comments, order, anchors and line ends included. Source: cloud-init's documentation, user-data formats
and the module runcmd; YAML 1.1, which cloud-init reads (by the same library).
"""

import re
from typing import Any

import yaml

from receiver_setup.errors import ConfigurationError
from receiver_setup.pi.block import (
    BEGIN,
    END,
    FILE_ADDED,
    HEADER_ADDED,
    NEWLINE_ADDED,
    cut_blocks,
    make_block,
    newline_of,
)

FILE = "user-data"
ENTRY = ["sh", "/boot/firmware/receiver-setup/first-boot.sh", "start"]
"""What cloud-init runs once, as root, late in the first boot."""

_HEADER = "#cloud-config"
_ITEM = f"[{', '.join(ENTRY)}]"
_NEW = ("runcmd:", f"  - {_ITEM}")
_OURS = {"runcmd:", f"- {_ITEM}"}
_CONTINUED = re.compile(
    rf"^(?P<indent> *){BEGIN}[^\n]*\n(?P<key> *runcmd:[ \t]*\r?\n)[^\n]*\n *{END}[^\n]*\n"
    r"(?=(?:[ \t]*(?:#[^\n]*)?\r?\n)*(?P=indent) *-\s)",
    re.MULTILINE,
)
"""Our own runcmd, to which somebody has added commands below: its first line is theirs as well by now."""
_FLOW_ITEM = re.compile(re.escape(_ITEM) + r"(?:, ?)?")
_IS_CONFIG = re.compile(rf"\s*{_HEADER}(?![-\w])", re.IGNORECASE)
_BY_HAND = f"add this entry to its runcmd yourself: {_ITEM}"
_OTHER_KINDS = (
    ("#!", "a script"),
    ("#include", "a list of addresses to load from"),
    ("#cloud-boothook", "a boot hook"),
    ("#part-handler", "a part handler"),
    ("#cloud-config-archive", "an archive of several parts"),
    ("#cloud-config-jsonp", "a JSON patch"),
    ("## template:", "a template"),
    ("content-type:", "a message of several parts"),
    ("mime-version:", "a message of several parts"),
)


def merge_user_data(text: str | None) -> str:
    r"""Return `user-data` with our command first in `runcmd`; `text` None: there is no such file.

    Doing it twice changes nothing, and `unmerge_user_data` gives the same text back.
    Raises ConfigurationError for what cloud-init would not read as #cloud-config, and for a place that cannot be found.

    >>> print(merge_user_data("#cloud-config\nruncmd: [reboot]\n"), end="")
    #cloud-config
    runcmd: [[sh, /boot/firmware/receiver-setup/first-boot.sh, start], reboot]
    """
    base = unmerge_user_data(text)
    if base is None or not base.strip():
        note = FILE_ADDED if base is None else HEADER_ADDED
        newline = newline_of(base or "")
        return f"{_HEADER}{newline}" + make_block(*_NEW, newline=newline, note=note) + (base or "")
    _refuse_other_kinds(base)
    merged = _insert(base, _parse(base))
    if _load(merged) != _expected(_load(base)) or unmerge_user_data(merged) != base:
        raise ConfigurationError(
            f"{FILE} is written in a way that nothing can be added to safely (an anchor, a merge or an odd layout)",
            hint=_BY_HAND,
        )
    return merged


def unmerge_user_data(text: str | None) -> str | None:
    """Return `user-data` without what is ours; None when the whole file is. The text need not be YAML any more."""
    if text is None:
        return None
    rest, notes = cut_blocks(_CONTINUED.sub(r"\g<key>", text), file=FILE, ours=_OURS)
    rest = _FLOW_ITEM.sub("", rest)
    if notes & {FILE_ADDED, HEADER_ADDED}:
        header, _, below = rest.partition("\n")
        if header.strip() == _HEADER and not below.strip():
            return None if FILE_ADDED in notes and not below else below
    return rest


def _refuse_other_kinds(text: str) -> None:
    if text.startswith("\ufeff"):
        raise ConfigurationError(
            f"{FILE} begins with a byte order mark, and cloud-init passes over such a file",
            hint="save it as UTF-8 without a byte order mark, then run this again",
        )
    if _IS_CONFIG.match(text):
        return
    start = text.lstrip().lower()
    kind = next((kind for mark, kind in _OTHER_KINDS if start.startswith(mark)), None)
    first = text.lstrip().splitlines()[0]
    raise ConfigurationError(
        f"{FILE} is {kind}, to which nothing can be added"
        if kind
        else f"{FILE} begins with {first[:40]!r}, and cloud-init passes over what does not begin with {_HEADER}",
        hint=f"make it {_HEADER}, with what it does as entries of runcmd, or move it away and run this again",
    )


def _load(text: str) -> dict[Any, Any]:
    """Return the settings as cloud-init reads them."""
    try:
        loaded = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise _invalid(error) from error
    return {} if loaded is None else loaded


def _parse(text: str) -> yaml.Node | None:
    """Return where what stands, or None where there are only comments."""
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise _invalid(error) from error
    if isinstance(root, yaml.MappingNode):
        _load(text)
        if not root.flow_style:
            return root
    elif root is None or (isinstance(root, yaml.ScalarNode) and not root.value):
        return None
    raise ConfigurationError(
        f"{FILE}, line {root.start_mark.line + 1}: the settings are not one to a line, as `name: value`", hint=_BY_HAND
    )


def _invalid(error: Exception) -> ConfigurationError:
    mark = getattr(error, "problem_mark", None)
    place = f"{FILE}, line {mark.line + 1}" if mark is not None else FILE
    problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "it cannot be read"
    return ConfigurationError(
        f"{place}: this is no valid YAML, so cloud-init would pass over it: {problem}",
        hint="mend that line (a tab or a lost indentation is the usual reason), then run this again",
    )


def _expected(base: dict[Any, Any]) -> dict[Any, Any]:
    return {**base, "runcmd": [ENTRY, *(base.get("runcmd") or [])]}


def _insert(text: str, root: yaml.Node | None) -> str:
    indent = root.start_mark.column if root is not None else 0
    found = [] if root is None else [(k, v) for k, v in root.value if k.value == "runcmd"]
    if len(found) > 1:
        raise ConfigurationError(
            f"{FILE}, line {found[1][0].start_mark.line + 1}: there is a second runcmd, and only one of them counts",
            hint="make one list of the two, then run this again",
        )
    if not found:
        return _insert_lines(text, _top(text), indent, _NEW)
    key, value = found[0]
    if isinstance(value, yaml.ScalarNode) and value.start_mark.index == value.end_mark.index:
        return _insert_lines(text, _line_after(text, value.end_mark.index), indent + 2, (f"- {_ITEM}",))
    if isinstance(value, yaml.SequenceNode) and value.start_mark.index > key.start_mark.index:
        start = value.start_mark.index
        if value.flow_style and text[start] == "[":
            return f"{text[: start + 1]}{_ITEM}, {text[start + 1 :]}"
        line = text.rfind("\n", 0, start) + 1
        if text[start] == "-" and not text[line:start].strip(" "):
            return _insert_lines(text, line, start - line, (f"- {_ITEM}",))
    raise ConfigurationError(
        f"{FILE}, line {key.start_mark.line + 1}: runcmd is not a plain list of commands",
        hint="write it as a list, one `- command` a line, then run this again",
    )


def _insert_lines(text: str, place: int, indent: int, lines: tuple[str, ...]) -> str:
    newline = newline_of(text)
    before, after = text[:place], text[place:]
    if before.endswith("\n"):
        return before + make_block(*lines, indent=indent, newline=newline) + after
    return before + newline + make_block(*lines, indent=indent, newline=newline, note=NEWLINE_ADDED) + after


def _top(text: str) -> int:
    """Return where the settings begin: below the header, and below the line `---` where there is one."""
    place = _line_after(text, text.index("#"))
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        if isinstance(event, yaml.DocumentStartEvent) and event.explicit and event.end_mark is not None:
            return _line_after(text, event.end_mark.index)
    return place


def _line_after(text: str, place: int) -> int:
    """Return the beginning of the next line, or the end of the text."""
    return text.find("\n", place) + 1 or len(text)
