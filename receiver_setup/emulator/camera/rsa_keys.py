"""RSA keys for emulated cameras: generated once per process and reused, because generating one is slow."""

from collections import defaultdict
from threading import Lock

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

_idle: dict[int, list[rsa.RSAPrivateKey]] = defaultdict(list)
_lock = Lock()


def borrow_key(bits: int) -> rsa.RSAPrivateKey:
    """Return a key of `bits` that no other emulated camera of this process uses now."""
    with _lock:
        if _idle[bits]:
            return _idle[bits].pop()
    return rsa.generate_private_key(public_exponent=65_537, key_size=bits)


def give_back(key: rsa.RSAPrivateKey) -> None:
    """Make `key` available to other cameras of this process."""
    with _lock:
        _idle[key.key_size].append(key)


def render_public_line(key: rsa.RSAPrivateKey) -> str:
    """Return `ssh-rsa BASE64`."""
    form = serialization.PublicFormat.OpenSSH
    return key.public_key().public_bytes(serialization.Encoding.OpenSSH, form).decode()


def render_private_pem(key: rsa.RSAPrivateKey) -> bytes:
    """Return the unencrypted PEM that curl's libssh2 and OpenSSH both read."""
    form = serialization.PrivateFormat.TraditionalOpenSSL
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
