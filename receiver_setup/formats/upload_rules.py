"""What sshd is told about an upload user, keyword by keyword, and what it is not told, each with its reason (pure).

Every keyword that a Match block takes on OpenSSH 8.4 to 10.6 is either set or left; a test tries them all on each
release. Source: sshd_config(5), whose own list of these keywords is not complete.
"""

from dataclasses import dataclass

from receiver_setup.formats.markdown import render_table

KEY_FILE_PATTERN = "/etc/ssh/authorized_keys.d/%u"
"""Outside the jail and root's own: the camera can neither read nor change its key line."""

EDITION = 4
"""Which text of the drop-in is written now: 1 promised to replace changes by hand, 2 had no LogLevel, 3 let
certificates and key commands of the whole receiver open the account."""

OLDEST = (8, 4)
"""The oldest OpenSSH that is looked after: Debian 11's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One line of the Match block; `value` None: it depends on the set-up."""

    keyword: str
    reason: str
    value: str | None = None
    edition: int = 1
    """The first edition of the drop-in that has it."""
    release: tuple[int, int] = (0, 0)
    """The first OpenSSH that takes it in a Match block."""
    binding: bool = True
    """False where another value takes nothing from what is promised: then it is not compared with sshd's answer."""


RULES = (
    Rule(keyword="ChrootDirectory", reason="a camera sees its own recordings and nothing else"),
    Rule(keyword="ForceCommand", reason="files can be transferred, and no command run"),
    Rule(keyword="AuthenticationMethods", reason="one way to sign in, whatever others may use"),
    Rule(keyword="PubkeyAuthentication", reason="the camera signs in with its key"),
    Rule(keyword="AuthorizedKeysFile", value=KEY_FILE_PATTERN, reason="a file of root's, which no camera can change"),
    Rule(
        keyword="AuthorizedKeysCommand",
        value="none",
        edition=4,
        reason="a command that gives out keys for the whole receiver would give out some for this account",
    ),
    Rule(
        keyword="TrustedUserCAKeys",
        value="none",
        edition=4,
        reason="a certificate of the receiver's own authority would open the account, whatever the key file says",
    ),
    Rule(
        keyword="AuthorizedPrincipalsFile",
        value="none",
        edition=4,
        reason="it names those whose certificates open the account: nobody",
    ),
    Rule(keyword="AuthorizedPrincipalsCommand", value="none", edition=4, reason="the same, by a command"),
    Rule(keyword="PasswordAuthentication", reason="no password opens the account, unless it was set up with one"),
    Rule(keyword="KbdInteractiveAuthentication", value="no", reason="a password by another name"),
    Rule(keyword="HostbasedAuthentication", value="no", reason="no other machine vouches for the camera"),
    Rule(keyword="PermitEmptyPasswords", value="no", reason="a password is a password"),
    Rule(keyword="DisableForwarding", value="yes", reason="a stolen camera is no way into the network"),
    Rule(keyword="AllowTcpForwarding", value="no", reason="the same, for releases that knew no DisableForwarding"),
    Rule(keyword="AllowStreamLocalForwarding", value="no", reason="the same, for sockets"),
    Rule(keyword="AllowAgentForwarding", value="no", reason="the same, for agents"),
    Rule(keyword="X11Forwarding", value="no", reason="the same, for windows"),
    Rule(keyword="PermitTunnel", value="no", reason="the same, for network devices"),
    Rule(keyword="PermitTTY", value="no", reason="a transfer needs no terminal"),
    Rule(keyword="PermitUserRC", value="no", reason="no file of the account runs at its login"),
    Rule(
        keyword="AcceptEnv",
        value="none",
        edition=4,
        binding=False,
        reason="no variable from the camera reaches the session; without a name it would be an error",
    ),
    Rule(
        keyword="MaxSessions",
        value="10",
        edition=4,
        binding=False,
        reason="a limit that is meant for people, such as 0 or 1, would refuse a camera that opens a second session",
    ),
    Rule(
        keyword="ClientAliveInterval",
        value="300",
        edition=4,
        binding=False,
        reason="a camera that lost its power in an upload leaves a session behind; how cameras answer is not known, so "
        "it is asked seldom",
    ),
    Rule(
        keyword="ClientAliveCountMax",
        value="3",
        edition=4,
        binding=False,
        reason="and given up after a quarter of an hour",
    ),
    Rule(
        keyword="UnusedConnectionTimeout",
        value="3600",
        edition=4,
        release=(9, 2),
        binding=False,
        reason="a connection that has no session for an hour uploads nothing; whether cameras keep one between alarms "
        "is not known, so the hour is long",
    ),
    Rule(
        keyword="LogLevel",
        value="VERBOSE",
        edition=3,
        binding=False,
        reason="sshd then logs which key was offered and refused",
    ),
)
"""In the order of the file."""

NEWER = tuple(rule.keyword for rule in RULES if rule.release > OLDEST)
"""Keywords that only newer releases take."""

LEFT = {
    "agentsocketpath": "agents are not forwarded",
    "allowgroups": "whom the administrator lets in is the administrator's decision; what keeps the account out is told",
    "allowusers": "as AllowGroups",
    "authorizedkeyscommanduser": "AuthorizedKeysCommand is none",
    "authorizedprincipalscommanduser": "AuthorizedPrincipalsCommand is none",
    "banner": "a text before the login, which SSH clients pass over",
    "casignaturealgorithms": "no authority is trusted for this account",
    "channeltimeout": "an idle session may be how a camera waits for its next alarm: not known, so none is cut",
    "denygroups": "as AllowGroups",
    "denyusers": "as AllowGroups",
    "exposeauthinfo": "it tells the session how it signed in, and there is nothing in it to tell",
    "gatewayports": "nothing is forwarded",
    "gssapiauthentication": "AuthenticationMethods has no gssapi-with-mic, and not every sshd knows the keyword",
    "hostbasedacceptedalgorithms": "HostbasedAuthentication is no",
    "hostbasedacceptedkeytypes": "HostbasedAuthentication is no",
    "hostbasedusesnamefrompacketonly": "HostbasedAuthentication is no",
    "ignorerhosts": "HostbasedAuthentication is no",
    "include": "it sets nothing by itself",
    "ipqos": "how packets are marked opens nothing",
    "kerberosauthentication": "it checks passwords, and AuthenticationMethods has none unless the set-up was asked for "
    "one; not every sshd knows the keyword",
    "logverbose": "what else is logged is the administrator's decision",
    "maxauthtries": "fewer tries make the account no less safe, and one is enough for a key",
    "pamservicename": "which PAM service checks accounts is the administrator's decision; what it refuses is told",
    "permitlisten": "nothing is forwarded",
    "permitopen": "nothing is forwarded",
    "permitrootlogin": "the upload user is never root",
    "pubkeyacceptedalgorithms": "the receiver's own policy, unless SHA-1 had to be let in for this account alone",
    "pubkeyacceptedkeytypes": "the name of PubkeyAcceptedAlgorithms before OpenSSH 8.5",
    "pubkeyauthoptions": "it concerns keys on hardware tokens",
    "refuseconnection": "as AllowGroups",
    "rekeylimit": "when keys are exchanged anew opens nothing",
    "requiredrsasize": "the receiver's own policy: a camera's key that it refuses is told before anything is changed",
    "revokedkeys": "a key that the administrator has revoked stays revoked",
    "setenv": "variables that the administrator gives to each session; internal-sftp starts no program",
    "streamlocalbindmask": "nothing is forwarded",
    "streamlocalbindunlink": "nothing is forwarded",
    "subsystem": "ForceCommand decides; in a Match block some releases refuse it, and others die of it",
    "x11displayoffset": "nothing is forwarded",
    "x11uselocalhost": "nothing is forwarded",
}
"""Keywords, in lower case, that a Match block takes and that are left as they are for everybody."""


def render_rules() -> str:
    """Render what is set as docs/sshd.md shows it: a row a line."""
    rows = [
        (
            f"`{rule.keyword}`",
            f"`{rule.value}`" if rule.value is not None else "as set up",
            rule.reason if rule.binding else f"{rule.reason} (not compared)",
        )
        for rule in RULES
    ]
    return render_table(("keyword", "value", "reason"), rows)


def render_left() -> str:
    """Render what is left as docs/sshd.md shows it: a row a keyword."""
    return render_table(("keyword", "reason"), [(f"`{keyword}`", reason) for keyword, reason in LEFT.items()])
