"""The next commands in a receipt: to verify and to undo the set-up, with the targets and options of this run."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

from receiver_setup.camera.wire.address import DEFAULT_USER, CameraAddress
from receiver_setup.cli.inputs.run_targets import UPLOAD_OPTIONS, RunTarget
from receiver_setup.compat import join_command
from receiver_setup.report import Commands, ReceiverReport

_PATHS = ("identity", "known_hosts", "ssh_config", "ssh_password_file", "sudo_password_file", "camera_password_file")
_FLAGS = ("isolate", "camera_via_receiver", "camera_insecure")
_TLS_WORDS = ("camera_ca_file", "camera_fingerprint")
_DEFAULTS = {"user": "ipcamera", "directory": "recordings", "receiver_address": None, "camera_login": "auto"}


def setup_command(options: dict[str, Any], targets: Sequence[RunTarget] = ()) -> str:
    """Return the set-up command for the same targets, which repairs their set-up; quoted for a shell."""
    if options["inventory"] is not None:
        only = tuple(name for target in targets for name in target.selected) if options["only"] else ()
        return _line(["setup", *_inventory(options, only), *(_given(targets[0], jail=True) if targets else ())])
    addresses = [CameraAddress.parse(text) for text in options["cameras"]]
    jail = () if options["jail"] else ("--no-jail",)
    return _line(["setup", *_targets(options, addresses), *_shared(options), *jail])


def whole_command(options: dict[str, Any]) -> str:
    """Return the set-up command with all chosen options, quoted for a shell; never with a password."""
    words = []
    for name in UPLOAD_OPTIONS:
        if options[name] is not None:
            words += [_option_name(name), str(options[name])]
    for name, default in (("auth", "auto"), ("sha1", "auto"), ("confirm_within", 60), ("timeout", 10.0)):
        if options[name] != default:
            words += [_option_name(name), str(options[name])]
    if options["adopt"]:
        words.append("--adopt")
    if options["groups"]:
        words += ["--groups", options["groups"]]
    if options["pin_source"] is not None:
        words.append("--pin-source" if options["pin_source"] else "--no-pin-source")
    return setup_command(options) + "".join(f" {join_command([word])}" for word in words)


def commands_for(options: dict[str, Any], targets: Sequence[RunTarget]) -> Callable[[ReceiverReport], Commands | None]:
    """Return a function that makes the commands of a receiver."""
    if options["inventory"] is None:
        return partial(make_commands, options=options)
    by_name = {target.name: target for target in targets}

    def make(receiver: ReceiverReport) -> Commands | None:
        target = by_name[receiver.name]
        proven = tuple(camera.name for camera in receiver.cameras if camera.ok)
        if not proven:
            # Without a name the command would apply to the whole inventory.
            return None
        only = target.selected if len(proven) == len(receiver.cameras) else proven
        verify = ["verify", *_inventory(options, target.selected), *_given(target, jail=True)]
        remove = ["remove", *_inventory(options, only), *_given(target, jail=False)]
        return _printable(Commands(verify=_line(verify), remove=_line(remove)))

    return make


def make_commands(receiver: ReceiverReport, options: dict[str, Any]) -> Commands | None:
    """Return the commands, quoted for a shell, never with a password; None if a path cannot be typed.

    The verify command names every camera of the run, because with several each has its own directory. The remove
    command names only those that were set up: the settings of a failed camera are restored already.
    """
    proven = {camera.address for camera in receiver.cameras if camera.ok}
    addresses = [CameraAddress.parse(text) for text in options["cameras"]]
    shared = _shared(options)
    jail = () if options["jail"] else ("--no-jail",)
    verify = ["verify", *_targets(options, addresses), *shared, *jail]
    remove = ["remove", *_targets(options, [each for each in addresses if each.display in proven]), *shared]
    return _printable(Commands(verify=_line(verify), remove=_line(remove)))


def _printable(commands: Commands) -> Commands | None:
    return commands if (commands.verify + commands.remove).isprintable() else None


def _inventory(options: dict[str, Any], only: Sequence[str]) -> list[str]:
    return ["--inventory", str(options["inventory"].absolute()), *(word for name in only for word in ("--only", name))]


def _given(target: RunTarget, *, jail: bool) -> list[str]:
    """Return the options, given in addition to the inventory, that every command needs to find the same accounts."""
    words: list[str] = []
    for name in sorted(target.given & {*_DEFAULTS, *_PATHS, *_FLAGS, *_TLS_WORDS, "home"}):
        value = target.options[name]
        if name in _FLAGS:
            words += [_option_name(name)] if value else []
        else:
            words += [_option_name(name), str(value.absolute() if isinstance(value, Path) else value)]
    if jail and "jail" in target.given:
        words.append("--jail" if target.options["jail"] else "--no-jail")
    return words


def _targets(options: dict[str, Any], cameras: list[CameraAddress]) -> list[str]:
    receiver = ["--local"] if options["local"] else ["--receiver", str(options["receiver"])]
    return [*receiver, *(word for camera in cameras for word in ("--camera", spell_camera(camera)))]


def spell_camera(camera: CameraAddress) -> str:
    """Format a camera's address for `--camera`, without its password."""
    # The zone of an IPv6 address is escaped in a URL, but not in an option.
    scheme, _, place = camera.url.replace("%25", "%").partition("://")
    user = "" if camera.user == DEFAULT_USER else f"{quote(camera.user, safe='')}@"
    return f"{scheme}://{user}{place}"


def _shared(options: dict[str, Any]) -> list[str]:
    """Return the non-default options that every command needs to find the same account."""
    words = []
    for name, default in _DEFAULTS.items():
        if options[name] != default:
            words += [_option_name(name), str(options[name])]
    if options["home"] not in (None, f"/home/{options['user']}"):
        words += ["--home", str(options["home"])]
    for name in _PATHS:
        if options[name] is not None:
            # The command may be pasted in another folder.
            words += [_option_name(name), str(options[name].absolute())]
    flags = [_option_name(name) for name in ("isolate", "camera_via_receiver") if options[name]]
    return [*words, *_tls(options), *flags]


def _tls(options: dict[str, Any]) -> list[str]:
    words = []
    if options["camera_ca_file"] is not None:
        words += ["--camera-ca-file", str(options["camera_ca_file"].absolute())]
    if options["camera_fingerprint"]:
        words += ["--camera-fingerprint", str(options["camera_fingerprint"])]
    return [*words, "--camera-insecure"] if options["camera_insecure"] else words


def _option_name(name: str) -> str:
    return "--" + name.replace("_", "-")


def _line(words: list[str]) -> str:
    return join_command(["receiver-setup", *words])
