"""The wire: forms, compression, limits, problems; and no 500 whatever is sent."""

import gzip
import logging
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from kithbook.protocol import SyncReply, SyncRequest
from kithbook_server.logs import JSONLines
from tests.devices import Log
from tests.server.served import Device, Served, problem, read

JSON, MSGPACK = "application/json", "application/x-msgpack"


@pytest.fixture
def ada() -> Log:
    return Log.found().write(4)


@pytest.fixture
def device(served: Served, ada: Log) -> Device:
    return served.host(ada)


def send(device: Device, body: bytes, kind: str = MSGPACK, **headers: str) -> Any:
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    return device.served.client.post(
        device.path, content=body, headers={**device.headers, "content-type": kind, **told}
    )


def test_a_round_in_json_says_the_same_as_one_in_messagepack(device: Device, ada: Log) -> None:
    request = SyncRequest([], ada.pages())
    told = send(device, msgspec.json.encode(request), JSON)
    assert told.headers["content-type"] == JSON
    first = msgspec.json.decode(told.content, type=SyncReply)
    assert first == SyncReply([ada.head()])
    assert device.sync(request) == first


def test_on_files_a_small_round_is_answered_without_another_thread(
    tmp_path: Path, ada: Log
) -> None:
    """The way there and back takes longer than all else that it does."""
    ways: list[object] = []
    with Served(data=str(tmp_path)) as served, pytest.MonkeyPatch.context() as patch:
        device = served.host(ada)
        hop = ThreadPoolExecutor.submit
        patch.setattr(
            ThreadPoolExecutor,
            "submit",
            lambda *told, **more: ways.append(told) or hop(*told, **more),
        )
        device.sync(SyncRequest([]))
    assert ways == []


@pytest.mark.parametrize(
    ("sent", "accepted", "answered"),
    [
        (MSGPACK, "*/*", MSGPACK),
        ("application/msgpack", "", MSGPACK),
        ("application/vnd.msgpack", "text/html", MSGPACK),
        (MSGPACK, JSON, JSON),
        ("application/json; charset=utf-8", "application/msgpack", MSGPACK),
        ("APPLICATION/JSON", "text/html, application/json;q=0.9", JSON),
        (MSGPACK, "application/json;q=0.2, application/msgpack;q=0.7", MSGPACK),
        (JSON, "application/json; q=0, application/msgpack", MSGPACK),
        (MSGPACK, "application/json;q=much, */*", MSGPACK),
    ],
)
def test_the_reply_is_in_the_form_that_is_accepted(
    device: Device, sent: str, accepted: str, answered: str
) -> None:
    encode = msgspec.json.encode if "json" in sent.lower() else msgspec.msgpack.encode
    told = send(device, encode(SyncRequest([])), sent, accept=accepted)
    assert told.status_code == 200
    assert told.headers["content-type"] == answered


@pytest.mark.parametrize("kind", ["text/plain", "", "multipart/form-data; boundary=x"])
def test_other_forms_are_not_read(device: Device, kind: str) -> None:
    assert problem(send(device, b"x", kind)) == (415, "unsupported_media")


def compressors() -> dict[str, Any]:
    sizeless = zstandard.ZstdCompressor(write_content_size=False)
    return {
        "zstd": zstandard.ZstdCompressor().compress,
        "ZSTD": sizeless.compress,
        "gzip": gzip.compress,
        "identity": bytes,
    }


@pytest.mark.parametrize("encoding", list(compressors()))
def test_a_request_may_be_compressed(device: Device, ada: Log, encoding: str) -> None:
    body = compressors()[encoding](msgspec.msgpack.encode(SyncRequest([], ada.pages())))
    told = send(device, body, content_encoding=encoding)
    assert read(told, SyncReply).heads == [ada.head()]


def test_a_large_reply_is_compressed_for_who_can_read_that(device: Device, ada: Log) -> None:
    device.push(ada.write(200))
    request = msgspec.msgpack.encode(SyncRequest([]))
    for welcome in ("gzip", "zstd;q=0, gzip"):
        plain = send(device, request, accept_encoding=welcome)
        assert "content-encoding" not in plain.headers
    small = send(device, msgspec.msgpack.encode(SyncRequest([ada.head()])), accept_encoding="zstd")
    assert "content-encoding" not in small.headers
    with device.served.client.stream(
        "POST",
        device.path,
        content=request,
        headers={**device.headers, "content-type": MSGPACK, "accept-encoding": "gzip, zstd"},
    ) as told:
        assert told.headers["content-encoding"] == "zstd"
        raw = b"".join(told.iter_raw())
    assert len(raw) < len(plain.content)
    assert zstandard.ZstdDecompressor().decompress(raw) == plain.content


@pytest.mark.parametrize("encoding", ["zstd", "ZSTD", "gzip"])
def test_a_bomb_does_not_go_off(tmp_path: Path, ada: Log, encoding: str) -> None:
    with Served(data=str(tmp_path), request_bytes=1_000_000) as served:
        device = served.host(ada)
        bomb = compressors()[encoding](bytes(200_000_000))
        assert len(bomb) < 1_000_000
        assert problem(send(device, bomb, content_encoding=encoding)) == (413, "too_large")
        assert problem(send(device, bytes(1_000_001))) == (413, "too_large")


def test_without_a_session_little_may_be_sent(served: Served) -> None:
    for path in ("/v1/join", "/v1/session"):
        for encoding, body in (("identity", bytes(2**21)), ("gzip", gzip.compress(bytes(2**21)))):
            told = served.client.post(
                path, content=body, headers={"content-type": JSON, "content-encoding": encoding}
            )
            assert problem(told) == (413, "too_large")


def test_a_bomb_that_lies_about_its_size_does_not_go_off(device: Device) -> None:
    honest = zstandard.ZstdCompressor().compress(bytes(100_000_000))
    size = zstandard.get_frame_parameters(honest).content_size.to_bytes(4, "little")
    assert size in honest
    lying = honest.replace(size, (1_000).to_bytes(4, "little"), 1)
    assert problem(send(device, lying, content_encoding="zstd")) == (400, "malformed")


@pytest.mark.parametrize("encoding", ["zstd", "gzip", "br", "gzip, zstd"])
def test_what_is_not_compressed_as_it_says_is_malformed(device: Device, encoding: str) -> None:
    whole = msgspec.msgpack.encode(SyncRequest([]))
    for body in (whole, b"", gzip.compress(whole)[:-9], compressors()["zstd"](whole)[:-1]):
        status, code = problem(send(device, body, content_encoding=encoding))
        assert (status, code) in {(400, "malformed"), (415, "unsupported_media")}


DEEP = b'{"x":' + b"[" * 100_000
BAD_JSON = [
    b"",
    b"{",
    b"null",
    b"[]",
    b"{}",
    b'{"heads": 1}',
    b'{"heads": [[1, 2, 3]]}',
    b'{"heads": [["AAAA", 1.5, "AAAA"]]}',
    b'{"heads": [["AAAA", 1, "AAAA"]]}',
    b'{"heads": [], "pages": [["AAAA", 1, "AAAA", ["*"], []]]}',
    b'{"heads": [], "pages": null}',
    b'{"heads": [["AAAAAAAAAAAAAAAAAAAAAA==", 1' + b"0" * 400 + b', "AA=="]]}',
    b'{"heads": "\xff\xfe"}',
    DEEP,
]


@pytest.mark.parametrize("body", BAD_JSON, ids=range(len(BAD_JSON)))
def test_malformed_json_is_a_problem_not_a_crash(device: Device, body: bytes) -> None:
    status, code = problem(send(device, body, JSON))
    assert (status, code) in {(400, "malformed"), (400, "invalid")}


def test_malformed_messagepack_is_a_problem_not_a_crash(device: Device) -> None:
    for body in (b"", b"\xc1", b"\x81", b"\xdf\xff\xff\xff\xff", b"\x81\xa1x" + b"\x91" * 100_000):
        assert problem(send(device, body)) == (400, "malformed")


def test_too_many_heads_are_refused(device: Device) -> None:
    heads = [(n.to_bytes(16, "big"), 0, bytes(32)) for n in range(10_001)]
    body = msgspec.msgpack.encode({"heads": heads})
    assert problem(send(device, body)) == (400, "malformed")


def test_unknown_fields_of_a_later_release_are_passed_over(device: Device) -> None:
    body = msgspec.msgpack.encode({"heads": [], "later": {"a": [1, 2]}})
    assert send(device, body).status_code == 200


numbers = st.integers(-(2**63), 2**64 - 1)
blobs = st.binary(max_size=40) | st.sampled_from([bytes(16), bytes(32), bytes(64)])
heads = st.tuples(blobs, numbers, blobs)
pages = st.tuples(
    blobs,
    numbers | st.integers(0, 3),
    blobs,
    st.lists(st.binary(max_size=60), max_size=3),
    st.lists(st.tuples(numbers | st.integers(0, 4), blobs), max_size=3),
)


def test_whatever_fits_the_form_is_answered(device: Device, ada: Log) -> None:
    device.push(ada)
    real = ada.page(1, ada.seq)
    logs = st.just(ada.id) | blobs

    @settings(max_examples=60)
    @given(
        st.lists(heads, max_size=3),
        st.lists(pages, max_size=3),
        st.tuples(logs, numbers | st.integers(0, 6)),
    )
    def answered(heads: Any, pages: Any, mixed: Any) -> None:
        log, number = mixed
        bent = (log, number, real.previous, real.records, [(number, bytes(64))])
        head = (log, max(0, min(number, 2**63 - 1)), ada.hash_at(1))
        body = msgspec.msgpack.encode({"heads": [*heads, head], "pages": [*pages, bent]})
        assert send(device, body).status_code in {200, 400}

    answered()
    assert device.sync(SyncRequest([ada.head()])) == SyncReply([ada.head()])


def test_every_address_answers_with_a_problem_where_it_is_used_wrongly(served: Served) -> None:
    client = served.client
    assert problem(client.get("/nowhere")) == (404, "not_found")
    assert problem(client.get("/v1/join")) == (405, "method_not_allowed")
    for path in ("/v1/join", "/v1/session"):
        for kind in (JSON, MSGPACK):
            told = client.post(path, content=b"\xc1", headers={"content-type": kind})
            assert problem(told) == (400, "malformed")


def test_who_asks_in_a_wrong_way_is_told_in_which_ways_one_can(served: Served, ada: Log) -> None:
    device, client = served.host(ada), served.client
    for method, path, allowed in (
        ("GET", "/v1/session", "DELETE, OPTIONS, POST"),
        ("HEAD", "/health", "GET, OPTIONS"),
        ("POST", device.path.replace("sync", "events"), "GET, OPTIONS"),
    ):
        told = client.request(method, path, headers=device.headers)
        assert (told.status_code, told.headers["allow"]) == (405, allowed)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        *(("events?limit=0", "limit: "), ("events?limit=many", "limit: ")),
        *(("why?to=me&order=foo", "order: "), ("why?to=me&changes=maybe", "changes: ")),
        ("why", "'to'"),
    ],
)
def test_a_parameter_that_is_wrong_is_named(
    served: Served, ada: Log, query: str, said: str
) -> None:
    device = served.host(ada)
    told = served.client.get(device.path.replace("sync", query), headers=device.headers)
    assert problem(told) == (400, "invalid")
    assert said in told.json()["detail"]


def test_health(served: Served) -> None:
    for path in ("/health", "/health/ready"):
        told = served.client.get(path)
        assert (told.status_code, told.json()) == (200, {"status": "ok"})


def test_a_database_that_cannot_be_used_is_not_ready(served: Served) -> None:
    served.server.accounts.close()
    served.server.recorder.close()
    assert problem(served.client.get("/health/ready")) == (503, "unavailable")


def test_every_answer_has_an_id_and_the_log_a_line_without_who_asked(
    device: Device, ada: Log, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "kithd"):
        told = device.ask(SyncRequest([ada.head()]))
    [line] = [msgspec.json.decode(JSONLines().format(record)) for record in caplog.records]
    assert line["request"] == told.headers["x-request-id"]
    assert (line["method"], line["status"]) == ("POST", 200)
    assert ada.network.hex() not in str(line)
    caplog.clear()
    device.ask(SyncRequest([]))
    assert not caplog.records
