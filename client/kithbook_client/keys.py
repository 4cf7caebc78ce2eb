"""A device's Ed25519 keys, and what it can know of the machine it is on."""

import os
from collections.abc import Callable

from kithbook.hashing import sha256

Random = Callable[[int], bytes]
"""That many fresh random bytes."""

SECRET_BYTES = 32
_MACHINE_FILES = ("/etc/machine-id", "/var/lib/dbus/machine-id")


def generate(random: Random) -> tuple[bytes, bytes]:
    """A new (secret, public) key."""
    secret = random(SECRET_BYTES)
    return secret, public_of(secret)


def public_of(secret: bytes) -> bytes:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return Ed25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw()


def sign(secret: bytes, message: bytes) -> bytes:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return Ed25519PrivateKey.from_private_bytes(secret).sign(message)


def verify(public: bytes, signature: bytes, message: bytes) -> bool:
    """Whether the signature is by the owner of this key (`envelope.Verify`)."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def machine(path: str) -> str:
    """What tells this file on this machine from a copy of it.

    A file that is copied or restored is another inode; one on a cloned disk is on another machine.
    Moving the folder changes neither.
    """
    parts = [str(os.stat(path).st_ino)]
    for name in _MACHINE_FILES:
        try:
            with open(name, "rb") as file:
                parts.append(file.read().decode(errors="replace").strip())
            break
        except OSError:
            continue
    return sha256(" ".join(parts).encode()).hexdigest()[:32]


def host() -> str:
    """What the machine is called."""
    import platform

    return platform.node().partition(".")[0] or "device"
