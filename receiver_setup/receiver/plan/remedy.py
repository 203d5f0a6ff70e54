"""What a person is told to do on a receiver (pure): a command to paste as it stands, or an edit in words.

A command stands between backticks and begins with sudo, or writes through it; nothing else between backticks does.
It adds, and takes away nothing but what its sentence names. What cannot be pasted is told in words. An edit of a file
that the receiver's system writes anew is never proposed: then its own way is.
"""

import re
from collections.abc import Iterable, Sequence

from receiver_setup.formats.plain_shell import quote
from receiver_setup.formats.sshd_config import parse_effective
from receiver_setup.receiver.facts.configuration import ConfigurationLine, find_include, read_order
from receiver_setup.receiver.facts.manager import SOCKET, reload_command
from receiver_setup.receiver.facts.model import Facts, PathState
from receiver_setup.receiver.plan.platforms import find_writer, is_include_lost

DROP_IN_FOLDER = "/etc/ssh/sshd_config.d"


def command(*words: str) -> str:
    """Return one command of root's, each word quoted for the shell.

    >>> command("chmod", "go-w", "/srv/usb disk")
    "sudo chmod go-w '/srv/usb disk'"
    """
    return " ".join(["sudo", *map(quote, words)])


def paste(commands: Iterable[str], otherwise: str) -> str:
    """Return commands as one line to paste, or `otherwise` where a line cannot show them as they are.

    >>> paste(["sudo true", "sudo false"], "")
    '`sudo true && sudo false`'
    """
    text = " && ".join(commands)
    return f"`{text}`" if text and text.isprintable() and "`" not in text else otherwise


def write_lines(path: str, lines: Iterable[str]) -> str:
    r"""Return the command that makes a file of lines.

    >>> write_lines("/etc/a b", ["it's", "!"])
    'printf \'%s\\n\' \'it\'"\'"\'s\' \'!\' | sudo tee \'/etc/a b\''
    """
    return f"printf '%s\\n' {' '.join(map(quote, lines))} | sudo tee {quote(path)}"


def reload_commands(facts: Facts, *, reload: bool = True) -> list[str] | None:
    """Return what brings sshd's configuration into use; none behind a socket, None where it is not known.

    Without `reload` none either: for what comes before a set-up that reloads sshd itself, and puts all back where
    that shuts the administrator out.
    """
    if facts.manager == SOCKET or not reload:
        return []
    known = reload_command(facts.manager)
    return None if known is None else [f"sudo {facts.sshd_command} -t", f"sudo {known}"]


def then_reload(facts: Facts, *, reload: bool = True) -> str:
    """Return how a sentence about sshd's configuration goes on."""
    commands = reload_commands(facts, reload=reload)
    if commands is None:
        return ", then let sshd read its configuration anew"
    return f", then {paste(commands, '')}" if commands else ""


def add_lines(facts: Facts, name: str, lines: Sequence[str], *, reload: bool = True) -> str:
    """Return how lines come into sshd's configuration that hold wherever they stand: a Match block, a longer list.

    They are a file of their own where sshd reads that, so that nothing of anybody's is edited.
    """
    path = f"{DROP_IN_FOLDER}/00-{name}.conf"
    include = find_include(facts.configuration, path, main=facts.sshd_main)
    shown = ", ".join(f"`{line.strip()}`" for line in lines)
    at_top = f"put {'this line' if len(lines) == 1 else 'these lines'} at the top of {facts.sshd_main}: {shown}"
    if include is None or include.match is not None or is_include_lost(facts, path) is not None:
        writer = find_writer(facts, facts.sshd_main)
        if writer is not None and writer.include:
            return writer.include.format(lines=shown)
        return f"{at_top}{then_reload(facts, reload=reload)}"
    return paste_and_reload(facts, [write_lines(path, lines)], at_top, reload=reload)


def paste_and_reload(facts: Facts, commands: Sequence[str], otherwise: str, *, reload: bool = True) -> str:
    """Return commands with those that bring sshd's configuration into use, as one line where they are known."""
    more = reload_commands(facts, reload=reload)
    if more is None:
        return f"{paste(commands, otherwise)}{then_reload(facts)}"
    return paste([*commands, *more], f"{otherwise}{then_reload(facts, reload=reload)}")


def set_globally(facts: Facts, name: str, keyword: str, value: str) -> str:
    """Return how a setting comes into sshd's configuration of which the first line wins."""
    path = f"{DROP_IN_FOLDER}/00-{name}.conf"
    for read in read_order(facts.configuration, drop_in=path, main=facts.sshd_main):
        if read.line.name == keyword.lower() and read.match is None:
            return f"{replace_line(facts, read.line, f'{keyword} {value}')}{then_reload(facts)}"
    return add_lines(facts, name, [f"{keyword} {value}"])


def add_to_list(facts: Facts, name: str, keyword: str, word: str, *, mark: str = "") -> str:
    """Return how a word comes into a list of which the first line wins; `mark` adds it to the built-in list.

    Where somebody has made a list, that stays, with the word behind it.
    """
    listed = ",".join(parse_effective(facts.sshd_effective).get(keyword.lower(), []))
    own = find_global(facts, keyword) is not None and listed not in {"", "none"}
    return set_globally(facts, name, keyword, f"{listed},{word}" if own else f"{mark}{word}")


def find_global(facts: Facts, keyword: str) -> ConfigurationLine | None:
    """Return a line that sets a keyword for everybody; None where the built-in value holds, as far as is seen."""
    lines = (line for line in facts.configuration if line.name == keyword.lower())
    return next(lines, None)


def edit_file(facts: Facts, file: str, edit: str, commands: Sequence[str] = ()) -> str:
    """Return an edit of a file with the commands that make it, or where the system would undo it: its own way."""
    writer = find_writer(facts, file)
    if writer is None or not writer.change:
        pasted = paste(commands, "")
        return f"{edit}: {pasted}" if pasted else edit
    return f"{writer.change} ({edit}; by hand {writer.name} would undo it when it writes that file anew)"


def edit_line(facts: Facts, line: ConfigurationLine, edit: str) -> str:
    """Return an edit of a line, or where the system would undo it: its own way."""
    return edit_file(facts, line.file, edit)


def replace_line(facts: Facts, line: ConfigurationLine, text: str) -> str:
    """Return the edit of one line, in words."""
    return edit_line(facts, line, f"make the line {line.place} `{text}`")


def delete_line(facts: Facts, line: ConfigurationLine) -> str:
    """Return the edit that takes a line away, in words."""
    return edit_line(facts, line, f"delete the line {line.place}")


def prepend_line(facts: Facts, line: str, *, reload: bool = True) -> str:
    """Return how a line comes to the top of the main file, whose former state stays beside it.

    It is written through, so that owner and mode stay, and a link a link.
    """
    main = facts.sshd_main
    writer = find_writer(facts, main)
    if writer is not None and writer.include:
        return writer.include.format(lines=f"`{line}`")
    before = f"{main}.before"
    new = f"printf '%s\\n' {quote(line)}; {command('cat', before)}"
    commands = [command("cp", "-p", main, before), f"{{ {new}; }} | {command('tee', main)} >/dev/null"]
    return f"put `{line}` at the top of {main}: {paste_and_reload(facts, commands, '', reload=reload)}"


def leave_out(facts: Facts, match: ConfigurationLine, user: str) -> str:
    """Return the edit by which a Match line leaves one user out, in words; what else stands in it stays as it is."""
    criterion = re.compile(r'(?i)(\buser(?:\s+|\s*=\s*)"?)(?=\S)')
    written = f"{match.keyword} {match.value}"
    if '"' not in written and "#" not in written and match.value.lower() != "all":
        if len(criterion.findall(written)) == 1:
            return replace_line(facts, match, criterion.sub(rf"\g<1>!{user},", written))
        if not criterion.search(written):
            return replace_line(facts, match, f"{written} User *,!{user}")
    return edit_line(facts, match, f"let `{match.text}` at {match.place} leave {user} out")


def close_to_others(path: str, state: PathState | None) -> list[str]:
    """Return what makes a path root's and writable for nobody else; only what is not so where that is known."""
    chown = state is None or state.uid != 0
    chmod = state is None or bool(state.mode & 0o022)
    owner = [command("chown", "root", path)] if chown else []
    return [*owner, command("chmod", "go-w", path)] if chmod else owner
