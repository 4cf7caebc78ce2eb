"""The bell: tells whoever listens to a network that something new of it is durable.

It is rung in any thread, by the store after each commit, whichever process made it. Listeners wait
in the event loop; a listener that was rung several times meanwhile wakes once.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Lock

from kithbook.errors import Unavailable
from kithbook.ids import NetworkId
from kithbook_server.limits import WINDOW_SECONDS, TooMany


class Listener:
    """Somebody who waits for news of one network."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._rung = asyncio.Event()

    def wake(self) -> None:
        with suppress(RuntimeError):  # the loop has ended, and nobody listens any more
            self._loop.call_soon_threadsafe(self._rung.set)

    async def wait(self, seconds: float) -> bool:
        """Whether it rang within so many seconds, or before."""
        try:
            await asyncio.wait_for(self._rung.wait(), seconds)
        except TimeoutError:
            return False
        self._rung.clear()
        return True


class Bell:
    """One device may listen so many times at once; 0 for any number."""

    def __init__(self, limit: int = 0) -> None:
        self._limit = limit
        self._lock = Lock()
        self._listeners: dict[NetworkId, list[Listener]] = {}
        self._devices: dict[bytes, int] = {}
        self.closed = False

    @property
    def listeners(self) -> int:
        """How many listen."""
        return sum(self._devices.values())

    def ring(self, network: NetworkId) -> None:
        with self._lock:
            listeners = tuple(self._listeners.get(network, ()))
        for listener in listeners:
            listener.wake()

    @contextmanager
    def listening(self, network: NetworkId, device: bytes) -> Iterator[Listener]:
        """Raises Refused when the device listens too often, Unavailable once the bell is closed."""
        listener = Listener()
        with self._lock:
            self._add(network, device, listener)
        try:
            yield listener
        finally:
            with self._lock:
                self._remove(network, device, listener)

    def close(self) -> None:
        """Wake everybody: nothing more will be told."""
        with self._lock:
            self.closed = True
            everybody = [one for found in self._listeners.values() for one in found]
        for listener in everybody:
            listener.wake()

    def _add(self, network: NetworkId, device: bytes, listener: Listener) -> None:
        if self.closed:
            raise Unavailable("This server is shutting down.", "Try again in a minute.")
        count = self._devices.get(device, 0)
        if self._limit and count >= self._limit:
            raise TooMany(
                f"This device listens for changes {count:,} times already.",
                "Close one of them, or have KITHD_STREAMS raised.",
                WINDOW_SECONDS,
            )
        self._devices[device] = count + 1
        self._listeners.setdefault(network, []).append(listener)

    def _remove(self, network: NetworkId, device: bytes, listener: Listener) -> None:
        self._listeners[network].remove(listener)
        if not self._listeners[network]:
            del self._listeners[network]
        self._devices[device] -= 1
        if not self._devices[device]:
            del self._devices[device]
