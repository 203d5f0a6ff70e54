"""Every parser of text that somebody else has written: what it may raise, and a text that it reads."""

import base64
import contextlib
import gc
import gzip
import re
import struct
import time
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from receiver_setup.camera.discovery.merging import Heard, merge
from receiver_setup.camera.discovery.messages import AnswerError, parse_answer
from receiver_setup.camera.messages import (
    GetFtpAction,
    GetFtpActionAttr,
    GetFtpAttr,
    GetPubKey,
    GetSnapSchedFtpAttr,
    GetSnapTimerFtpAttr,
    GetToken,
    TestFtp,
)
from receiver_setup.camera.messages.host_key import parse_host_key
from receiver_setup.camera.messages.schedule import parse_times, parse_words
from receiver_setup.camera.settings.former import FormerSettingsError, parse_former, render_former
from receiver_setup.camera.settings.place import Here
from receiver_setup.camera.settings.removal_plan import plan_departure
from receiver_setup.camera.wire.address import CameraAddress, read_location
from receiver_setup.camera.wire.body import BodyError, BodyTooLongError, unpack
from receiver_setup.camera.wire.command import Command
from receiver_setup.camera.wire.login import name_schemes
from receiver_setup.camera.wire.reply import parse_reply
from receiver_setup.camera.wire.services import name_service
from receiver_setup.emulator.camera.recorded import read_recorded
from receiver_setup.errors import ReceiverSetupError
from receiver_setup.formats.authorized_keys import edit_keys, parse_cameras, parse_sources
from receiver_setup.formats.keys import KeyFormatError, PublicKey
from receiver_setup.formats.known_hosts import names_host, parse_key_list, parse_known_hosts
from receiver_setup.formats.sshd_config import parse_effective
from receiver_setup.inventory.csv_format import parse_csv
from receiver_setup.inventory.reader import parse_inventory
from receiver_setup.inventory.selection import parse_proven
from receiver_setup.pi.job import Job
from receiver_setup.receipt import ReceiptFormatError, parse_receipt, render_json
from receiver_setup.receiver.address import ReceiverAddress, parse_dialled
from receiver_setup.receiver.evidence.arrival import Evidence
from receiver_setup.receiver.evidence.listening import parse_sockets, parse_unit_sockets
from receiver_setup.receiver.evidence.sshd_log import concerns, drop_older, is_sshds, parse_log
from receiver_setup.receiver.facts.configuration import parse_lines
from receiver_setup.receiver.facts.disks import parse_mounts
from receiver_setup.receiver.facts.ledger import Ledger
from receiver_setup.receiver.facts.model import parse_facts
from receiver_setup.receiver.facts.records import RecordError, parse_records
from receiver_setup.receiver.hosts.ssh_config import parse_settings
from receiver_setup.receiver.plan.startups import parse_startups
from receiver_setup.recording.format import read_recording
from receiver_setup.recording.redaction import redact_fields
from receiver_setup.recording.stand_ins import StandIns
from support.receipts import camera_report, failed_report, receipt_of

ED25519 = "AAAAC3NzaC1lZDI1NTE5AAAAIHzXGgltq4a8PS6QH9u334FGdxJmEzQ0klKtUw+1iSle"
RSA = base64.b64encode(
    b"".join(struct.pack(">I", len(part)) + part for part in (b"ssh-rsa", b"\1\0\1", b"\0" + b"\xa5" * 128))
).decode()
_TRIFLE_S = 0.01
"""Below it a clock says nothing."""
_COMMANDS: tuple[Command[Any], ...] = (
    GetFtpAction(),
    GetFtpActionAttr(),
    GetFtpAttr(),
    GetPubKey(),
    GetSnapSchedFtpAttr(),
    GetSnapTimerFtpAttr(),
    GetToken(),
    TestFtp(),
)


@dataclass(frozen=True, kw_only=True)
class Parser:
    """One parser; `seeds` are texts that it understands, `allowed` the errors that it documents."""

    parse: Callable[[Any], object]
    seeds: Sequence[str]
    refused: Sequence[str] = ()
    """Texts that it knows and refuses."""
    allowed: tuple[type[Exception], ...] = (ReceiverSetupError,)
    binary: bool = False

    def run(self, text: str) -> None:
        """Parse; only an error that is not documented comes out."""
        self.understands(text)

    def understands(self, text: str) -> bool:
        """Parse; tell whether that came to its end. Only an error that is not documented comes out."""
        try:
            self.parse(text.encode("utf-8", "surrogatepass") if self.binary else text)
        except self.allowed:
            return False
        return True


def seconds(parser: Parser, text: str) -> float:
    """Measure the processor time of this thread."""
    began_s = time.thread_time()
    with contextlib.suppress(Exception):  # the other test's business
        parser.run(text)
    return time.thread_time() - began_s


def grows(parser: Parser, short: str, long: str) -> bool:
    """Tell whether four times the text takes more than nine times as long; sixteen times is what is quadratic.

    The best of some tries, and of many where those say so: others work on this machine as well. No garbage of the
    tests before is collected meanwhile, which takes time as well.
    """

    def seems_so(tries: int) -> bool:
        long_s, short_s = (min(seconds(parser, text) for _ in range(tries)) for text in (long, short))
        return long_s > max(_TRIFLE_S, 9 * short_s)

    collects = gc.isenabled()
    gc.disable()
    try:
        return seconds(parser, long) >= _TRIFLE_S and seems_so(3) and seems_so(20)
    finally:
        if collects:
            gc.enable()


def _decode(text: str) -> None:
    """Read a reply and let each command make of it what it can."""
    reply = parse_reply(text)
    for command in _COMMANDS:
        try:
            if command.error(reply) is None:
                command.decode(reply)
        except ReceiverSetupError:
            continue


def _body(text: str) -> None:
    """Unpack it under each name that a server may give it; it never becomes longer than it may."""
    body = text.encode("latin-1", "replace")
    refused = []
    for encoding in ("", "gzip", "deflate", "br"):
        try:
            assert len(unpack(body, encoding, most=1000)) <= max(1000, len(body))
        except (BodyError, BodyTooLongError) as error:
            refused.append(error)
    if len(refused) == 4:
        raise refused[0]


def _log(text: str) -> None:
    parse_log.cache_clear()
    for event in parse_log(text):
        concerns(event, "ipcamera")
    is_sshds(text)
    drop_older(text, 5.5)


def _keys(text: bytes) -> None:
    parse_cameras.cache_clear()
    parse_sources.cache_clear()
    parse_cameras(text)
    parse_sources(text)
    edit_keys(text, {}, drop=("porch",))


def _known(text: bytes) -> None:
    for key in parse_known_hosts(text, file="known_hosts"):
        key.names("attic.lan")
    parse_key_list(text)
    names_host(text, "attic.lan")


def _records(text: str) -> bytes:
    """Frame lines of a name and a value as a script would, `¶` for a line end in a value; `end` is added."""
    lines = [*(line.partition(" ") for line in text.split("\n") if line), ("end", " ", "ok")]
    named = ((re.sub("[^a-z_]", "", name) or "x", value.replace("¶", "\n")) for name, _, value in lines)
    encoded = ((name, value.encode("utf-8", "surrogatepass")) for name, value in named)
    return b"".join(b"@%s %d\n%s\n" % (name.encode(), len(value), value) for name, value in encoded)


def _former(text: str) -> None:
    """Read former settings and make of them what a removal would send and say."""
    former = parse_former(text)
    parse_former(render_former(former))
    former.upload_commands()
    now = {"ft_server": "192.168.2.110", "ft_username": "ipcamera", "ft_port": "22"}
    here = Here(servers=("192.168.2.110",), username="ipcamera")
    plan_departure(now, {}, former, here, camera="porch")


def _recording(text: bytes) -> None:
    recorded = read_recorded(read_recording(text))
    recorded.find("getftpattr", {"response": "200"})


_ANSWER = (
    '<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope" xmlns:w="http://schemas.xmlsoap.org/ws/2004/08/'
    'addressing" xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery"><e:Header><w:RelatesTo>urn:uuid:1'
    "</w:RelatesTo></e:Header><e:Body><d:ProbeMatches><d:ProbeMatch><w:EndpointReference><w:Address>urn:uuid:2"
    "</w:Address></w:EndpointReference><d:Scopes>onvif://www.onvif.org/name/a%20b</d:Scopes><d:XAddrs>http://[fe80::1]"
    "/x http://10.0.0.1:8080/</d:XAddrs></d:ProbeMatch></d:ProbeMatches></e:Body></e:Envelope>"
)


def _found(datagram: bytes) -> None:
    answers = parse_answer(datagram, frozenset({"urn:uuid:1"}))
    merge(Heard(source="10.0.0.1", interface="eth0", answer=each) for each in answers)


_RECORDING = (
    '{"schema":"receiver-setup/recording/1","http":[{"request":{"command":"getftpattr","fields":[],"login":'
    '"basic"},"status_line":"HTTP/1.1 200 OK","headers":[["A","b"]],"body":"ft_port=\\"21\\";","cut":false}],'
    '"lessons":[{"name":"plain","testftp":{"result":0},"connections":[{"banner":"SSH-2.0-x","kexinit":{"kex":'
    '["a"]},"auth":[{"method":"none"}],"channels":[{"kind":"session","window":1}],"sftp":[{"op":"open"}],'
    '"writes":[[0,1,0]],"end":{"how":"disconnect","code":11,"text":""}}]}]}'
)

PARSERS = {
    "discovery": Parser(parse=_found, seeds=(_ANSWER,), allowed=(AnswerError,), binary=True),
    "recording": Parser(
        parse=_recording,
        seeds=(_RECORDING,),
        binary=True,
    ),
    "recorded answer": Parser(
        parse=lambda text: redact_fields(text, StandIns()),
        seeds=('cmd="a";\r\nft_server="10.0.0.1";x[1]="y"z";\nresponse="200"', f'hostkey="{ED25519}";'),
    ),
    "reply": Parser(
        parse=_decode,
        seeds=(
            'cmd="getftpattr";\r\nft_server="192.168.2.110";\r\nft_port="22";\r\nft_ssl="2";\r\nresponse="200";\r\n',
            'enable[\'rec\']="1";interval[\'rec\']="60";response="200";',
            f'result="0";hostkey="{ED25519}";response="200";',
            f'publickey="ssh-rsa {RSA} camera";',
            'token="abc";validity="1893456000";',
            'times="600-31;";enable="1";',
        ),
        refused=('var ft_server="x";', "<html>pass=word</html>"),
    ),
    "body": Parser(
        parse=_body,
        seeds=tuple(
            packed.decode("latin-1")
            for packed in (gzip.compress(b'a="1";', mtime=0), zlib.compress(b'a="1";'), b'a="1";')
        ),
        allowed=(BodyError, BodyTooLongError),
    ),
    "service": Parser(
        parse=name_service, seeds=("SSH-2.0-x\r\n", "RTSP/1.0 400 Bad Request\r\n", "HTTP/"), binary=True
    ),
    "location": Parser(
        parse=lambda text: read_location(text, "http"),
        seeds=("https://u@[fd00::168]:8443/x?y", "//porch/x"),
        allowed=(),
    ),
    "challenge": Parser(parse=name_schemes, seeds=('Digest realm="a, Basic b", nonce="c\\"", Basic realm="d"',)),
    "times": Parser(parse=parse_times, seeds=("600-31", "0-127;600-31")),
    "schedule": Parser(parse=parse_words, seeds=("10:00 Mon-Fri", "07:30 daily", "10:00 Mon-Tue,Sun")),
    "camera's address": Parser(
        parse=CameraAddress.parse, seeds=("https://viewer:pw@porch.lan:8443/", "[fd00::168]:80", "a.b.c.d")
    ),
    "host key": Parser(
        parse=parse_host_key, seeds=(ED25519, f"ssh-ed25519 {ED25519} root@pi", f"attic.lan ssh-rsa {RSA}")
    ),
    "public key": Parser(
        parse=PublicKey.from_line, seeds=(f"ssh-ed25519 {ED25519}", f"ssh-rsa {RSA} x"), allowed=(KeyFormatError,)
    ),
    "former settings": Parser(
        parse=_former,
        seeds=(
            '{"former":{},"not_settable":{},"password_replaced":false,"pointed_at":{"ft_server":"a"},"version":1}',
            (
                '{"former":{"ftpattr":{"ft_port":"21","ft_server":"b"}},"not_settable":{},"password_replaced":true,'
                '"pointed_at":{},"version":1}'
            ),
        ),
        allowed=(FormerSettingsError,),
    ),
    "authorized_keys": Parser(
        parse=_keys,
        seeds=(
            f'from="10.0.0.9",restrict ssh-rsa {RSA} receiver-setup:porch\n# note\n',
            f"restrict ssh-ed25519 {ED25519} a b receiver-setup:x  \n",
        ),
        binary=True,
    ),
    "known_hosts": Parser(
        parse=_known,
        seeds=(
            f"attic.lan,10.0.0.2 ssh-ed25519 {ED25519}\n",
            f"@cert-authority *.lan ssh-rsa {RSA}\n@revoked * ssh-rsa {RSA}\n",
            f"|1|JfKTdBh7rNbXkVAQCRp4OQoPfmI=|USECr3SWf1JUPsms5AqfD5QfxkM= ssh-rsa {RSA}\n",
            "*a*b*c*d*e*,?" + "*" * 40,
        ),
        binary=True,
    ),
    "records": Parser(parse=parse_records, seeds=("@now 4\n1234\n@end 2\nok\n",), allowed=(RecordError,), binary=True),
    "evidence": Parser(
        parse=lambda text: Evidence.parse(_records(text)),
        seeds=(
            "now 1234\nfile 1234|5|600|2026-01-01 10:00:00.5|ffd8ff|/a/b\nlog sshd[8]: Accepted publickey for a from b",
            (
                'now 1.5\njournal {"_UID":"0","_COMM":"sshd","_PID":"8","SYSLOG_IDENTIFIER":"sshd","MESSAGE":[65],'
                '"__REALTIME_TIMESTAMP":"1795343870250000"}\n'
            ),
            "now 1.5\nsockets 0: 00000000:0016 00000000:0000 0A 0 0 ¶\naddresses ::1¶10.0.0.2\nshells /bin/sh¶\n",
            "now 1\nprocesses 800 900 815\nsystem_log Nov 22 10:37:50 pi sshd[812]: Accepted¶\nlog_speaks yes",
        ),
        allowed=(RecordError,),
    ),
    "log": Parser(
        parse=_log,
        seeds=(
            "Nov 22 10:37:50 pi sshd[812]: Accepted publickey for ipcamera from 10.0.0.9 port 4 ssh2: RSA SHA256:abc\n",
            "1795343870.100000 pi sshd[8]: User a b from 10.0.0.9 not allowed because not listed in AllowUsers\n",
            "sshd[8]: Invalid user a from b from 10.0.0.9 port 4\nsshd[8]: Failed password for x from y port 1 ssh2\n",
            'sshd[8]: chroot path /a"b" is not a directory\nsshd[8]: stat("/a"): No such file\n',
            "sshd[8]: pam_access(sshd:account): access denied for user `a' from `b'\n",
            "sshd[8]: srclimit_penalise: new ipv4 10.0.0.9/32 penalty of 5 seconds for penalty: failed\n",
            "sshd[8]: Connection closed by authenticating user a 10.0.0.9 port 4 [preauth]\n",
            "sshd[8]: drop connection #5 from [10.0.0.9]:4 on [10.0.0.2]:22 penalty: failed authentication\n",
            'sshd[8]: fatal: bad ownership or modes for chroot directory component "/srv/"\n',
            "Authentication tried for a with correct key but not from a permitted host (host=b, ip=::1, required=a)",
        ),
    ),
    "sshd -T": Parser(parse=parse_effective, seeds=("port 22\nHostKey /a\nhostkey /b\nmaxstartups 10:30:100\n",)),
    "MaxStartups": Parser(parse=parse_startups, seeds=("10:30:100", "50")),
    "sshd_config": Parser(
        parse=lambda text: [line.words for line in parse_lines(text.splitlines())],
        seeds=('/etc/ssh/sshd_config:7:  Match User "anna b"\n/etc/ssh/sshd_config:8:AllowUsers = a b # c\n',),
    ),
    "ssh -G": Parser(parse=parse_settings, seeds=("port 22\nidentityfile ~/.ssh/a b\n",)),
    "mounts": Parser(parse=parse_mounts, seeds=("/dev/sda1 /mnt/my\\040usb vfat ro,noatime 0 0\n",)),
    "sockets": Parser(parse=parse_sockets, seeds=("0: 00000000:0016 00000000:0000 0A 0 0\n",)),
    "systemd's sockets": Parser(parse=parse_unit_sockets, seeds=("Accept=no\nListen=[::]:22 (Stream)\n",)),
    "ledger": Parser(
        parse=lambda text: Ledger.parse(text, text),
        seeds=("undo_user 'ipcamera'\nundo_mode '/home/ipcamera' '0:0' '755'\nporch {}\n",),
    ),
    "receiver's address": Parser(parse=ReceiverAddress.parse, seeds=("pi@192.168.2.110:22", "pi@[fd00::1]:22")),
    "dialled": Parser(parse=parse_dialled, seeds=("192.168.2.110:22", "[fd00::1]:22", "attic.lan")),
    "inventory": Parser(
        parse=lambda text: parse_inventory(text, Path("/x/cameras.toml")),
        seeds=(
            '[[receiver]]\nname = "attic"\naddress = "pi@attic"\n[[camera]]\nname = "porch"\naddress = "porch"\n',
            '[[receiver]]\nname = "a"\nlocal = true\n[[camera]]\nname = "b"\naddress = "c"\npassword_env = "A"\n',
            '[defaults]\nupload = ["rec"]\n[[receiver]]\nname = "a"\naddress = "a"\n[[camera]]\nname="b"\naddress="c"',
        ),
    ),
    "table": Parser(
        parse=lambda text: parse_csv(text, Path("/x/cameras.csv")),
        seeds=("name,address,receiver\nporch,192.168.2.168,attic\n",),
    ),
    "proven": Parser(
        parse=parse_proven,
        seeds=('{"check": false, "receivers": [{"address": "a", "cameras": [{"name": "b", "ok": true}]}]}',),
        refused=('{"check": true}',),
        allowed=(ValueError,),
    ),
    "receipt": Parser(
        parse=parse_receipt,
        seeds=(render_json(receipt_of(camera_report(), failed_report())),),
        allowed=(ReceiptFormatError,),
    ),
    "job": Parser(
        parse=Job.parse, seeds=(Job(cameras=("http://192.168.2.168",), options={"user": "ipcamera"}).render(),)
    ),
    "facts": Parser(
        parse=lambda text: parse_facts(_records(text)),
        seeds=tuple(
            f"now 1234\nupload_user a\n{more}\n"
            for more in (
                "passwd ipcamera:x:999:999::/home/i:/bin/sh\ngroup ipcamera:x:999:a,b\nlocal_group media:x:44:a",
                "sshd_version OpenSSH_9.2p1\nserved 10.0.0.2 22\nhost_key ssh-ed25519 AAAA\nkeys_written 5",
                "stat directory|755|0|0|root|root|/home/a\nnewest /home/a|1234|9|/home/a/b|c\nrecordings 4",
                'connection 10.0.0.9 4 10.0.0.2 22\nos_release ID=debian¶VERSION_ID="12"\nprocess 8',
                "deletion 3|9|/a\nmounted /a¶/a/b\nmounted_at /a\norphans 2 9:9¶/a/c",
                "log /var/log/auth.log 9\nbefore 1|2|3|4|5|/a\nhome_entry b\nopen_entry directory|755|0|0|a|a|/b",
                "ledger undo_mode '/home/a' '0:0' '755'¶undo_user 'a'\nledger_cameras porch {}",
                "journal alive-done|5|root\nfiled_account b\nfiled_cameras porch {}",
                "unit_socket Listen=[::]:22 (Stream)¶\nsshd_socket 0: 00000000:0016 00000000:0000 0A 0 0¶",
                "line /etc/ssh/sshd_config:7: Match User a\nmounts /dev/sda1 / vfat rw 0 0¶\nfolder yes¶/home¶/",
            )
        ),
        allowed=(RecordError,),
    ),
}
