"""A relay that counts the bytes which go through it, headers and all."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Thread


class Relay:
    def __init__(self, port: int) -> None:
        self.address = ("127.0.0.1", port)
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.sent = self.received = 0

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.listening.getsockname()[1]}"

    def accept(self) -> None:
        with suppress(OSError):  # it is closed when no more come
            while True:
                near, _ = self.listening.accept()
                far = socket.create_connection(self.address)
                Thread(target=self._pump, args=(near, far, "sent"), daemon=True).start()
                Thread(target=self._pump, args=(far, near, "received"), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket, count: str) -> None:
        with suppress(OSError), source, sink:
            while data := source.recv(65_536):
                setattr(self, count, getattr(self, count) + len(data))
                sink.sendall(data)


@contextmanager
def relay(port: int) -> Iterator[Relay]:
    made = Relay(port)
    Thread(target=made.accept, daemon=True).start()
    try:
        yield made
    finally:
        made.listening.close()
