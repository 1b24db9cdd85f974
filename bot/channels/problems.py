"""Errors of the HTTP side as problem documents (RFC 9457), and bodies read within a limit."""

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

MEDIA_TYPE = "application/problem+json"
BODY_LIMIT = 1024 * 1024
"""The most bytes that a request's body may have."""

_WHEN = {
    400: "The body is not JSON in UTF-8, or ended early.",
    401: "The signature, or the bearer token, is missing or does not hold.",
    404: "There is nothing under this address.",
    405: "The address takes another method, named in Allow.",
    409: "The same signed request was taken before, or one with this Idempotency-Key is still at work.",
    410: "It was there, and is not any more.",
    413: "The body is longer than 1 MiB.",
    415: "The body is said to be something else than application/json.",
    422: "A value is missing, unknown or of the wrong kind, or the Idempotency-Key belongs to another body.",
    429: "Too many requests; Retry-After says for how many seconds to wait.",
    503: "It does not work at the moment, and nothing was lost: send it again after Retry-After seconds.",
}

log = structlog.get_logger(__name__)


class ProblemDocument(BaseModel):
    """Why a request failed, and in `detail` what the caller can do about it."""

    model_config = ConfigDict(title="Problem")

    type: str = Field(description="about:blank: the status says it all")
    title: str = Field(description="The status in words")
    status: int = Field(ge=400, le=599)
    detail: str
    instance: str = Field(description="The path that was asked for")


class Problem(Exception):  # noqa: N818  (RFC 9457's own word)
    """Ends a request with a problem document. `detail` says what the caller can do about it."""

    def __init__(self, status: HTTPStatus, detail: str, *, headers: dict[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = headers


def documented(statuses: Iterable[int]) -> dict[int | str, dict[str, Any]]:
    """The error answers of a route, for its description."""
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        status: {"description": _WHEN[status], "content": {MEDIA_TYPE: {"schema": schema}}}
        for status in statuses
    }


def body_schema(body: type[BaseModel]) -> dict[str, Any]:
    """For the description of a route that reads its body itself."""
    schema = body.model_json_schema()
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


def document(request: Request, status: HTTPStatus, detail: str, headers: dict[str, str] | None) -> Response:
    found = ProblemDocument(
        type="about:blank",
        title=status.phrase,
        status=int(status),
        detail=detail,
        instance=quote(request.url.path),
    )
    return JSONResponse(found.model_dump(), int(status), headers=headers, media_type=MEDIA_TYPE)


def install(api: FastAPI) -> None:
    """Make every error of `api` a problem document, the framework's own ones too."""

    async def on_problem(request: Request, error: Exception) -> Response:
        assert isinstance(error, Problem)
        return document(request, error.status, error.detail, error.headers)

    async def on_http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        headers = dict(error.headers) if error.headers else None
        return document(request, HTTPStatus(error.status_code), str(error.detail), headers)

    async def on_values(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        return document(request, HTTPStatus.UNPROCESSABLE_ENTITY, said(error.errors()), None)

    async def on_gone(request: Request, _error: Exception) -> Response:
        return document(
            request, HTTPStatus.BAD_REQUEST, "the request ended before its body was complete", None
        )

    async def on_fault(request: Request, _error: Exception) -> Response:
        log.exception("request-failed", path=request.url.path)
        detail = "something went wrong here; send it again, and tell the operator if it stays so"
        return document(request, HTTPStatus.INTERNAL_SERVER_ERROR, detail, None)

    api.add_exception_handler(Problem, on_problem)
    api.add_exception_handler(HTTPException, on_http)
    api.add_exception_handler(RequestValidationError, on_values)
    api.add_exception_handler(ClientDisconnect, on_gone)
    api.add_exception_handler(Exception, on_fault)


def said(faults: Iterable[Any]) -> str:
    """What pydantic found, in one line."""
    return "; ".join(": ".join(filter(None, _said(fault))) for fault in faults)


def _said(fault: Any) -> tuple[str, str]:
    """Where, which is empty for the whole, and what."""
    return ".".join(map(str, fault["loc"])), fault["msg"].removeprefix("Value error, ")


def unavailable(detail: str) -> Problem:
    """For what failed on our side and may be sent again unchanged."""
    return Problem(HTTPStatus.SERVICE_UNAVAILABLE, detail, headers={"Retry-After": "5"})


async def read_body(request: Request) -> bytes:
    """The whole body. Raises Problem 413 for one that is longer than the limit.

    A body that is not twice as long is read to its end all the same: where a connection is closed on what
    was not read, many a client sees the break and not the answer.
    """
    too_long = Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"the body may have {BODY_LIMIT} bytes at most")
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > 2 * BODY_LIMIT:
        raise too_long
    body, length = bytearray(), 0
    async for chunk in request.stream():
        length += len(chunk)
        if length > 2 * BODY_LIMIT:
            raise too_long
        if length <= BODY_LIMIT:
            body += chunk
    if length > BODY_LIMIT:
        raise too_long
    return bytes(body)
