"""What whoever runs a real kithd sees of it: metrics and logs, and nobody's secrets in either."""

import json
import socket
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.processes.real import Laptop, Server, tampering
from tests.processes.test_changes import listening
from tests.processes.test_http import Caller, session

NAMES = ("Ada", "Bob", "Carol", "Dora", "private", "laptop", "127.0.0.1")


def counts(text: str) -> dict[str, float]:
    """Name, with the reason where there is one → number."""
    return {
        sample.name + "".join(f" {value}" for name, value in sample.labels.items()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def measured(server: Server) -> dict[str, float]:
    answer = Caller(server).get("/metrics")
    assert (answer.status, answer.media) == (200, "text/plain")
    assert answer.headers["content-type"].count("charset") == 1
    return counts(answer.body.decode())


def secrets_of(laptop: Laptop) -> set[str]:
    network = laptop.network
    people = {row["id"] for row in laptop.ask("contacts")["contacts"]}
    return {network["id"], network["digest"], *network["logs"], *people, *NAMES}


def test_metrics_count_what_was_done_and_name_nobody(laptop: Laptop, server: Server) -> None:
    before = measured(server)
    laptop.run("join", server.greeting)
    network, token = laptop.network, session(laptop, server)
    laptop.run("met", "Dora")
    laptop.sync()
    with listening(server, network["id"], token) as stream:
        stream.change()
        call = Caller(server, token)
        assert call.get(f"/v1/networks/{network['id']}/contacts").status == 200
        laptop.run("met", "Emil")
        laptop.sync()
        call.get(f"/v1/networks/{'0' * 32}/contacts")
        now = measured(server)
    grown = {name: now[name] - before.get(name, 0) for name in now}
    assert grown["kithd_pushes_total"] >= 3
    assert grown["kithd_events_received_total"] >= laptop.network["events"]
    assert grown["kithd_rejected_total unknown_network"] == 1
    assert now["kithd_streams"] == 1
    assert now["kithd_sessions"] >= 2
    assert now["kithd_view_lag"] == laptop.network["events"] - network["events"] - 2
    assert 0 <= now["kithd_pool_used"] < now["kithd_pool_most"]
    shown = Caller(server).get("/metrics").body.decode()
    assert {secret for secret in secrets_of(laptop) if secret in shown} == set()


def test_metrics_can_be_turned_off_or_shown_elsewhere(tmp_path: Path) -> None:
    with Server(tmp_path / "off", metrics="off") as server:
        assert Caller(server).get("/metrics").problem == (404, "not_found")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with Server(tmp_path / "apart", metrics=f"127.0.0.1:{port}") as server:
        assert Caller(server).get("/metrics").problem == (404, "not_found")
        with urlopen(f"http://127.0.0.1:{port}/metrics") as reply:
            assert "kithd_pushes_total" in counts(reply.read().decode())
        assert server.stop() == 0


def test_every_request_is_a_line_with_its_id_and_nobody_is_named(
    laptop: Laptop, tmp_path: Path
) -> None:
    with Server(tmp_path / "server", log_level="info") as server:
        laptop.run("join", server.greeting)
        token = session(laptop, server)
        call = Caller(server, token)
        answers = [
            call.get(f"/v1/networks/{laptop.network['id']}/trust?to=Carol"),
            call.get("/nowhere/Bob"),
        ]
        server.stop()
    lines = [json.loads(line) for line in server.log.splitlines()]
    told = {line["request"]: line for line in lines if "request" in line}
    for answer, path in zip(answers, ("/v1/networks/{network}/trust", None), strict=True):
        line = told[answer.headers["x-request-id"]]
        assert (line["event"], line["method"], line["status"]) == ("answered", "GET", answer.status)
        assert line["ms"] >= 0
        assert line.get("path") == path
    secret = server.greeting.rpartition("#")[2]
    hidden = {*secrets_of(laptop), token, secret}
    assert {one for one in hidden if one in server.log} == set()


@pytest.mark.parametrize("form", ["json", "text"])
def test_what_goes_wrong_in_the_server_has_its_trace_in_the_log_alone(
    laptop: Laptop, tmp_path: Path, form: str
) -> None:
    with Server(tmp_path / "server", log_format=form) as server:
        laptop.run("join", server.greeting)
        call = Caller(server, session(laptop, server))
        with tampering(server.file) as db:
            db.execute("ALTER TABLE record RENAME TO gone")
        answer = call.get(f"/v1/networks/{laptop.network['id']}/contacts")
        server.stop()
    assert answer.status >= 500
    assert b"Traceback" not in answer.body
    assert b".py" not in answer.body
    request = answer.json["request"]
    assert request == answer.headers["x-request-id"]
    if form == "json":
        [line] = [
            line for line in map(json.loads, server.log.splitlines()) if line["level"] == "error"
        ]
        assert line["request"] == request
        assert line["error"].startswith("Traceback")
    else:
        [first, second, *_] = server.log.splitlines()
        assert f" error failed request={request}" in first
        assert second.startswith("Traceback")


def test_a_server_says_it_is_not_ready_once_its_store_is_gone(
    laptop: Laptop, hosted: Server
) -> None:
    call: Any = Caller(hosted).get
    assert call("/health/ready").status == 200
    with tampering(hosted.file) as db:
        db.execute("ALTER TABLE log RENAME TO gone")
    assert call("/health/ready").problem[0] >= 500
    assert call("/health").status == 200
