"""The key pair of a throw-away receiver's administrator."""

import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class AdminKey:
    """`path` is the private key's file (mode 0600), `public_line` a line of authorized_keys."""

    path: Path
    public_line: str


def make_admin_key(directory: Path) -> AdminKey:
    """Make an ed25519 pair without a passphrase, as `directory`/id_ed25519 and id_ed25519.pub."""
    path = directory / "id_ed25519"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "admin", "-f", path], check=True)
    return AdminKey(path=path, public_line=path.with_suffix(".pub").read_text().strip())
