import hashlib
import subprocess
import sys

from hypothesis import given
from hypothesis import strategies as st

from kithbook.hashing import MANY, hasher, sha256


@given(st.binary(max_size=300), st.binary(max_size=300))
def test_both_are_sha_256(data: bytes, more: bytes) -> None:
    for made in (sha256, hasher(1), hasher(MANY)):
        found = made(data)
        found.update(more)
        expected = hashlib.sha256(data + more)
        assert (found.digest(), found.hexdigest()) == (expected.digest(), expected.hexdigest())


def test_openssl_is_loaded_for_many() -> None:
    program = (
        "import sys; from kithbook.hashing import MANY, hasher; hasher(MANY - 1)(b'')\n"
        "print('_hashlib' in sys.modules); hasher(MANY)(b''); print('_hashlib' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["False", "True"]
