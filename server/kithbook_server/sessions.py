"""Sessions: a device signs where it is and what the server just said, and gets a token for a day.

The nonce carries its own expiry under a MAC, so that nothing is kept between the two steps. All
processes of a server share the MAC's key: the second step may reach another one than the first.
"""

import hmac
import secrets
from collections.abc import Callable, Sequence

from kithbook.envelope import Verify
from kithbook.errors import Refused
from kithbook.protocol import Challenge, Session, SessionRequest, session_message
from kithbook_server.accounts import Accounts
from kithbook_server.hosting import Hosting

NONCE_SECONDS = 120
_RANDOM_BYTES = 16
_EXPIRY_BYTES = 8


class Sessions:
    def __init__(
        self,
        accounts: Accounts,
        hosting: Hosting,
        verify: Verify,
        now_ms: Callable[[], int],
        hours: int,
    ) -> None:
        self._accounts = accounts
        self._hosting = hosting
        self._verify = verify
        self._now_ms = now_ms
        self._hours = hours
        self._secret = accounts.nonce_key()

    def challenge(self, key: bytes) -> Challenge:
        expires = self._now_ms() + NONCE_SECONDS * 1000
        body = expires.to_bytes(_EXPIRY_BYTES, "big") + secrets.token_bytes(_RANDOM_BYTES)
        return Challenge(body + self._mac(key, body))

    def open(self, key: bytes, nonce: bytes, signature: bytes, origins: Sequence[str]) -> Session:
        """A session at one of these origins, by which the device may know this server.

        Raises Refused when the proof does not hold, or the device is in no network here.
        """
        if not self._is_ours(key, nonce):
            raise _refused("This nonce is not one that the server just gave this device.")
        messages = [session_message(origin, nonce) for origin in origins]
        if not any(self._verify(key, signature, message) for message in messages):
            raise _refused(f"The device has not signed {' or '.join(origins)} and the nonce.")
        if not self._hosting.knows(key):
            raise Refused(
                "This device is in no network that this server hosts, or was taken out of it.",
                "Join one with a link: kith join LINK",
                code="no_session",
            )
        return Session(*self._accounts.open_session(key, self._hours))

    def answer(self, request: SessionRequest, origins: Sequence[str]) -> Challenge | Session:
        """The step that the request is at."""
        if request.nonce is None or request.signature is None:
            return self.challenge(request.key)
        return self.open(request.key, request.nonce, request.signature, origins)

    def _mac(self, key: bytes, body: bytes) -> bytes:
        return hmac.digest(self._secret, key + body, "sha256")

    def _is_ours(self, key: bytes, nonce: bytes) -> bool:
        body, mac = nonce[: _EXPIRY_BYTES + _RANDOM_BYTES], nonce[_EXPIRY_BYTES + _RANDOM_BYTES :]
        fresh = int.from_bytes(body[:_EXPIRY_BYTES], "big") >= self._now_ms()
        return hmac.compare_digest(mac, self._mac(key, body)) and fresh


def _refused(message: str) -> Refused:
    return Refused(message, "Ask for a nonce first, and sign it at once.", code="no_session")
