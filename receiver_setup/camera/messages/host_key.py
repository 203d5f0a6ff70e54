"""Parse a host key given as bare base64, a .pub line, a known_hosts line or a file of these (pure).

Sources: sshd(8), section SSH_KNOWN_HOSTS FILE FORMAT; INSTAR wiki, Features_Menu/FTP for the bare blob.
"""

from receiver_setup.errors import ConfigurationError
from receiver_setup.formats.keys import KNOWN_TYPES, KeyFormatError, PublicKey

_HINT = (
    "give the base64 of a host key, a line such as 'ssh-ed25519 AAAA…', or a file with one: on the receiver "
    "/etc/ssh/ssh_host_ed25519_key.pub"
)


def parse_host_key(text: str, *, source: str = "what was given") -> PublicKey:
    """Return the one host key in a text, skipping blank lines and comments.

    Raises ConfigurationError if there is none, one that is damaged, or several that differ.

    >>> blob = "AAAAC3NzaC1lZDI1NTE5AAAAIHzXGgltq4a8PS6QH9u334FGdxJmEzQ0klKtUw+1iSle"
    >>> parse_host_key(f"[attic]:2222,192.168.2.110 ssh-ed25519 {blob}") == parse_host_key(blob)
    True
    """
    if "PRIVATE KEY" in text:
        raise ConfigurationError(f"{source} holds a private key", hint="give the public one, which ends in .pub")
    lines = [line.strip() for line in text.splitlines()]
    keys = {_parse_line(line, source) for line in lines if line and not line.startswith("#")}
    if not keys:
        raise ConfigurationError(f"{source} holds no host key", hint=_HINT)
    if len(keys) > 1:
        found = ", ".join(sorted(str(key) for key in keys))
        raise ConfigurationError(
            f"{source} holds {len(keys)} host keys, and a camera is told one",
            hint=f"give the line of the one that the camera sees (receiver-setup camera test shows it): {found}",
        )
    return keys.pop()


def _parse_line(line: str, source: str) -> PublicKey:
    words = line.split()
    if words[0].startswith("@"):
        raise ConfigurationError(f"{source} marks the key {words[0][:40]}", hint="give the host's own, plain key")
    try:
        if len(words) == 1:
            return PublicKey.from_base64(words[0])
        # Host names may precede the type; anything after the key is a comment.
        start = 0 if words[0] in KNOWN_TYPES else 1
        return PublicKey.from_line(" ".join(words[start : start + 2]))
    except KeyFormatError as error:
        raise ConfigurationError(f"{source} is no host key: {error}", hint=_HINT) from error
