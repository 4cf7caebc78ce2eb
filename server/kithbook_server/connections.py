"""Connections that ask nothing: closed after a while, so that they cannot be all there are."""

from typing import Any

from uvicorn.protocols.http.auto import AutoHTTPProtocol

_base: Any = AutoHTTPProtocol


def prompt(seconds: float) -> Any:
    """The protocol of a connection on which the headers of each request come within so long.

    uvicorn itself ends a connection that is silent between two requests, and no other.
    """

    class Prompt(_base):  # type: ignore[misc]  # which one it is depends on what is installed
        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            self._look_later()

        def _look_later(self) -> None:
            self.loop.call_later(seconds, self._look, self.cycle)

        def _look(self, before: Any) -> None:
            if self.transport.is_closing():
                return
            is_idle = self.cycle is None or self.cycle.response_complete
            if is_idle and self.cycle is before:
                self.transport.close()
            else:
                self._look_later()

    return Prompt
