"""Group commit: one thread writes, and takes all that wait into one durable commit.

A commit costs about the same for one push as for fifty. While one is under way the next pushes
queue; the thread then does them all in one transaction, and works out all their answers in one
reading of what is now durable. When one of them raises, the transaction is undone and each is done
again in a transaction of its own, so that nobody's push fails because of another's.
"""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from queue import SimpleQueue
from typing import Any, Generic, NamedTuple, TypeVar

from kithbook.errors import Unavailable
from kithbook.ids import NetworkId
from kithbook_server.log import LogRecorder, Reading, Writing

T = TypeVar("T")
A = TypeVar("A")
MAX_GROUP = 256


class _Waiting(NamedTuple, Generic[T, A]):
    network: NetworkId
    write: Callable[[Writing], T]
    answer: Callable[[Reading, T], A]
    done: "Future[A]"


class Commits:
    """Every push through one thread. One that nobody waits for any more is left out."""

    def __init__(self, recorder: LogRecorder) -> None:
        self._recorder = recorder
        self._queue: SimpleQueue[_Waiting[Any, Any] | None] = SimpleQueue()
        self._door = threading.Lock()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="kithd-commits", daemon=True)
        self._thread.start()

    def submit(
        self,
        network: NetworkId,
        write: Callable[[Writing], T],
        answer: Callable[[Reading, T], A],
    ) -> "Future[A]":
        """What `answer` makes of what `write` returned, once that is durable, or what they raise.

        `write` writes to one network, and may run twice.
        """
        done: Future[A] = Future()
        with self._door:
            if self._closed:
                raise Unavailable("This server is shutting down.", "Try again in a minute.")
            self._queue.put(_Waiting(network, write, answer, done))
        return done

    def close(self) -> None:
        """Finish what waits, then stop."""
        with self._door:
            if not self._closed:
                self._closed = True
                self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        while group := self._next_group():
            try:
                self._commit(group)
            except Exception as error:  # noqa: BLE001 - it goes to whoever waits
                if len(group) == 1:
                    _fail(group[0], error)
                else:
                    self._commit_apart(group)

    def _next_group(self) -> list[_Waiting[Any, Any]]:
        """All that waits, at least one; nothing once closed."""
        group: list[_Waiting[Any, Any]] = []
        while waiting := self._queue.get():
            if waiting.done.set_running_or_notify_cancel():
                group.append(waiting)
            if len(group) == MAX_GROUP or (group and self._queue.empty()):
                return group
        self._queue.put(None)
        return group

    def _commit(self, group: list[_Waiting[Any, Any]]) -> None:
        # In the order in which every process takes the networks, see Writing.
        group = sorted(group, key=lambda waiting: waiting.network)
        with self._recorder.writing() as writing:
            results = [waiting.write(writing) for waiting in group]
        with self._recorder.reading() as held:
            answers = [
                _answer(waiting, held, result)
                for waiting, result in zip(group, results, strict=True)
            ]
        # All at once: who waits is woken once, and has nothing to do meanwhile.
        for tell in answers:
            tell()

    def _commit_apart(self, group: list[_Waiting[Any, Any]]) -> None:
        for waiting in group:
            try:
                self._commit([waiting])
            except Exception as error:  # noqa: BLE001 - likewise
                _fail(waiting, error)


def _answer(waiting: _Waiting[T, A], held: Reading, result: T) -> Callable[[], None]:
    """What tells the answer to whoever waits for it."""
    try:
        answer = waiting.answer(held, result)
    except Exception as error:  # noqa: BLE001 - likewise
        return partial(_fail, waiting, error)
    return partial(waiting.done.set_result, answer)


def _fail(waiting: _Waiting[T, A], error: Exception) -> None:
    waiting.done.set_exception(error)
