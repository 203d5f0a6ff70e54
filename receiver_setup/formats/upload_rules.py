"""The sshd keywords that are set for an upload user, and those that are not, each with the reason (pure).

Every keyword that a Match block accepts in OpenSSH 8.4 to 10.6 is either set or left alone; a test tries all of them on
each release. Source: sshd_config(5), whose own list of these keywords is incomplete.
"""

from dataclasses import dataclass

from receiver_setup.formats.markdown import render_table

KEY_FILE_PATTERN = "/etc/ssh/authorized_keys.d/%u"
"""Outside the jail and owned by root: the camera can neither read nor change its key line."""

EDITION = 4
"""The current text of the drop-in. 1 announced that edits are replaced, 2 had no LogLevel, 3 accepted certificates and
key commands of the whole receiver."""

OLDEST = (8, 4)
"""The oldest supported OpenSSH: Debian 11's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One line of the Match block; `value` None: it depends on the set-up."""

    keyword: str
    reason: str
    value: str | None = None
    edition: int = 1
    """The first edition of the drop-in that has it."""
    release: tuple[int, int] = (0, 0)
    """The first OpenSSH that accepts it in a Match block."""
    binding: bool = True
    """False if other values do not weaken the account: it is not compared with the output of `sshd -T`."""


RULES = (
    Rule(keyword="ChrootDirectory", reason="a camera sees its own recordings and nothing else"),
    Rule(keyword="ForceCommand", reason="files can be transferred, but no commands run"),
    Rule(keyword="AuthenticationMethods", reason="only one way to sign in, even if other users have more"),
    Rule(keyword="PubkeyAuthentication", reason="the camera signs in with its key"),
    Rule(
        keyword="AuthorizedKeysFile", value=KEY_FILE_PATTERN, reason="a file owned by root, which no camera can change"
    ),
    Rule(
        keyword="AuthorizedKeysCommand",
        value="none",
        edition=4,
        reason="a command that provides keys for the whole receiver could add some to this account",
    ),
    Rule(
        keyword="TrustedUserCAKeys",
        value="none",
        edition=4,
        reason="a certificate of the receiver's own authority would open the account without a line in the key file",
    ),
    Rule(
        keyword="AuthorizedPrincipalsFile",
        value="none",
        edition=4,
        reason="no certificate opens the account",
    ),
    Rule(keyword="AuthorizedPrincipalsCommand", value="none", edition=4, reason="the same, by a command"),
    Rule(keyword="PasswordAuthentication", reason="no password opens the account, unless it was set up with one"),
    Rule(keyword="KbdInteractiveAuthentication", value="no", reason="a password by another name"),
    Rule(keyword="HostbasedAuthentication", value="no", reason="no other host can vouch for the camera"),
    Rule(keyword="PermitEmptyPasswords", value="no", reason="an empty password never opens the account"),
    Rule(keyword="DisableForwarding", value="yes", reason="a stolen camera must not give access to the network"),
    Rule(keyword="AllowTcpForwarding", value="no", reason="the same, for releases without DisableForwarding"),
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
        reason="the session accepts no variables from the camera; an empty value would be an error",
    ),
    Rule(
        keyword="MaxSessions",
        value="10",
        edition=4,
        binding=False,
        reason="a limit intended for people, such as 0 or 1, would refuse a camera that opens a second session",
    ),
    Rule(
        keyword="ClientAliveInterval",
        value="300",
        edition=4,
        binding=False,
        reason="a camera that loses power during an upload leaves a session behind; how cameras answer is not known, "
        "so the interval is long",
    ),
    Rule(
        keyword="ClientAliveCountMax",
        value="3",
        edition=4,
        binding=False,
        reason="with that interval, the session ends after a quarter of an hour",
    ),
    Rule(
        keyword="UnusedConnectionTimeout",
        value="3600",
        edition=4,
        release=(9, 2),
        binding=False,
        reason="a connection without a session for an hour uploads nothing; whether cameras keep one open between "
        "alarms is not known, so the time is long",
    ),
    Rule(
        keyword="LogLevel",
        value="VERBOSE",
        edition=3,
        binding=False,
        reason="sshd then logs which key was offered and refused",
    ),
)
"""The rules in the order of the file."""

NEWER = tuple(rule.keyword for rule in RULES if rule.release > OLDEST)
"""Keywords that only newer releases accept."""

LEFT = {
    "agentsocketpath": "agents are not forwarded",
    "allowgroups": "the administrator decides who may sign in; a list that excludes the account is reported",
    "allowusers": "as AllowGroups",
    "authorizedkeyscommanduser": "AuthorizedKeysCommand is none",
    "authorizedprincipalscommanduser": "AuthorizedPrincipalsCommand is none",
    "banner": "a text before the login, which SSH clients ignore",
    "casignaturealgorithms": "no authority is trusted for this account",
    "channeltimeout": "a camera may keep an idle session until its next alarm; this is not known, so none is closed",
    "denygroups": "as AllowGroups",
    "denyusers": "as AllowGroups",
    "exposeauthinfo": "it only tells the session how it signed in",
    "gatewayports": "nothing is forwarded",
    "gssapiauthentication": "AuthenticationMethods has no gssapi-with-mic, and not every sshd knows the keyword",
    "hostbasedacceptedalgorithms": "HostbasedAuthentication is no",
    "hostbasedacceptedkeytypes": "HostbasedAuthentication is no",
    "hostbasedusesnamefrompacketonly": "HostbasedAuthentication is no",
    "ignorerhosts": "HostbasedAuthentication is no",
    "include": "it sets nothing by itself",
    "ipqos": "the marking of packets does not affect access",
    "kerberosauthentication": "it checks passwords, which AuthenticationMethods allows only after a set-up with one; "
    "not every sshd knows the keyword",
    "logverbose": "further logging is the administrator's decision",
    "maxauthtries": "fewer tries do not weaken the account, and one is enough for a key",
    "pamservicename": "the PAM service is the administrator's decision; a refusal by it is reported",
    "permitlisten": "nothing is forwarded",
    "permitopen": "nothing is forwarded",
    "permitrootlogin": "the upload user is never root",
    "pubkeyacceptedalgorithms": "the receiver's own policy, unless SHA-1 had to be allowed for this account",
    "pubkeyacceptedkeytypes": "the name of PubkeyAcceptedAlgorithms before OpenSSH 8.5",
    "pubkeyauthoptions": "it concerns keys on hardware tokens",
    "refuseconnection": "as AllowGroups",
    "rekeylimit": "the time of a key exchange does not affect access",
    "requiredrsasize": "the receiver's own policy; a camera's key that it refuses is reported before any change",
    "revokedkeys": "a key that the administrator has revoked stays revoked",
    "setenv": "variables that the administrator sets for each session; internal-sftp starts no program",
    "streamlocalbindmask": "nothing is forwarded",
    "streamlocalbindunlink": "nothing is forwarded",
    "subsystem": "ForceCommand decides; in a Match block some releases refuse it, and others crash",
    "x11displayoffset": "nothing is forwarded",
    "x11uselocalhost": "nothing is forwarded",
}
"""Keywords, in lower case, that a Match block accepts and that are left alone."""


def render_rules() -> str:
    """Render the table of set keywords for docs/sshd.md."""
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
    """Render the table of other keywords for docs/sshd.md."""
    return render_table(("keyword", "reason"), [(f"`{keyword}`", reason) for keyword, reason in LEFT.items()])
