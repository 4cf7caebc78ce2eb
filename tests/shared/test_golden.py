"""Every file that a release wrote opens for ever. They are written by `tests/golden/write.py`."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from kithbook import protocol
from kithbook.codec import SALT_BYTES, decode_body, encode_body
from kithbook.envelope import (
    chain,
    erase_record,
    opening_message,
    record_body,
    record_problem,
    reference,
    seal_message,
)
from kithbook.events import AnyEvent, Founded
from kithbook.ids import NetworkId, log_id, network_id, person_id
from kithbook.protocol import session_message
from tests.golden import write
from tests.golden.write import plain

GOLDEN = {
    path.stem: json.loads(path.read_text())
    for path in sorted(Path(write.__file__).parent.glob("*.json"))
}
EVENTS = [name for name in GOLDEN if name.startswith("event-")]
MESSAGES = [name for name in GOLDEN if name.startswith("wire-")]


@pytest.mark.parametrize("name", EVENTS)
def test_a_stored_event_means_what_it_meant(name: str) -> None:
    body = bytes.fromhex(GOLDEN[name]["body"])
    assert plain(decode_body(body)) == GOLDEN[name]["event"]


@pytest.mark.parametrize("name", EVENTS)
def test_an_event_is_written_as_it_was(name: str) -> None:
    body = bytes.fromhex(GOLDEN[name]["body"])
    event: Any = decode_body(body)
    assert encode_body(event, body[-SALT_BYTES:]) == body


@pytest.mark.parametrize("name", MESSAGES)
def test_a_message_means_what_it_meant_in_either_form(name: str) -> None:
    golden = GOLDEN[name]
    type_ = getattr(protocol, golden_type(name))
    packed = bytes.fromhex(golden["msgpack"])
    for message in (
        msgspec.msgpack.decode(packed, type=type_),
        msgspec.json.decode(golden["json"], type=type_),
    ):
        assert plain(message) == golden["message"]
        assert msgspec.msgpack.encode(message) == packed
        assert msgspec.json.encode(message).decode() == golden["json"]


def golden_type(name: str) -> str:
    return name.split("-")[1]


def test_every_event_type_and_every_message_has_a_golden_file() -> None:
    told = {GOLDEN[name]["event"]["type"] for name in EVENTS}
    assert told == {type_.__struct_config__.tag for type_ in AnyEvent.__args__}
    messages = [
        name
        for name, value in vars(protocol).items()
        if isinstance(value, type)
        and issubclass(value, msgspec.Struct)
        and value.__module__ == protocol.__name__
    ]
    assert {golden_type(name) for name in MESSAGES} == set(messages)


def test_nobody_changed_a_golden_file_with_the_code() -> None:
    """A change of the wire is a new version with a file of its own."""
    for name, content in write.files().items():
        assert content == GOLDEN[name]


def test_records_hashes_and_seals_are_computed_as_they_were() -> None:
    golden = GOLDEN["envelope"]
    network, log = bytes.fromhex(golden["network"]), bytes.fromhex(golden["log"])
    previous, records = bytes.fromhex(golden["previous"]), [*map(bytes.fromhex, golden["records"])]
    hashes = chain(network, log, golden["first"], previous, records)
    assert plain(hashes) == golden["hashes"]
    erased = bytes.fromhex(golden["erased"])
    assert erase_record(records[0]) == erased
    assert chain(network, log, golden["first"], previous, [erased, records[1]]) == hashes
    assert [record_problem(record) for record in (*records, erased)] == [None] * 3
    assert record_body(erased) is None
    last = golden["first"] + 1
    assert seal_message(network, log, last, hashes[1]).hex() == golden["seal_message"]
    assert plain(reference(log, last, hashes[1])) == golden["reference"]


def test_ids_are_computed_as_they_were() -> None:
    golden = GOLDEN["ids"]
    body = bytes.fromhex(golden["founded_body"])
    assert isinstance(decode_body(body), Founded)
    assert network_id(body).hex() == golden["network"]
    network = NetworkId(write.NETWORK)
    assert log_id(network, write.KEY, write.NONCE).hex() == golden["log"]
    assert {name: person_id(network, name).hex() for name in golden["people"]} == golden["people"]
    assert opening_message(network, write.LOG).hex() == golden["opening_message"]
    signed = session_message("https://kith.example", write.NONCE).hex()
    assert signed == golden["session_message"]
