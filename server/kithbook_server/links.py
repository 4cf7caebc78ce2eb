"""Where the server can be reached, and the setup links that lead there."""

from kithbook_server.settings import Settings
from kithbook_server.stores import open_accounts

WITH_A_LINK = (
    "To have your network hosted here, type on your laptop kith join, and this link in quotes:"
)


def setup_link(settings: Settings, address: str) -> str:
    """A new setup link, for a server that can be reached at this address."""
    accounts = open_accounts(settings)
    try:
        return f"{address}/setup#{accounts.make_link(settings.link_hours)}"
    finally:
        accounts.close()


def address_of(settings: Settings, port: int) -> str:
    """How a device reaches the server: its origin, or else where it listens."""
    if settings.origin:
        return settings.origin
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)  # noqa: S104
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def remember_address(settings: Settings, address: str) -> None:
    """For `kithd link`; many processes on a database have one origin instead."""
    if not settings.database:
        (settings.folder / "address").write_text(address + "\n")


def last_address(settings: Settings) -> str | None:
    """The address at which these data were last served."""
    if settings.database:
        return None
    try:
        return (settings.folder / "address").read_text().strip() or None
    except OSError:
        return None


def is_set_up(settings: Settings) -> bool:
    """Whether a network is hosted, or a link waits for one."""
    accounts = open_accounts(settings)
    try:
        return accounts.has_been_set_up()
    finally:
        accounts.close()
