"""What Prometheus may ask: counts, and nothing of whom or what they are about.

Each process counts for itself. What can be looked at is looked at when somebody asks.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Info,
    ProcessCollector,
    generate_latest,
    start_http_server,
)

from kithbook.errors import Unavailable
from kithbook.protocol import SyncReply
from kithbook.replication import Page

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        Info("kithd", "The release", registry=self.registry).info({"version": version("kithbook")})
        self._requests = self._histogram(
            "kithd_request_seconds", "Requests, by address, method and status"
        )
        self._pushes = self._counter("kithd_pushes", "Rounds that brought events")
        self._pulls = self._counter("kithd_pulls", "Rounds that gave events")
        self._received = self._counter("kithd_events_received", "Events in pages that came")
        self._sent = self._counter("kithd_events_sent", "Events in pages that went")
        self._rejected = self._counter(
            "kithd_rejected", "Requests, and logs in rounds, that were refused", "reason"
        )

    def look(self, name: str, about: str, at: Callable[[], float]) -> None:
        """Ask this for the number whenever somebody asks."""
        Gauge(f"kithd_{name}", about, registry=self.registry).set_function(at)

    def answered(self, path: str, method: str, status: int, seconds: float) -> None:
        """A request; `path` is the pattern of its address."""
        self._requests.labels(path, method, str(status)).observe(seconds)

    def rejected(self, reason: str) -> None:
        self._rejected.labels(reason).inc()

    def round(self, brought: Sequence[Page], reply: SyncReply) -> None:
        """A round of sync that was answered."""
        if brought:
            self._pushes.inc()
            self._received.inc(_events(brought))
        if reply.pages:
            self._pulls.inc()
            self._sent.inc(_events(reply.pages))
        for refusal in reply.refused:
            self.rejected(refusal.code)

    def text(self) -> bytes:
        return generate_latest(self.registry)

    def _counter(self, name: str, about: str, *labels: str) -> Counter:
        return Counter(name, about, labels, registry=self.registry)

    def _histogram(self, name: str, about: str) -> Histogram:
        labels = ("path", "method", "status")
        return Histogram(name, about, labels, buckets=SECONDS, registry=self.registry)


def _events(pages: Sequence[Page]) -> int:
    return sum([len(page.records) for page in pages])


@contextmanager
def apart(metrics: Metrics, at: str) -> Iterator[None]:
    """Answer at a `HOST:PORT` of their own, where the setting names one."""
    host, _, port = at.rpartition(":")
    if not host:
        yield
        return
    try:
        server, thread = start_http_server(int(port), host.strip("[]"), metrics.registry)
    except (OSError, OverflowError) as error:
        raise Unavailable(
            f"kithd cannot show its metrics at {at}: {error}.",
            "Choose another KITHD_METRICS, or `off`.",
        ) from error
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
