"""Every parser of text that somebody else has written: what it may raise, and a text that it reads."""

import base64
import contextlib
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from receiver_setup.authorized_keys import edit_keys, parse_cameras, parse_sources
from receiver_setup.camera.address import CameraAddress
from receiver_setup.camera.command import Command
from receiver_setup.camera.discovery.merging import Heard, merge
from receiver_setup.camera.discovery.messages import AnswerError, parse_answer
from receiver_setup.camera.former import FormerSettingsError, parse_former
from receiver_setup.camera.host_key import parse_host_key
from receiver_setup.camera.login import name_schemes
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
from receiver_setup.camera.reply import parse_reply
from receiver_setup.camera.schedule import parse_times, parse_words
from receiver_setup.emulator.camera.recorded import read_recorded
from receiver_setup.errors import ReceiverSetupError
from receiver_setup.inventory.csv_format import parse_csv
from receiver_setup.inventory.reader import parse_inventory
from receiver_setup.inventory.selection import parse_proven
from receiver_setup.keys import KeyFormatError, PublicKey
from receiver_setup.known_hosts import names_host, parse_key_list, parse_known_hosts
from receiver_setup.pi.job import Job
from receiver_setup.receipt import ReceiptFormatError, parse_receipt
from receiver_setup.receiver.address import ReceiverAddress, parse_dialled
from receiver_setup.receiver.arrival import Evidence
from receiver_setup.receiver.configuration import parse_lines
from receiver_setup.receiver.disks import parse_mounts
from receiver_setup.receiver.facts import parse_facts
from receiver_setup.receiver.hosts.ssh_config import parse_settings
from receiver_setup.receiver.ledger import Ledger
from receiver_setup.receiver.listening import parse_sockets, parse_unit_sockets
from receiver_setup.receiver.records import RecordError, parse_records
from receiver_setup.receiver.sshd_log import concerns, drop_older, is_sshds, parse_log
from receiver_setup.receiver.startups import parse_startups
from receiver_setup.recording.format import read_recording
from receiver_setup.recording.redaction import redact_fields
from receiver_setup.recording.stand_ins import StandIns
from receiver_setup.sshd_config import parse_effective

ED25519 = "AAAAC3NzaC1lZDI1NTE5AAAAIHzXGgltq4a8PS6QH9u334FGdxJmEzQ0klKtUw+1iSle"
RSA = base64.b64encode(
    b"".join(struct.pack(">I", len(part)) + part for part in (b"ssh-rsa", b"\1\0\1", b"\0" + b"\xa5" * 128))
).decode()
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
    allowed: tuple[type[Exception], ...] = (ReceiverSetupError,)
    binary: bool = False

    def run(self, text: str) -> None:
        """Parse; only an error that is not documented comes out."""
        with contextlib.suppress(*self.allowed):
            self.parse(text.encode("utf-8", "surrogatepass") if self.binary else text)


def _decode(text: str) -> None:
    """Read a reply and let each command make of it what it can."""
    reply = parse_reply(text)
    for command in _COMMANDS:
        try:
            if command.error(reply) is None:
                command.decode(reply)
        except ReceiverSetupError:
            continue


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
            'var ft_server="x";',
            "<html>pass=word</html>",
        ),
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
        parse=parse_former,
        seeds=(
            '{"former":{},"not_settable":{},"password_replaced":false,"pointed_at":{"ft_server":"a"},"version":1}',
            '{"former":{"ftpattr":{"ft_port":"21"}},"version":1}',
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
        parse=Evidence.parse,
        seeds=(
            "@now 4\n1234\n@file 36\n1234|5|600|2026-01-01 10:00|ffd8|/a/b\n@log 9\nsshd[8]: \n@end 2\nok\n",
            "@now 3\n1.5\n@sockets 40\n0: 00000000:0016 00000000:0000 0A 0 0 \n@end 2\nok\n",
        ),
        allowed=(RecordError,),
        binary=True,
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
            '[defaults]\nuser = "ipcamera"\n[[camera]]\nname = "porch"\naddress = "porch"\nupload = ["rec"]\n',
        ),
    ),
    "table": Parser(
        parse=lambda text: parse_csv(text, Path("/x/cameras.csv")), seeds=("name,address\nporch,192.168.2.168\n",)
    ),
    "proven": Parser(
        parse=parse_proven,
        seeds=('{"check": false, "receivers": [{"address": "a", "cameras": []}]}', '{"check": true}'),
        allowed=(ValueError,),
    ),
    "receipt": Parser(
        parse=parse_receipt,
        seeds=('{"format": "receiver-setup receipt", "version": 1}',),
        allowed=(ReceiptFormatError,),
    ),
    "job": Parser(parse=Job.parse, seeds=('{"version": 1, "camera": "http://192.168.2.168"}',)),
    "facts": Parser(
        parse=parse_facts,
        seeds=(
            "@now 4\n1234\n@passwd 36\nipcamera:x:999:999::/home/i:/bin/sh \n@upload_user 8\nipcamera\n@end 2\nok\n",
            "@now 4\n1234\n@sshd_version 25\nOpenSSH_9.2p1 Debian-2+de\n@upload_user 1\na\n@end 2\nok\n",
        ),
        allowed=(RecordError,),
        binary=True,
    ),
}
