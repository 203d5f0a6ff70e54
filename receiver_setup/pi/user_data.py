"""Add our command to `runcmd` in cloud-init's `user-data` (pure).

YAML is parsed to find the place and to check the result, but text is inserted: the user's own text is kept byte for
byte, including comments, order, anchors and line ends. Source: cloud-init's documentation, user-data formats and the
module runcmd; YAML 1.1, which cloud-init reads (with the same library).
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
"""The command that cloud-init runs once, as root, late in the first boot."""

_HEADER = "#cloud-config"
_ITEM = f"[{', '.join(ENTRY)}]"
_NEW = ("runcmd:", f"  - {_ITEM}")
_OURS = {"runcmd:", f"- {_ITEM}"}
_CONTINUED = re.compile(
    rf"^(?P<indent> *){BEGIN}[^\n]*\n(?P<key> *runcmd:[ \t]*\r?\n)[^\n]*\n *{END}[^\n]*\n"
    r"(?=(?:[ \t]*(?:#[^\n]*)?\r?\n)*(?P=indent) *-\s)",
    re.MULTILINE,
)
"""Our own runcmd with commands added below by the user, who now needs its first line as well."""
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
    r"""Return `user-data` with our command first in `runcmd`; `text` is None if the file does not exist.

    Idempotent, and undone exactly by `unmerge_user_data`.
    Raises ConfigurationError if cloud-init would not read it as #cloud-config, or no place is found.

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
            f"{FILE} cannot be extended safely (it has an anchor, a merge or an unusual layout)",
            hint=_BY_HAND,
        )
    return merged


def unmerge_user_data(text: str | None) -> str | None:
    """Return `user-data` without our lines; None if the whole file is ours. The text need not be valid YAML."""
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
            f"{FILE} begins with a byte order mark, so cloud-init ignores it",
            hint="save it as UTF-8 without a byte order mark, then run this again",
        )
    if _IS_CONFIG.match(text):
        return
    start = text.lstrip().lower()
    kind = next((kind for mark, kind in _OTHER_KINDS if start.startswith(mark)), None)
    first = text.lstrip().splitlines()[0]
    raise ConfigurationError(
        f"{FILE} is {kind}, which cannot be extended"
        if kind
        else f"{FILE} begins with {first[:40]!r}, not with {_HEADER}, so cloud-init ignores it",
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
    """Parse the YAML with positions; None if there are only comments."""
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
        f"{place}: this is not valid YAML, so cloud-init would ignore it: {problem}",
        hint="fix that line (usually a tab or a wrong indentation), then run this again",
    )


def _expected(base: dict[Any, Any]) -> dict[Any, Any]:
    return {**base, "runcmd": [ENTRY, *(base.get("runcmd") or [])]}


def _insert(text: str, root: yaml.Node | None) -> str:
    indent = root.start_mark.column if root is not None else 0
    found = [] if root is None else [(k, v) for k, v in root.value if k.value == "runcmd"]
    if len(found) > 1:
        raise ConfigurationError(
            f"{FILE}, line {found[1][0].start_mark.line + 1}: there is a second runcmd, and only one of them is used",
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
        hint="write it as a list, with one `- command` per line, then run this again",
    )


def _insert_lines(text: str, place: int, indent: int, lines: tuple[str, ...]) -> str:
    newline = newline_of(text)
    before, after = text[:place], text[place:]
    if before.endswith("\n"):
        return before + make_block(*lines, indent=indent, newline=newline) + after
    return before + newline + make_block(*lines, indent=indent, newline=newline, note=NEWLINE_ADDED) + after


def _top(text: str) -> int:
    """Return where the settings begin: below the header, and below the line `---` if there is one."""
    place = _line_after(text, text.index("#"))
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        if isinstance(event, yaml.DocumentStartEvent) and event.explicit and event.end_mark is not None:
            return _line_after(text, event.end_mark.index)
    return place


def _line_after(text: str, place: int) -> int:
    """Return the beginning of the next line, or the end of the text."""
    return text.find("\n", place) + 1 or len(text)
