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

PREFIX = "KITHD_"

Count = Annotated[int, msgspec.Meta(ge=0)]
Positive = Annotated[int, msgspec.Meta(ge=1)]
Connections = Annotated[int, msgspec.Meta(ge=2)]
Port = Annotated[int, msgspec.Meta(ge=0, le=65_535)]
Origin = Annotated[str, msgspec.Meta(pattern="^(https?://[^/]+)?$")]
MetricsAt = Annotated[str, msgspec.Meta(pattern=r"^(on|off|\[?[^\s/]+\]?:\d{1,5})$")]


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    host: str = "127.0.0.1"
    port: Port = 8123
    """0 takes a free one."""
    data: str = ""
    """The folder for the databases; empty for the platform's own place for data."""
    database: str = ""
    """The URL of a PostgreSQL to use instead, as `postgresql://kithd@db.example.org/kithd`."""
    database_password_file: str = ""
    """The file that holds the password for it, where the URL has none."""
    connections: Connections = 10
    """How many connections to it one process opens at most for events; it needs four more."""
    origin: Origin = ""
    """How devices reach this server, as `https://kith.example.org`, where a proxy hides that."""

    request_bytes: Positive = MAX_REQUEST_BYTES
    """The body of one request, compressed or inflated."""
    round_events: Positive = ROUND_EVENTS
    network_events: Positive = 10_000_000
    rate: Count = 600
    """Requests a minute from one address without a session (to join, to open one); 0 for any."""
    device_rate: Count = 6_000
    """Requests a minute of one device in its sessions; 0 for any."""
    body_seconds: Positive = 30
    """For headers to come, and for a body, with a second more for each KiB of it."""
    streams: Count = 100
    """Streams of changes that one device may hold open; 0 for any number."""
    further_networks: Count = 20
    """How many networks are hosted beside one that a setup link brought, for those who are in it
    or in them."""
    session_hours: Positive = 24
    link_hours: Positive = 168
    """How long a setup link can be used."""
    log_level: Literal["debug", "info", "warning", "error"] = "warning"
    log_format: Literal["json", "text"] = "json"
    metrics: MetricsAt = "on"
    """At /metrics, `off`, or at a `HOST:PORT` of their own."""

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
