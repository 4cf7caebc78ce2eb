"""Whether a signature is good. The domain takes this as an argument, so that it needs no crypto."""

from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


def verify(key: bytes, signature: bytes, message: bytes) -> bool:
    """Whether `signature` is one by the Ed25519 public key over `message`."""
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


verify_again = lru_cache(maxsize=65_536)(verify)
"""The same, for signatures that are looked at again and again: those of membership."""
