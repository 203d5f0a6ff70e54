"""The camera's half of a plan as curl lines (pure): what a person sends instead of the client.

Each line has its reason above it; a setting that needs no change is only mentioned in a remark. The text contains no
secrets: the script prompts for them and passes them to curl on standard input.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files

from receiver_setup.camera.messages import FIELDS
from receiver_setup.camera.settings.plan import Change
from receiver_setup.camera.settings.target import UploadTarget, plan_fields
from receiver_setup.camera.wire.address import CameraAddress
from receiver_setup.camera.wire.command import Parameters
from receiver_setup.camera.wire.connection import Tls
from receiver_setup.camera.wire.login import Login
from receiver_setup.camera.wire.query import PATH
from receiver_setup.formats.keys import PublicKey
from receiver_setup.formats.plain_shell import assign, part_head, quote, remark, remark_command

_REFUSED = (
    "the receiver's log says why: for a SHA-1 signature explain it again with --sha1 always, "
    "for a camera that has no login by key with --auth password"
)
_SIGN_IN = {
    Login.BASIC: 'LOGIN="user = \\"$(escape "$CAMERA_USER:$CAMERA_PASSWORD")\\""',
    Login.QUERY: 'LOGIN="data-urlencode = \\"user=$(escape "$CAMERA_USER")\\"\n'
    'data-urlencode = \\"pwd=$(escape "$CAMERA_PASSWORD")\\""',
}
_BY_TOKEN = """\
camera cmd=gettoken
LOGIN="header = \\"Authorization: Bearer $(value token)\\\"\""""  # noqa: S105 - no token, but how to get one
_OLD_TLS = (
    remark("For a camera that has nothing newer than TLS 1.0 or 1.1, or a small key: OLD_TLS=yes sh camera.sh"),
    '[ -z "${OLD_TLS-}" ] || TLS="$TLS\ntlsv1.0\nciphers = \\"DEFAULT@SECLEVEL=0\\""',
)
"""Where the certificate is pinned or not checked, as in the client; the list of ciphers is for a curl with OpenSSL."""
_OLD_S_CLIENT = "${OLD_TLS:+-min_protocol TLSv1 -cipher DEFAULT@SECLEVEL=0}"
_NAME = re.compile(r"^(\w+)\(\) \{", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraByHand:
    """One camera: how to reach it, its current settings (`now`), the settings it should get, and the uploads to change.

    `settled`: it already uploads here, so only a test is needed. `new_password`: the shell variable with the upload
    user's password, if the camera needs it. `recordings`: where its uploads arrive on the receiver.
    """

    name: str
    address: CameraAddress
    target: UploadTarget
    recordings: str
    now: Mapping[str, str] = field(default_factory=dict)
    settled: bool = False
    new_password: str | None = None
    login: Login = Login.BASIC
    tls: Tls = field(default_factory=Tls)
    with_password: bool = True
    """False where the camera asks for none."""
    uploads: tuple[Change, ...] = ()


def render_cameras(cameras: tuple[CameraByHand, ...], host_keys: tuple[PublicKey, ...]) -> str:
    """Render the part of the script that runs on any machine which reaches the cameras; it needs curl, ssh-keygen."""
    body = [line for camera in cameras for line in ("", *_render_camera(camera))]
    functions = _needed_functions("\n".join(body))
    keys = "\n".join(key.line for key in host_keys)
    parts = [
        part_head(2, "on any machine that reaches the camera; it needs curl and ssh-keygen"),
        "",
        remark("Stop at the first command that fails."),
        "set -eu",
        "TLS=\nLOGIN=\nSECRET=",
        assign("REFUSED", _REFUSED),
    ]
    if "compare_host_key() {" in functions:
        parts += ["", remark("The receiver's own host keys, as they were read there."), assign("HOST_KEYS", keys)]
    parts += ["", functions]
    passwords = dict.fromkeys(camera.new_password for camera in cameras if camera.new_password is not None)
    if passwords:
        parts += ["", remark("The password that part 1 made for the upload user.")]
        parts += [f"[ -n \"${{{name}-}}\" ] || read_password {name} '{name} of part 1'" for name in passwords]
    if any(camera.with_password for camera in cameras):
        parts += [
            "",
            remark("Where it is set already, it is the password of all cameras."),
            "GIVEN=${CAMERA_PASSWORD-}",
        ]
    return "\n".join([*parts, *body]) + "\n"


def _needed_functions(body: str) -> str:
    """Return the functions that the commands call, directly or indirectly, in the order of the file."""
    texts = {match[1]: text for text in _read_functions().split("\n\n") if (match := _NAME.search(text))}
    needed: set[str] = set()
    waiting = ["read_password", *re.findall(r"\w+", body)]
    while waiting:
        word = waiting.pop()
        if word in texts and word not in needed:
            needed.add(word)
            waiting += re.findall(r"\w+", texts[word])
    return "\n\n".join(text for name, text in texts.items() if name in needed)


@cache
def _read_functions() -> str:
    return (files("receiver_setup.camera.by_hand") / "by_hand.sh").read_text(encoding="utf-8").rstrip("\n")


def render_look(cameras: tuple[CameraByHand, ...], users: Sequence[str], logs: tuple[str, ...]) -> str:
    """Render the remarks on how to check the result on the receiver."""
    user = users[0] if len(users) == 1 else ".*"
    log = f"grep -h 'Accepted .* for {user} ' {' '.join(map(quote, logs))}"
    if not logs:
        log = f"journalctl -t sshd -t sshd-session --since=-10min | grep 'Accepted .* for {user} '"
    lines = [remark("Then look on the receiver, as root, at what has arrived and by which key it came:")]
    lines += [remark_command(f"ls -lR {quote(each)}") for each in dict.fromkeys(each.recordings for each in cameras)]
    return "\n".join([*lines, remark_command(log)]) + "\n"


def _render_camera(camera: CameraByHand) -> list[str]:
    lines = [remark(f"---- {camera.name}: {camera.address.display}"), assign("CAMERA", camera.address.url + PATH)]
    lines += _render_tls(camera)
    if camera.with_password:
        question = f"Password of {camera.address.user} on the camera {camera.address.display}"
        lines += [
            assign("CAMERA_USER", camera.address.user),
            "CAMERA_PASSWORD=$GIVEN",
            f'[ -n "$CAMERA_PASSWORD" ] || read_password CAMERA_PASSWORD {quote(question)}',
            _SIGN_IN[Login.BASIC if camera.login is Login.BASIC else Login.QUERY],
        ]
        lines += [remark("This camera takes a token instead."), _BY_TOKEN] if camera.login is Login.TOKEN else []
    lines += [""]
    lines += _render_settled(camera) if camera.settled else _render_exchange(camera)
    for change in camera.uploads:
        told = f"Now that uploads work: {change.name}: {change.before} → {change.after}."
        sent = change.command.parameters()
        rest = tuple((name, value) for name, value in change.rest.items() if name not in dict(sent))
        lines += ["", remark(told), *_send(change.command.cmd, sent, rest)]
    return lines


def _render_settled(camera: CameraByHand) -> list[str]:
    return [
        remark("Already so: it uploads to this receiver and verifies it; nothing is left to do but a test."),
        "test_upload",
        "passed",
        _done(camera),
    ]


def _done(camera: CameraByHand) -> str:
    return f"echo {quote(f'{camera.name} uploads, and verifies the receiver')}"


def _render_exchange(camera: CameraByHand) -> list[str]:
    fields = plan_fields(camera.now, camera.target, insecure=True)
    pointed = {**camera.now, **camera.target.fields(insecure=True)}
    verified = plan_fields(pointed, camera.target, insecure=False)
    set_so_far = {**fields, **verified}
    return [
        *_render_point(camera, fields),
        "",
        remark("Let it upload its test picture. It does not verify yet, so it only tells which host key it saw."),
        "test_upload",
        remark("No trust on first use: it must be one of the receiver's own."),
        "compare_host_key",
        "passed",
        "",
        remark("Trust that host key; what the test in the same command says does not matter yet."),
        'camera cmd=testftp "sethost=$HOST_KEY"',
        "case $(value response) in",
        '  200 | 219 | "") ;;',
        '  *) [ -n "$(value result)" ] || stop "the camera refused it: $answer" ;;',
        "esac",
        "",
        remark("From now on verify the host key at every upload."),
        *_send("setftpattr", tuple(verified.items()), _rest(pointed, verified)),
        remark("That it took all of it is no proof: only what it tells when it is read again counts."),
        _read_back(set_so_far),
        "",
        remark("The proof: an upload with the verification on."),
        "test_upload",
        "passed",
        _done(camera),
    ]


def _render_point(camera: CameraByHand, fields: Mapping[str, str]) -> list[str]:
    target = camera.target
    where = f"{target.username}@{target.server}:{target.port}, folder {target.directory}"
    if not fields and camera.new_password is None:
        return [remark(f"Already so: it uploads to {where}.")]
    lines = [remark(f"Point it at the receiver: {where}, by sFTP (ft_ssl=2).")]
    former = {name: camera.now[name] for name in fields if name in camera.now}
    if former:
        way_back = " ".join(quote(f"{name}={value}") for name, value in former.items())
        lines += [remark("The way back:"), remark_command(f"change cmd=setftpattr {way_back}")]
    if camera.new_password is not None:
        lines += [
            remark("The upload user's password goes along, in curl's standard input as well."),
            f'SECRET="data-urlencode = \\"ft_password=$(escape "${camera.new_password}")\\""',
        ]
    lines += _send("setftpattr", tuple(fields.items()), _rest(camera.now, fields))
    lines += ["SECRET="] if camera.new_password is not None else []
    return [*lines, _read_back(fields)] if fields else lines


def _read_back(fields: Mapping[str, str]) -> str:
    """Return the line that looks whether the camera has what it was set to; a password cannot be read."""
    return " ".join(["read_back", *(quote(f"{name}={value}") for name, value in fields.items())])


def _rest(now: Mapping[str, str], fields: Mapping[str, str]) -> Parameters:
    return tuple((name, now[name]) for name in FIELDS if name in now and name not in fields)


def _send(cmd: str, parameters: Parameters, rest: Parameters) -> list[str]:
    """Return the line that sends only new values; with `rest`, all values if the firmware requires that."""
    sent = " ".join(quote(f"{name}={value}") for name, value in (("cmd", cmd), *parameters))
    if not rest:
        return [f"change {sent}"]
    others = " ".join(quote(f"{name}={value}") for name, value in rest)
    return [f"if lacks {sent}; then", f"  change {sent} {others}", "fi"]


def _render_tls(camera: CameraByHand) -> list[str]:
    tls, address = camera.tls, camera.address
    if tls.insecure:
        return [remark("The camera's certificate is not checked, as requested."), "TLS=insecure", *_OLD_TLS]
    if tls.ca_file is not None:
        return [f'TLS="cacert = \\"$(escape {quote(str(tls.ca_file))})\\""']
    if tls.fingerprint is None:
        return ["TLS="]
    host = f"[{address.host}]" if ":" in address.host else address.host
    pairs = ":".join(tls.fingerprint[i : i + 2] for i in range(0, 64, 2)).upper()
    return [
        remark("Only the certificate with this SHA-256 fingerprint: curl is told the key inside it."),
        f"certificate=$(openssl s_client {_OLD_S_CLIENT} -connect {quote(f'{host}:{address.port}')} \\",
        "  </dev/null 2>/dev/null | openssl x509)",
        "shown=$(printf '%s\\n' \"$certificate\" | openssl x509 -noout -fingerprint -sha256)",
        f'[ "${{shown##*=}}" = {pairs} ] || stop "the camera shows another certificate: $shown"',
        "pin=$(printf '%s\\n' \"$certificate\" | openssl x509 -noout -pubkey | openssl pkey -pubin -outform der |",
        "  openssl dgst -sha256 -binary | openssl enc -base64)",
        'TLS="insecure\npinnedpubkey = \\"sha256//$pin\\""',
        *_OLD_TLS,
    ]
