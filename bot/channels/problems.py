"""Errors of the HTTP side as problem documents (RFC 9457), and bodies read within a limit."""

from http import HTTPStatus

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

MEDIA_TYPE = "application/problem+json"
BODY_LIMIT = 1024 * 1024
"""The most bytes that a request's body may have."""


class Problem(Exception):  # noqa: N818  (RFC 9457's own word)
    """Ends a request with a problem document. `detail` says what the caller can do about it."""

    def __init__(self, status: HTTPStatus, detail: str, *, headers: dict[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = headers


def document(status: HTTPStatus, detail: str, *, headers: dict[str, str] | None = None) -> Response:
    body = {"type": "about:blank", "title": status.phrase, "status": int(status), "detail": detail}
    return JSONResponse(body, int(status), headers=headers, media_type=MEDIA_TYPE)


def install(api: FastAPI) -> None:
    """Make every error of `api` a problem document, the framework's own ones too."""

    async def on_problem(_request: Request, error: Exception) -> Response:
        assert isinstance(error, Problem)
        return document(error.status, error.detail, headers=error.headers)

    async def on_http(_request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        headers = dict(error.headers) if error.headers else None
        return document(HTTPStatus(error.status_code), str(error.detail), headers=headers)

    async def on_gone(_request: Request, _error: Exception) -> Response:
        return document(HTTPStatus.BAD_REQUEST, "the request ended before its body was complete")

    api.add_exception_handler(Problem, on_problem)
    api.add_exception_handler(HTTPException, on_http)
    api.add_exception_handler(ClientDisconnect, on_gone)


def unavailable(detail: str) -> Problem:
    """For what failed on our side and may be sent again unchanged."""
    return Problem(HTTPStatus.SERVICE_UNAVAILABLE, detail, headers={"Retry-After": "5"})


async def read_body(request: Request) -> bytes:
    """The whole body. Raises Problem 413 as soon as it is known to be longer than the limit."""
    too_long = Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"the body may have {BODY_LIMIT} bytes at most")
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > BODY_LIMIT:
        raise too_long
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_LIMIT:
            raise too_long
    return bytes(body)
