"""What a kithd says when it cannot do what it was asked, and what is said when none answers."""

from typing import Any

import msgspec
from urllib3 import BaseHTTPResponse, exceptions

from kithbook.errors import (
    Damaged,
    Invalid,
    KithbookError,
    NotFound,
    Refused,
    TooLarge,
    Unavailable,
    Unsupported,
)

PROBLEM = "application/problem+json"
NOT_KNOWN = ("no_session", "unknown_network")
"""The codes for a device that the server does not know, or not any more."""
KINDS: dict[str, type[KithbookError]] = {
    "invalid": Invalid,
    "malformed": Invalid,
    "unsupported_media": Unsupported,
    "unsupported": Unsupported,
    "too_large": TooLarge,
    "not_found": NotFound,
    "refused": Refused,
    "unknown_network": Refused,
    "no_session": Refused,
    "link_unknown": Refused,
    "link_expired": Refused,
    "link_used": Refused,
    "quota": Refused,
    "damaged": Damaged,
}
"""The error that a problem's code stands for; any other means that the server is not well."""


class Problem(msgspec.Struct, frozen=True):
    """What the server says (RFC 9457)."""

    code: str
    detail: str
    hint: str = ""


def told(body: bytes) -> KithbookError:
    """The error that a problem tells of. Raises MsgspecError where it is none."""
    problem = msgspec.json.decode(body, type=Problem)
    kind = KINDS.get(problem.code, Unavailable)
    return kind(problem.detail, problem.hint, code=problem.code)


def unreachable(origin: str, error: Exception) -> Unavailable:
    why: Any = getattr(error, "reason", None) or error
    match why:
        case exceptions.NameResolutionError():
            said = "its name is not known"
        case exceptions.NewConnectionError():
            said = "nothing answers there"
        case exceptions.ConnectTimeoutError() | exceptions.ReadTimeoutError():
            said = "it does not answer in time"
        case exceptions.SSLError():
            said = f"its certificate or TLS is not right ({why})"
        case _:
            said = f"the connection broke ({type(why).__name__})"
    return Unavailable(
        f"{origin} cannot be reached: {said}.",
        "Nothing is lost: try again when it can be reached.",
        code="unreachable",
    )


def not_kithd(url: str, response: BaseHTTPResponse) -> Unavailable:
    where = response.headers.get("location")
    hint = f"It points to {where}." if where else "Look at the address, and what answers there."
    return Unavailable(
        f"{url} answers, but not as a kithd does (status {response.status}, "
        f"{media_type(response) or 'no content type'}).",
        hint,
        code="not_kithd",
    )


def media_type(response: BaseHTTPResponse) -> str:
    return response.headers.get("content-type", "").partition(";")[0].strip()
