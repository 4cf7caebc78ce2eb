"""A reverse proxy: each connection goes to the next server that takes it."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

CHUNK = 65_536


class Proxy:
    def __init__(self) -> None:
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.ports: list[int] = []

    @classmethod
    @contextmanager
    def running(cls) -> Iterator["Proxy"]:
        proxy = cls()
        threading.Thread(target=proxy._accept, daemon=True).start()
        try:
            yield proxy
        finally:
            # Only this wakes whoever waits in accept.
            proxy.listening.shutdown(socket.SHUT_RDWR)
            proxy.listening.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.listening.getsockname()[1]}"

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self.listening.accept()
                threading.Thread(target=self._join, args=(near,), daemon=True).start()

    def _join(self, near: socket.socket) -> None:
        far = self._connect()
        if far is None:
            near.close()
            return
        back = threading.Thread(target=_pump, args=(far, near), daemon=True)
        back.start()
        _pump(near, far)
        back.join()
        near.close()
        far.close()

    def _connect(self) -> socket.socket | None:
        self.ports.append(self.ports.pop(0))
        for port in list(self.ports):
            with suppress(OSError):
                return socket.create_connection(("127.0.0.1", port))
        return None


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(CHUNK):
            sink.sendall(data)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
    return port
