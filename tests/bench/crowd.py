"""Fifty laptops that push one event each, all at once or one after another."""

import selectors
import socket
from collections.abc import Iterator, Sequence
from time import perf_counter

from kithbook.protocol import SyncRequest
from kithbook.replication import Page
from tests.bench.devices import Device, tickets
from tests.bench.kithd import Running, Wire, kithd
from tests.bench.options import Options
from tests.bench.table import Figure, Goal, per_second
from tests.bench.timing import race
from tests.bench.workload import events, records

LAPTOPS = 50
FASTER = Goal(3, 5)


def figures(options: Options) -> Iterator[Figure]:
    laptops = 5 if options.quick else LAPTOPS
    with options.folder() as folder, kithd(folder) as server:
        crowd = Crowd(server, laptops)
        result = race(crowd.at_once, crowd.one_after_another, options.rounds(9))
    what = f"{laptops} laptops push one event each at once, ÷ one after another"
    yield Figure(what, per_second(laptops, result.ours), 1 / result.ratio, FASTER)


class Crowd:
    """All devices of one network, each with a session and one new event to push at each turn.

    Requests are made beforehand and are only bytes here: what is timed is the server.
    """

    def __init__(self, server: Running, laptops: int) -> None:
        invitations = tickets(laptops)
        founder = Wire(Device.founder(1, invitations), server)
        founder.set_up()
        founder.open_session()
        network = founder.device.network
        joined = [Device.joined(2 + n, network, ticket) for n, ticket in enumerate(invitations)]
        founder.sync(SyncRequest([], [founder.device.opening, *(one.opening for one in joined)]))
        self.wires = [Wire(device, server) for device in joined]
        for wire in self.wires:
            wire.open_session()
        self.address = ("127.0.0.1", server.port)
        self.sockets = [socket.create_connection(self.address) for _ in joined]
        self.round = 0

    def at_once(self) -> float:
        requests = self._requests()
        waiting = selectors.DefaultSelector()
        start = perf_counter()
        for line, request in zip(self.sockets, requests, strict=True):
            line.sendall(request)
            waiting.register(line, selectors.EVENT_READ)
        while waiting.get_map():
            for key, _ in waiting.select():
                _answered(self.sockets[self.sockets.index(key.fileobj)])
                waiting.unregister(key.fileobj)
        return perf_counter() - start

    def one_after_another(self) -> float:
        requests = self._requests()
        line = self.sockets[0]
        start = perf_counter()
        for request in requests:
            line.sendall(request)
            _answered(line)
        return perf_counter() - start

    def _requests(self) -> Sequence[bytes]:
        """What each laptop sends when it holds all the others' logs as far as they go."""
        self.round += 1
        heads = [wire.device.head for wire in self.wires]
        return [wire.raw(SyncRequest(heads, [self._event(wire.device)])) for wire in self.wires]

    def _event(self, device: Device) -> Page:
        return device.page(records(events(device.network, 1, 100, self.round), device.head.seq))


def _answered(line: socket.socket) -> None:
    """Read one answer to its end."""
    answer = b""
    while b"\r\n\r\n" not in answer:
        answer += line.recv(65_536)
    head, _, body = answer.partition(b"\r\n\r\n")
    if b" 200 " not in head.partition(b"\r\n")[0]:
        raise RuntimeError(answer.decode(errors="replace"))
    [length] = [
        int(field.partition(b":")[2])
        for field in head.lower().split(b"\r\n")
        if field.startswith(b"content-length")
    ]
    while len(body) < length:
        body += line.recv(65_536)
