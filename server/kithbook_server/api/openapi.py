"""The OpenAPI description, and a page that shows it without any script or other host.

Litestar describes the addresses. Handlers that decode by themselves say with `operation` which
messages they take and give; msgspec describes those, as they really are on the wire.
"""

from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, ClassVar, cast

import msgspec
from litestar import Litestar
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.plugins import OpenAPIRenderPlugin
from litestar.openapi.spec import (
    Components,
    OpenAPIMediaType,
    OpenAPIResponse,
    Operation,
    Reference,
    RequestBody,
    Schema,
    SecurityScheme,
)
from litestar.routes import BaseRoute, HTTPRoute

from kithbook_server.api import problems, wire
from kithbook_server.api.page import render_page
from kithbook_server.api.problems import Problem

_SCHEMAS = "#/components/schemas/"


@dataclass
class Messages(Operation):
    """An operation that says which messages its handler takes and gives."""

    asked: ClassVar[type[msgspec.Struct] | None]
    answers: ClassVar[tuple[type[msgspec.Struct], ...]]

    def __post_init__(self) -> None:
        if self.asked:
            self.request_body = RequestBody(_content(self.asked), required=True)
        about = (self.answers[0].__doc__ or "").partition("\n")[0]
        self.responses = {
            "200": OpenAPIResponse(about, content=_content(*self.answers)),
            "default": OpenAPIResponse(
                "What went wrong.", content={problems.MEDIA: OpenAPIMediaType(_schema(Problem))}
            ),
        }


def operation(
    asked: type[msgspec.Struct] | None, *answers: type[msgspec.Struct]
) -> type[Operation]:
    """The `operation_class` of a handler that takes and gives these messages."""
    return type("Described", (Messages,), {"asked": asked, "answers": answers})


def config() -> OpenAPIConfig:
    return OpenAPIConfig(
        title="kithd",
        version=version("kithbook"),
        description="The sync service of kithbook. In JSON, bytes are base64.",
        path="/schema",
        components=Components(
            security_schemes={"session": SecurityScheme("http", scheme="bearer")}
        ),
        render_plugins=[_Page(path="/")],
    )


def describe_messages(app: Litestar) -> None:
    """Put the messages that handlers name by `operation` beside those that Litestar knows."""
    messages: dict[type[msgspec.Struct], None] = {Problem: None}
    for handler in (found for route in app.routes for found in _handlers(route)):
        if issubclass(told := handler.operation_class, Messages):
            messages |= dict.fromkeys((*told.answers, *([told.asked] if told.asked else [])))
    _, schemas = msgspec.json.schema_components(
        messages, schema_hook=_anything, ref_template=_SCHEMAS + "{name}"
    )
    components = app.openapi_schema.components
    components.schemas = {**(components.schemas or {}), **cast("dict[str, Schema]", schemas)}


def _handlers(route: BaseRoute) -> list[HTTPRouteHandler]:
    return route.route_handlers if isinstance(route, HTTPRoute) else []


def _anything(_: type) -> dict[str, Any]:
    """The schema of what msgspec cannot describe, as plain `object` is."""
    return {"description": "Any value."}


class _Page(OpenAPIRenderPlugin):
    def render(self, _: wire.AnyRequest, openapi_schema: dict[str, Any]) -> bytes:
        return render_page(openapi_schema).encode()


def _content(*messages: type[msgspec.Struct]) -> dict[str, OpenAPIMediaType]:
    schemas = [_schema(message) for message in messages]
    either = schemas[0] if len(schemas) == 1 else Schema(one_of=schemas)
    return {media: OpenAPIMediaType(either) for media in (wire.JSON, wire.MSGPACK)}


def _schema(message: type[msgspec.Struct]) -> Reference:
    return Reference(_SCHEMAS + message.__name__)
