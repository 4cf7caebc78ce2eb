"""Settings from the environment and from options."""

import pytest

from kithbook.errors import Invalid
from kithbook_server.settings import Settings, read_settings


def test_options_go_before_the_environment_and_that_before_the_defaults() -> None:
    environment = {"KITHD_PORT": "80", "KITHD_HOST": "0.0.0.0", "KITHD_RATE": "", "PATH": "/bin"}
    found = read_settings(environment, {"port": "81", "host": None, "data": "there"})
    assert found == Settings(host="0.0.0.0", port=81, data="there")


def test_an_origin_needs_no_slash_at_its_end() -> None:
    given = {"KITHD_ORIGIN": "https://kith.example.org/"}
    assert read_settings(given, {}).origin == "https://kith.example.org"


@pytest.mark.parametrize(
    ("environment", "why"),
    [
        ({"KITHD_PORT": "high"}, "port"),
        ({"KITHD_PORT": "65536"}, "port"),
        ({"KITHD_ROUND_EVENTS": "999"}, "round_events"),
        ({"KITHD_PROT": "80"}, "KITHD_PROT"),
        ({"KITHD_LOG_LEVEL": "loud"}, "log_level"),
        ({"KITHD_ORIGIN": "kith.example.org"}, "origin"),
    ],
)
def test_a_setting_that_means_nothing_is_told(environment: dict[str, str], why: str) -> None:
    with pytest.raises(Invalid, match=why):
        read_settings(environment, {})
