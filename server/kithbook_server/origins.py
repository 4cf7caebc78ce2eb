"""Under which origins a device may know a server that was told none.

The name in a request's `Host` proves nothing: a server elsewhere could let a device sign its own
origin, and bring the signature here under its own name. So only a name counts of which this
process knows that it is its own.
"""

from ipaddress import IPv4Address, IPv6Address, ip_address
from socket import gethostname
from urllib.parse import urlsplit

from kithbook.errors import Refused

Listening = tuple[str, int | None]
"""Address and port at which a request came in."""


def origins_of(host: str, came_in: Listening | None) -> tuple[str, ...]:
    """With and without TLS, which a proxy may have taken off. Raises Refused for a strange name."""
    if not is_own(host, came_in):
        raise Refused(
            f"This server does not know that it is reached as “{host}”.",
            f"Start it with --origin https://{host}, or http:// where nothing encrypts.",
            code="no_session",
        )
    return f"http://{host}", f"https://{host}"


def is_own(host: str, came_in: Listening | None) -> bool:
    """Whether a `Host` is a loopback, whatever a tunnel made of its port, or where we listen."""
    try:
        parts = urlsplit(f"//{host}")
        name, port = _address(parts.hostname or ""), parts.port
    except ValueError:
        return False
    if parts.netloc != host or "@" in host:
        return False
    if name == "localhost" or (not isinstance(name, str) and name.is_loopback):
        return True
    if came_in is None or (port or 80) != came_in[1]:
        return False
    machine = gethostname().lower()
    return name in {_address(came_in[0]), machine, f"{machine}.local"}


def _address(name: str) -> IPv4Address | IPv6Address | str:
    """An address however it is written, or else the name."""
    try:
        address = ip_address(name)
    except ValueError:
        return name
    return getattr(address, "ipv4_mapped", None) or address
