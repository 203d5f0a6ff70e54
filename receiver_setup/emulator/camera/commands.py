"""One handler for each CGI command, with the maker's limits and response codes (no I/O but the test upload).

Each takes a Context and returns a Reply; `execute` finds the handler and refuses invalid values.
Source: wiki.instar.com, 1440p Series CGI List, Features Menu, FTP. For refusals that the page does not describe, the
closest code of its general list is used.
"""

import html
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import IntEnum

from receiver_setup.emulator.camera import limits
from receiver_setup.emulator.camera.profile import Profile
from receiver_setup.emulator.camera.state import CameraState
from receiver_setup.emulator.camera.uploads import UploadOutcome
from receiver_setup.formats.keys import KeyFormatError, PublicKey

_NUMBERS = re.compile(r"[0-9]+(?:-[0-9]+)?")


class Code(IntEnum):
    """Response codes that the emulated camera answers with. Source: the code list of the CGI page."""

    SUCCESS = 200
    UNKNOWN_PARAM = 201
    INVALID_VALUE = 202
    NOT_IMPLEMENTED = 203
    UNKNOWN_COMMAND = 204
    MISSING_PARAM = 208
    NO_PERMISSION = 211
    BUSY = 213
    IP_BLOCKED = 218
    UNCHANGED = 219


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer: named values in order; `framed` adds the lines `cmd` and `response` around them."""

    code: int = Code.SUCCESS
    values: tuple[tuple[str, str], ...] = ()
    framed: bool = True
    http_status: int = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """Everything that a handler may use; `run_test` does the upload and returns its outcome."""

    state: CameraState
    profile: Profile
    parameters: Mapping[str, str]
    run_test: Callable[[], UploadOutcome]


class RefusedError(Exception):
    """Answer the command with this code; nothing is changed."""

    def __init__(self, code: int) -> None:
        super().__init__(f"response {int(code)}")
        self.code = code


def execute(command: str, context: Context) -> Reply:
    """Run one command. Never raises: a refusal becomes a Reply with its code."""
    handler = HANDLERS.get(command)
    if not command:
        return Reply(code=Code.MISSING_PARAM)
    if handler is None or command in context.profile.missing_commands:
        return Reply(code=Code.UNKNOWN_COMMAND)
    if command in context.profile.denied_commands:
        return Reply(code=Code.NO_PERMISSION)
    try:
        return handler(context)
    except RefusedError as refused:
        return Reply(code=refused.code)


def render_reply(command: str, reply: Reply, *, crlf: bool = False) -> str:
    r"""Render a reply as on the maker's page.

    >>> render_reply("testftp", Reply(values=(("result", "0"),)))
    'cmd="testftp";\nresult="0";\nresponse="200";\n'
    """
    lines = list(reply.values)
    if reply.framed:
        lines = [("cmd", command), *lines, ("response", str(int(reply.code)))]
    end = "\r\n" if crlf else "\n"
    return "".join(f'{name}="{value}";{end}' for name, value in lines)


def respell(command: str, reply: Reply, echo: tuple[str, ...]) -> Reply:
    """Return the reply to a get command with its values in the spelling of the profile's `echo`.

    >>> respell("getftpattr", Reply(values=(("ft_port", "22"), ("ft_username", "a&b"))), ("zeros", "entities")).values
    (('ft_port', '0022'), ('ft_username', 'a&amp;b'))
    """
    if not command.startswith("get") or command in {"getpubkey", "gettoken"}:
        return reply
    return replace(reply, values=tuple((name, _respell(value, echo)) for name, value in reply.values))


def _respell(value: str, echo: tuple[str, ...]) -> str:
    if "zeros" in echo and _NUMBERS.fullmatch(value):
        value = "-".join(number.zfill(len(number) + 2) for number in value.split("-"))
    if "entities" in echo:
        value = html.escape(value)
    if "capitals" in echo:
        value = value if "&" in value else value.upper()
    return f"{value}  " if "blanks" in echo else value


def is_set(command: str, parameters: Mapping[str, str]) -> bool:
    """Return True if this command changes the camera."""
    return command.startswith("set") or (command == "testftp" and "sethost" in parameters)


def _only(parameters: Mapping[str, str], known: set[str] | frozenset[str]) -> None:
    if not known.issuperset(parameters):
        raise RefusedError(Code.UNKNOWN_PARAM)


def _store(context: Context, target: dict[str, str], changes: Mapping[str, str]) -> bool:
    taken = {name: value for name, value in changes.items() if name not in context.profile.ignored_fields}
    with context.state.lock:
        before = dict(target)
        context.state.later(lambda: target.update(taken))
        return {**before, **taken} != before


def _done(context: Context, *, changed: bool) -> Reply:
    unchanged = not changed and context.profile.unchanged_is_219
    return Reply(code=Code.UNCHANGED if unchanged else Code.SUCCESS)


def _checked(name: str, value: str, table: Mapping[str, limits.Limit]) -> str:
    if not table[name](value):
        raise RefusedError(Code.INVALID_VALUE)
    return value


def _getftpattr(context: Context) -> Reply:
    _only(context.parameters, frozenset())
    hidden = set()
    if not context.profile.password_returned:
        hidden.add("ft_password")
    if not context.profile.autocreatedir_in_get:
        hidden.add("ft_autocreatedir")
    return Reply(values=tuple((name, value) for name, value in context.state.fields.items() if name not in hidden))


def _setftpattr(context: Context) -> Reply:
    _only(context.parameters, frozenset(limits.FTP_FIELDS))
    needed = set(limits.FTP_FIELDS) - {"ft_password", "ft_autocreatedir"}
    if not context.parameters or (context.profile.requires_all_fields and not needed.issubset(context.parameters)):
        raise RefusedError(Code.MISSING_PARAM)
    empty = {name for name in context.profile.never_empty if context.parameters.get(name) == ""}
    if empty and context.profile.empty_answer != "ignore":
        raise RefusedError(int(context.profile.empty_answer))
    changes = {}
    for name, value in context.parameters.items():
        fitted = _checked(name, _fit(value, context.profile), limits.FTP_FIELDS)
        if name not in empty:
            changes[name] = fitted
    return _done(context, changed=_store(context, context.state.fields, changes))


def _fit(value: str, profile: Profile) -> str:
    encoded = value.encode()
    if not profile.field_limit or len(encoded) <= profile.field_limit:
        return value
    if profile.field_too_long == "refuse":
        raise RefusedError(Code.INVALID_VALUE)
    return encoded[: profile.field_limit].decode(errors="ignore")


def _getpubkey(context: Context) -> Reply:
    _only(context.parameters, frozenset())
    if context.profile.key == "none":
        if context.profile.no_key_answer == "404":
            return Reply(http_status=404)
        if context.profile.no_key_answer == "empty":
            return Reply(values=(("publickey", ""),))
        raise RefusedError(int(context.profile.no_key_answer))
    if context.profile.getpubkey_new_key:
        context.state.make_key()
    line = context.state.public_key_line or ""
    return Reply(values=(("publickey", context.profile.publickey_template.replace("{key}", line)),))


def _testftp(context: Context) -> Reply:
    _only(context.parameters, {"sethost"})
    if "sethost" in context.parameters:
        changed = _set_host(context, context.parameters["sethost"])
        if context.profile.sethost_answers == "response":
            return _done(context, changed=changed)
        if context.profile.sethost_answers == "result":
            return _test_reply(context.profile, result=0, host_key=None)
    outcome = context.run_test()
    return _test_reply(context.profile, result=outcome.result, host_key=outcome.host_key)


def _set_host(context: Context, text: str) -> bool:
    if context.profile.sethost_checks:
        try:
            PublicKey.from_base64(text)
        except KeyFormatError:
            raise RefusedError(Code.INVALID_VALUE) from None
    if "sethost" in context.profile.ignored_fields:
        return False
    return context.state.trust(text, replace=context.profile.sethost_mode == "replace")


def _test_reply(profile: Profile, *, result: int, host_key: str | None) -> Reply:
    shown = profile.hostkey_on_failure if result else profile.hostkey_on_success
    host_line = (("hostkey", host_key),) if shown and host_key else ()
    return Reply(values=(*host_line, ("result", str(int(result)))), framed=profile.test_response_field)


def _getftpaction(context: Context) -> Reply:
    _only(context.parameters, {"type"})
    actions = context.state.actions
    if "type" not in context.parameters:
        every = ((f"{key}['{name}']", value) for name in actions for key, value in actions[name].items())
        return Reply(values=tuple(every))
    if context.parameters["type"] not in actions:
        raise RefusedError(Code.INVALID_VALUE)
    return Reply(values=tuple(actions[context.parameters["type"]].items()))


def _setftpaction(context: Context) -> Reply:
    parameters = dict(context.parameters)
    kind = parameters.pop("type", None)
    actions = context.state.actions
    if kind is None:
        arrays = {f"{key}['{name}']": (name, key) for name in actions for key in limits.ACTION}
        if parameters and limits.ACTION.keys() >= parameters.keys():
            raise RefusedError(Code.MISSING_PARAM)
    elif kind in actions:
        arrays = {key: (kind, key) for key in limits.ACTION}
    else:
        raise RefusedError(Code.INVALID_VALUE)
    _only(parameters, frozenset(arrays))
    if not parameters:
        raise RefusedError(Code.MISSING_PARAM)
    changes = [(*arrays[name], _checked(arrays[name][1], value, limits.ACTION)) for name, value in parameters.items()]
    changed = [_store(context, actions[name], {key: value}) for name, key, value in changes]
    return _done(context, changed=any(changed))


def _get_attributes(group: str) -> Callable[[Context], Reply]:
    def get(context: Context) -> Reply:
        _only(context.parameters, frozenset())
        return Reply(values=tuple(context.state.attributes[group].items()))

    return get


def _set_attributes(group: str) -> Callable[[Context], Reply]:
    def set_(context: Context) -> Reply:
        table = limits.ATTRIBUTES[group]
        _only(context.parameters, frozenset(table))
        if not context.parameters:
            raise RefusedError(Code.MISSING_PARAM)
        given = context.parameters.items()
        changes = {
            name: _checked(name, _fit(value, context.profile) if name == "name" else value, table)
            for name, value in given
        }
        return _done(context, changed=_store(context, context.state.attributes[group], changes))

    return set_


def _gettoken(context: Context) -> Reply:
    _only(context.parameters, frozenset())
    token, until = context.state.make_token()
    return Reply(values=(("token", token), ("validity", str(until))))


HANDLERS: Mapping[str, Callable[[Context], Reply]] = {
    "getftpattr": _getftpattr,
    "setftpattr": _setftpattr,
    "getpubkey": _getpubkey,
    "testftp": _testftp,
    "getftpaction": _getftpaction,
    "setftpaction": _setftpaction,
    "gettoken": _gettoken,
    **{f"get{group}": _get_attributes(group) for group in limits.ATTRIBUTES},
    **{f"set{group}": _set_attributes(group) for group in limits.ATTRIBUTES},
}
"""Every command that the emulated camera knows."""
