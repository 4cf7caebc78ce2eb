"""Errors as RFC 9457 problem details: a stable `code`, a sentence, and what to do next."""

import logging
from collections.abc import Mapping
from http import HTTPStatus

import msgspec
from litestar import Response
from litestar.exceptions import HTTPException
from litestar.routes import HTTPRoute
from litestar.types import ExceptionHandlersMap

from kithbook.errors import KithbookError, TooLarge
from kithbook_server.api.server import Parts
from kithbook_server.api.wire import AnyRequest, too_large
from kithbook_server.limits import TooMany

MEDIA = "application/problem+json"

STATUS = {
    "invalid": 400,
    "ambiguous": 400,
    "malformed": 400,
    "no_session": 401,
    "link_unknown": 403,
    "link_expired": 403,
    "link_used": 403,
    "quota": 403,
    "refused": 403,
    "not_found": 404,
    "unknown_network": 404,
    "method_not_allowed": 405,
    "too_slow": 408,
    "too_large": 413,
    "unsupported_media": 415,
    "too_many_requests": 429,
    "error": 500,
    "damaged": 500,
    "unsupported": 501,
    "unavailable": 503,
}
"""Every code that this server answers with, and its status."""

_CODES = {
    400: "invalid",
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
}

Headers = Mapping[str, str]
_NONE: Headers = {}
# The rest of a body that was not read must not be taken for the next request.
_HEADERS: dict[int, Headers] = {
    401: {"www-authenticate": "Bearer"},
    408: {"connection": "close"},
    413: {"connection": "close"},
}

_log = logging.getLogger("kithd")


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """What went wrong: `detail` is one sentence with the values, `hint` is what to do next."""

    code: str
    title: str
    status: int
    detail: str
    hint: str = ""
    request: str = ""


def problem(
    request: AnyRequest, code: str, detail: str, hint: str = "", headers: Headers = _NONE
) -> Response[bytes]:
    status = STATUS.get(code, 400)
    server: Parts = request.app.state.server
    server.metrics.rejected(code)
    title = HTTPStatus(status).phrase
    request_id = request.scope.get("state", {}).get("request", "")
    body = Problem(
        code=code, title=title, status=status, detail=detail, hint=hint, request=request_id
    )
    told = {**_HEADERS.get(status, {}), **headers}
    return Response(msgspec.json.encode(body), media_type=MEDIA, status_code=status, headers=told)


def _of_ours(request: AnyRequest, error: KithbookError) -> Response[bytes]:
    if STATUS.get(error.code, 400) >= HTTPStatus.INTERNAL_SERVER_ERROR:
        _log.error("failed", exc_info=error, extra=request.scope.get("state", {}))
    headers = {"retry-after": str(error.seconds)} if isinstance(error, TooMany) else {}
    return problem(request, error.code, error.message, error.hint, headers)


def _of_litestar(request: AnyRequest, error: HTTPException) -> Response[bytes]:
    if error.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return _of_ours(request, _too_large(request))
    if error.status_code == HTTPStatus.BAD_REQUEST and isinstance(error.extra, list):
        said = "; ".join(f"{one['key']}: {one['message']}" for one in error.extra)
        return problem(request, "invalid", f"{said}.", "/schema describes it.")
    is_method = error.status_code == HTTPStatus.METHOD_NOT_ALLOWED
    headers = {"allow": _methods(request)} if is_method else _NONE
    code = _CODES.get(error.status_code, "error")
    return problem(request, code, f"{error.detail}.", headers=headers)


def _methods(request: AnyRequest) -> str:
    """What the address of a request can be asked with (RFC 9110, 15.5.6)."""
    asked = request.url.path.strip("/").split("/")
    for route in request.app.routes:
        known = route.path_components
        if isinstance(route, HTTPRoute) and len(known) == len(asked):
            fits = (
                part == one or not isinstance(part, str)
                for part, one in zip(known, asked, strict=True)
            )
            if all(fits):
                return ", ".join(sorted(route.methods))
    return ""


def _too_large(request: AnyRequest) -> TooLarge:
    limit = request.route_handler.resolve_request_max_body_size() or 0
    said = request.headers.get("content-length", "")
    return too_large(limit, int(said) if said.isdecimal() else None)


def _of_a_bug(request: AnyRequest, error: Exception) -> Response[bytes]:
    _log.error("failed", exc_info=error, extra=request.scope.get("state", {}))
    return problem(
        request,
        "error",
        "The server met an error of its own.",
        "Its log has more under the id of this request.",
    )


HANDLERS: ExceptionHandlersMap = {
    KithbookError: _of_ours,
    HTTPException: _of_litestar,
    Exception: _of_a_bug,
}
