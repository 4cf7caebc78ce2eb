"""The description of the interface, and its page."""

import re
from html.parser import HTMLParser
from typing import Any

import pytest

from tests.server.served import Served


@pytest.fixture
def described(served: Served) -> dict[str, Any]:
    told = served.client.get("/schema/openapi.json")
    assert told.status_code == 200
    return dict(told.json())


def test_it_is_openapi_3_1_and_has_every_address(described: dict[str, Any]) -> None:
    assert described["openapi"].startswith("3.1")
    assert {"/v1/networks/{network}/sync", "/v1/join", "/v1/session", "/health"} <= set(
        described["paths"]
    )


def test_every_message_it_speaks_of_is_described(described: dict[str, Any]) -> None:
    named = set(re.findall(r"'\$ref': '#/components/schemas/([^']+)'", str(described)))
    assert {"SyncRequest", "SyncReply", "Page", "Seal", "Refusal", "Problem"} <= named
    assert named <= set(described["components"]["schemas"])


def test_a_round_of_sync_is_described_as_it_is_on_the_wire(described: dict[str, Any]) -> None:
    round_ = described["paths"]["/v1/networks/{network}/sync"]["post"]
    asked = round_["requestBody"]["content"]["application/x-msgpack"]["schema"]
    assert asked == {"$ref": "#/components/schemas/SyncRequest"}
    assert "application/problem+json" in round_["responses"]["default"]["content"]
    assert round_["security"] == [{"session": []}]
    head = described["components"]["schemas"]["Head"]
    assert (head["type"], len(head["prefixItems"])) == ("array", 3)


class Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.links += [value or "" for name, value in attrs if name in {"src", "href", "srcset"}]


def test_the_page_needs_no_other_host_and_no_script(served: Served) -> None:
    for path in ("/schema", "/schema/", "/schema/nothing-here"):
        told = served.client.get(path)
        assert told.headers["content-type"].startswith("text/html")
        found = Links()
        found.feed(told.text)
        assert not re.search(r"https?:|//[a-z]", told.text.partition("<body>")[0])
        assert "script" not in found.tags
        assert all(link.startswith(("/", "#", "data:,")) for link in found.links)
        assert "url(" not in told.text
        assert "@import" not in told.text


def test_the_page_shows_every_address_and_message(
    served: Served, described: dict[str, Any]
) -> None:
    page = served.client.get("/schema").text
    for path in described["paths"]:
        assert path in page
    anchors = set(re.findall(r'id="([^"]+)"', page))
    assert set(described["components"]["schemas"]) <= anchors
    assert {link[1:] for link in re.findall(r'href="(#[^"]+)"', page)} <= anchors
