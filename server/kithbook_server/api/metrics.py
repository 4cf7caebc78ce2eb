"""GET /metrics: what Prometheus asks for."""

from litestar import Response, get

from kithbook_server.api.server import Server
from kithbook_server.metrics import CONTENT_TYPE

MEDIA = CONTENT_TYPE.partition("; charset")[0]
"""Litestar says of every text which characters it has."""


@get("/metrics", sync_to_thread=True, media_type=MEDIA, summary="Counts, for Prometheus")
def metrics(server: Server) -> Response[bytes]:
    return Response(server.metrics.text(), media_type=MEDIA)
