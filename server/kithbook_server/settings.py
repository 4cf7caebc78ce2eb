"""What whoever runs the server may choose, from `KITHD_…` in the environment and from options.

There are no secrets among them: the password of the database is in a file that one of them names.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from platformdirs import user_data_path

from kithbook.errors import Invalid
from kithbook.protocol import MAX_REQUEST_BYTES, ROUND_EVENTS
from kithbook.replication import PAGE_EVENTS

PREFIX = "KITHD_"

Count = Annotated[int, msgspec.Meta(ge=0)]
Positive = Annotated[int, msgspec.Meta(ge=1)]
RoundEvents = Annotated[int, msgspec.Meta(ge=PAGE_EVENTS)]
Connections = Annotated[int, msgspec.Meta(ge=2)]
Port = Annotated[int, msgspec.Meta(ge=0, le=65_535)]
Origin = Annotated[str, msgspec.Meta(pattern="^(https?://[^/]+)?$")]
MetricsAt = Annotated[str, msgspec.Meta(pattern=r"^(on|off|\[?[^\s/]+\]?:\d{1,5})$")]


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    host: str = "127.0.0.1"
    """The address to listen on."""
    port: Port = 8123
    """The port; 0 takes a free one."""
    data: str = ""
    """The folder for the databases; empty for the platform's folder for data."""
    database: str = ""
    """The URL of a PostgreSQL to use instead, such as
    `postgresql://kithd@db.example.org/kithd`."""
    database_password_file: str = ""
    """The file that holds the password for it, where the URL has none."""
    connections: Connections = 10
    """Connections to it that one process opens at most for events; it needs four more."""
    origin: Origin = ""
    """How devices reach the server, such as `https://kith.example.org`, where a proxy hides
    that."""
    request_bytes: Positive = MAX_REQUEST_BYTES
    """What the body of one request may hold, compressed or inflated."""
    round_events: RoundEvents = ROUND_EVENTS
    """Events that a device may bring in one round of sync, 1000 or more, as one page may hold so
    many."""
    network_events: Positive = 10_000_000
    """Events that are kept of one network."""
    rate: Count = 600
    """Requests a minute from one address without a session; 0 for any number."""
    device_rate: Count = 6_000
    """Requests a minute of one device in its sessions; 0 for any number."""
    body_seconds: Positive = 30
    """How long the headers of a request may take to come, and its body, with a second more for
    each KiB."""
    streams: Count = 100
    """Streams of changes that one device may hold open; 0 for any number."""
    further_networks: Count = 20
    """Networks that are hosted beside one that a setup link brought, for those who are in it or
    in them."""
    session_hours: Positive = 24
    """How long a device stays logged in."""
    link_hours: Positive = 168
    """How long a setup link can be used."""
    log_level: Literal["debug", "info", "warning", "error"] = "warning"
    """How much is logged: `debug`, `info`, `warning`, `error`."""
    log_format: Literal["json", "text"] = "json"
    """A JSON object a line, or `text` for people."""
    metrics: MetricsAt = "on"
    """Metrics at `/metrics`, `off`, or at a `HOST:PORT` of their own."""

    @property
    def folder(self) -> Path:
        return Path(self.data).expanduser() if self.data else user_data_path("kithd")


def read_settings(environment: Mapping[str, str], options: Mapping[str, Any]) -> Settings:
    """The settings of the environment, and over them the options that are not None."""
    given: dict[str, Any] = {
        name.removeprefix(PREFIX).lower(): value
        for name, value in environment.items()
        if name.startswith(PREFIX) and value
    }
    given |= {name: value for name, value in options.items() if value is not None}
    unknown = given.keys() - set(Settings.__struct_fields__)
    if unknown:
        names = ", ".join(PREFIX + name.upper() for name in sorted(unknown))
        raise Invalid(f"There is no setting {names}.", "`kithd serve --help` lists them.")
    given["origin"] = given.get("origin", "").rstrip("/")
    try:
        return msgspec.convert(given, Settings, strict=False)
    except msgspec.ValidationError as error:
        raise Invalid(f"A setting cannot be used: {error}.", "See `kithd serve --help`.") from None
