"""Group commit: many pushes in one transaction, each with an answer of its own."""

import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import cast

import pytest

from kithbook.errors import TooLarge, Unavailable
from kithbook.ids import NetworkId
from kithbook.protocol import SyncReply, SyncRequest
from kithbook_server.commits import Commits
from kithbook_server.log import LogRecorder, Reading, Writing
from kithbook_server.sync import SyncService
from tests.devices import Log

NETWORK = NetworkId(bytes(16))


class Counting:
    """A recorder that stores nothing and counts; a commit waits until `gate` is open."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.commits: list[list[str]] = []

    @contextmanager
    def writing(self) -> Iterator[list[str]]:
        written: list[str] = []
        yield written
        assert self.gate.wait(10)
        self.commits.append(written)

    @contextmanager
    def reading(self) -> Iterator[list[list[str]]]:
        yield self.commits


@pytest.fixture
def counting() -> Counting:
    return Counting()


@pytest.fixture
def queue(counting: Counting) -> Iterator[Commits]:
    queue = Commits(cast("LogRecorder", counting))
    yield queue
    counting.gate.set()
    queue.close()


def write(queue: Commits, name: str) -> Future[str]:
    def put(writing: Writing) -> str:
        cast("list[str]", writing).append(name)
        return name

    return queue.submit(
        NETWORK, put, lambda held, result: f"{result} of {len(cast('list[str]', held))}"
    )


def fail(queue: Commits) -> Future[str]:
    def refuse(writing: Writing) -> str:
        raise TooLarge("Too large.")

    return queue.submit(NETWORK, refuse, lambda held, result: result)


def begin(counting: Counting, queue: Commits) -> Future[str]:
    """A first commit that is under way, so that what follows has to wait for it."""
    first = write(queue, "first")
    while not queue._queue.empty():
        pass
    return first


def test_what_waits_is_committed_together(counting: Counting, queue: Commits) -> None:
    first = begin(counting, queue)
    rest = [write(queue, name) for name in ("a", "b", "c")]
    counting.gate.set()
    assert first.result(10) == "first of 1"
    assert [one.result(10) for one in rest] == ["a of 2", "b of 2", "c of 2"]
    assert counting.commits == [["first"], ["a", "b", "c"]]


def test_one_that_raises_fails_alone(counting: Counting, queue: Commits) -> None:
    first = begin(counting, queue)
    before, bad, after = write(queue, "a"), fail(queue), write(queue, "b")
    counting.gate.set()
    first.result(10)
    assert before.result(10) == "a of 2"
    with pytest.raises(TooLarge):
        bad.result(10)
    assert after.result(10) == "b of 3"
    assert counting.commits == [["first"], ["a"], ["b"]]


def test_an_answer_that_raises_fails_alone(counting: Counting, queue: Commits) -> None:
    counting.gate.set()

    def answer(held: Reading, result: None) -> str:
        raise TooLarge("Too large.")

    bad = queue.submit(NETWORK, lambda writing: None, answer)
    with pytest.raises(TooLarge):
        bad.result(10)
    assert write(queue, "a").result(10) == "a of 2"


def test_one_that_nobody_waits_for_any_more_is_left_out(counting: Counting, queue: Commits) -> None:
    first = begin(counting, queue)
    given_up, kept = write(queue, "a"), write(queue, "b")
    assert given_up.cancel()
    assert not first.cancel()
    counting.gate.set()
    assert kept.result(10) == "b of 2"
    assert counting.commits == [["first"], ["b"]]


def test_closing_finishes_what_waits_and_takes_no_more(counting: Counting, queue: Commits) -> None:
    begin(counting, queue)
    waiting = write(queue, "a")
    counting.gate.set()
    queue.close()
    assert waiting.result(0) == "a of 2"
    with pytest.raises(Unavailable):
        write(queue, "b")
    queue.close()


def test_threads_that_push_at_once_all_find_their_events(
    recorder: LogRecorder, service: SyncService
) -> None:
    ada = Log.found()
    logs = [ada.invite(f"P{n}").join().write(20) for n in range(8)]
    service.sync(ada.network, SyncRequest([], ada.pages()))
    replies: list[SyncReply] = []

    def push(log: Log) -> None:
        for page in log.pages(size=3):
            reply = service.sync(ada.network, SyncRequest([], [page]))
            assert page.last in [head.seq for head in reply.heads if head.log == log.id]
            replies.append(reply)

    threads = [threading.Thread(target=push, args=[log]) for log in logs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not any(reply.refused for reply in replies)
    with recorder.reading() as held:
        found = {log.head for log in held.heads(ada.network)}
        rows = held.since(ada.network, 0, 1_000)
    assert found == {ada.head(), *(log.head() for log in logs)}
    assert [row[0] for row in rows] == list(range(1, len(rows) + 1))
