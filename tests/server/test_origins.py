"""Under which names a device may know a server that was told no origin."""

import socket

import pytest

from kithbook.errors import Refused
from kithbook_server.origins import is_own, origins_of

HERE = ("192.168.1.5", 8123)
MACHINE = socket.gethostname().lower()


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1:8123", "127.0.0.2", "localhost:9000", "LOCALHOST", "[::1]:8123"),
        *("192.168.1.5:8123", "[::ffff:192.168.1.5]:8123", f"{MACHINE}:8123"),
        f"{MACHINE}.LOCAL:8123",
    ],
)
def test_a_loopback_and_where_it_listens_are_its_own(host: str) -> None:
    assert is_own(host, HERE)
    assert origins_of(host, HERE) == (f"http://{host}", f"https://{host}")


@pytest.mark.parametrize(
    "host",
    [
        *("kith.example.org", "192.168.1.5", "192.168.1.5:80", "192.168.1.6:8123", MACHINE),
        *(
            "",
            ":8123",
            "a:b:c",
            "192.168.1.5:x",
            "[::1",
            "localhost.example.org",
            "127.0.0.1.nip.io",
        ),
        *("evil@192.168.1.5:8123@evil.example", "192.168.1.5:8123#", "192.168.1.5:8123/.evil"),
    ],
)
def test_any_other_name_is_not(host: str) -> None:
    assert not is_own(host, HERE)
    with pytest.raises(Refused, match="does not know that it is reached"):
        origins_of(host, HERE)


def test_on_the_usual_port_the_name_is_enough() -> None:
    assert is_own("192.168.1.5", ("192.168.1.5", 80))


def test_without_an_address_only_a_loopback_is() -> None:
    assert is_own("localhost", None)
    assert not is_own("192.168.1.5:8123", None)
