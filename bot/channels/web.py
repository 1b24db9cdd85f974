"""The web chat: messages come by POST, replies go as server-sent events; docs/web-chat.md describes both.

A session's token travels in the Authorization header only, never in an address and never as a cookie.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Annotated, Any, TypeVar

import structlog
from fastapi import FastAPI, Query, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ValidationError
from sse_starlette import EventSourceResponse
from starlette.middleware.cors import CORSMiddleware

from bot.channels import problems
from bot.channels.limiting import Limits, client_address
from bot.channels.ports import Services
from bot.channels.problems import Problem, body_schema, documented, read_body, unavailable
from bot.channels.web_events import CHANNEL, events, shown
from bot.channels.web_models import (
    HIGHEST_SEQ,
    PAGE,
    Chosen,
    EarlierOut,
    Identification,
    Seen,
    SessionOut,
    StoredOut,
    TextsOut,
    Written,
)
from bot.channels.web_pages import texts
from bot.channels.web_sessions import WebSession, WebSessions
from bot.messages import Messages
from bot.site_tokens import SiteTokenRefused

HEARTBEAT_SECONDS = 15
OPEN_PATHS = ("/texts", "/sessions")
"""What needs no session."""

Body = TypeVar("Body", bound=BaseModel)
_REFUSED = (400, 401, 404, 405, 413, 415, 422, 429, 503)
_TEXTS: dict[str, Any] = {"response_model": TextsOut, "responses": documented((404, 405, 422))}
_HEARD = documented((401, 404, 405, 422, 429, 503))
_EARLIER: dict[str, Any] = {"response_model": EarlierOut, "responses": _HEARD}
_STREAM: dict[str, Any] = {
    "response_class": EventSourceResponse,
    "responses": {200: {"content": {"text/event-stream": {}}}, **_HEARD},
}

log = structlog.get_logger(__name__)


@asynccontextmanager
async def answering_web(app: Services) -> AsyncIterator[None]:
    """Answer what the web chat has stored, also what an earlier process left, until the block ends."""
    await app.answering.serve(CHANNEL)
    try:
        yield
    finally:
        app.answering.stop_serving(CHANNEL)


def web_app(app: Services, limits: Limits, stopping: asyncio.Event) -> FastAPI:
    """The endpoints under /chat, with CORS of their own. `stopping` ends the streams."""
    chat = FastAPI(openapi_url=None, redirect_slashes=False)
    problems.install(chat)
    chat.add_middleware(
        CORSMiddleware,
        allow_origins=app.settings.web_origins,
        allow_methods=["GET", "POST"],
        allow_headers=["Authorization", "Content-Type"],
        expose_headers=["Retry-After"],
    )
    doors = _Doors(app, WebSessions(app.database, app.clock), limits, stopping)
    done: dict[str, Any] = {"status_code": HTTPStatus.NO_CONTENT, "response_class": Response}
    made: dict[str, Any] = {"status_code": HTTPStatus.CREATED, "response_model": SessionOut}
    stored: dict[str, Any] = {"status_code": HTTPStatus.ACCEPTED, "response_model": StoredOut}
    for path, door, given, summary, answer in (
        ("/sessions", doors.begin, Identification, "Begin a conversation", made),
        ("/identity", doors.identify, Identification, "Say who is signed in at the site", done),
        ("/messages", doors.write, Written, "Send a message", stored),
        ("/language", doors.choose, Chosen, "Choose the language of the answers", done),
        ("/seen", doors.see, Seen, "Acknowledge what has arrived", done),
    ):
        refusals = documented((*_REFUSED, 409) if path == "/identity" else _REFUSED)
        about: dict[str, Any] = {"summary": summary, "responses": refusals, **answer}
        chat.add_api_route(path, door, methods=["POST"], openapi_extra=body_schema(given), **about)
    chat.add_api_route("/messages", doors.look_back, summary="Read what was before", **_EARLIER)
    chat.add_api_route("/texts", doors.texts, summary="What the widget says", **_TEXTS)
    chat.add_api_route("/events", doors.listen, summary="Hear what is new", **_STREAM)
    return chat


class _Doors:
    """The endpoints. Each counts against the limits first."""

    def __init__(self, app: Services, sessions: WebSessions, limits: Limits, stopping: asyncio.Event) -> None:
        self._app = app
        self._sessions = sessions
        self._limits = limits
        self._stopping = stopping
        self._messages = Messages()

    async def texts(self, language: Annotated[str | None, Query(max_length=35)] = None) -> JSONResponse:
        said = texts(self._messages, language, self._app.settings.company_name)
        return JSONResponse(said, headers={"Cache-Control": "max-age=300"})

    async def begin(self, request: Request) -> JSONResponse:
        await self._count(request)
        email = await self._vouched(await _read(request, Identification))
        return JSONResponse(
            {"token": await self._sessions.begin(email)}, HTTPStatus.CREATED, headers=_private()
        )

    async def identify(self, request: Request) -> Response:
        """Tie a session to who is signed in at the site. 409: it is tied to somebody else."""
        session = await self._session(request)
        email = await self._vouched(await _read(request, Identification))
        if email is None:
            raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "identity: it is missing")
        if not await self._sessions.vouch(session, email):
            raise Problem(HTTPStatus.CONFLICT, "this conversation is another person's; begin a new session")
        return Response(status_code=HTTPStatus.NO_CONTENT)

    async def write(self, request: Request) -> JSONResponse:
        """Store a message; 202 means that it is stored, and that it will be answered."""
        session = await self._session(request)
        await self._limits.count("conversation", f"{CHANNEL}:{session.chat_id}")
        incoming = (await _read(request, Written)).incoming(session)
        try:
            message_id = await self._app.turn.receive(incoming)
        except Exception as error:
            log.exception("message-not-stored", channel=CHANNEL)
            raise unavailable("the message was not stored; send it again with the same id") from error
        if message_id is not None:
            self._app.answering.submit(session.chat_id, message_id)
            self._app.history.wake(CHANNEL, session.chat_id)
        return JSONResponse({"duplicate": message_id is None}, HTTPStatus.ACCEPTED, headers=_private())

    async def look_back(
        self, request: Request, before: Annotated[int, Query(ge=1, le=HIGHEST_SEQ)]
    ) -> JSONResponse:
        """The messages before a place, as the stream has them; none: it was the first."""
        session = await self._session(request)
        found = await self._app.history.before(CHANNEL, session.chat_id, before, limit=PAGE)
        return JSONResponse(
            {"messages": [shown(entry, session.chat_id) for entry in found]}, headers=_private()
        )

    async def choose(self, request: Request) -> Response:
        session = await self._session(request)
        language = (await _read(request, Chosen)).language
        await self._app.transcript.choose_language(CHANNEL, session.chat_id, language)
        return Response(status_code=HTTPStatus.NO_CONTENT)

    async def see(self, request: Request) -> Response:
        session = await self._session(request)
        after = (await _read(request, Seen)).after
        await self._app.history.acknowledge(CHANNEL, session.chat_id, after)
        return Response(status_code=HTTPStatus.NO_CONTENT)

    async def listen(
        self,
        request: Request,
        after: Annotated[int, Query(ge=0, le=HIGHEST_SEQ)] = 0,
        last: Annotated[int, Query(ge=0, le=PAGE)] = 0,
    ) -> EventSourceResponse:
        """Stream what stands after `after`, or from the `last` messages on.

        The stream ends from time to time; the browser comes again."""
        session = await self._session(request)
        told = request.headers.get("last-event-id", "")
        if told.isdecimal() and len(told) < 10:
            after = max(after, int(told))
        await self._app.history.acknowledge(CHANNEL, session.chat_id, after)
        if last and not after:
            newest = await self._app.history.before(CHANNEL, session.chat_id, HIGHEST_SEQ, limit=last)
            after = newest[0].seq - 1 if newest else 0
        return EventSourceResponse(
            events(self._app, session.chat_id, after, self._stopping),
            ping=HEARTBEAT_SECONDS,
            headers={**_private(), "X-Accel-Buffering": "no"},
        )

    async def _count(self, request: Request) -> None:
        address = client_address(request, self._app.settings.trusted_proxies)
        await self._limits.count("address", address)

    async def _session(self, request: Request) -> WebSession:
        await self._count(request)
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        found = await self._sessions.find(token.strip()) if scheme.lower() == "bearer" else None
        if found is None:
            challenge = {"WWW-Authenticate": "Bearer"}
            raise Problem(
                HTTPStatus.UNAUTHORIZED,
                "there is no such session, or it has ended; begin one",
                headers=challenge,
            )
        return found

    async def _vouched(self, body: Identification) -> str | None:
        if body.identity is None:
            return None
        try:
            return await self._app.site_tokens.vouched_email(body.identity.strip())
        except SiteTokenRefused as error:
            raise Problem(HTTPStatus.UNAUTHORIZED, str(error)) from error


def _private() -> dict[str, str]:
    return {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


async def _read(request: Request, model: type[Body]) -> Body:
    """Raises Problem 415, 413, 400 or 422."""
    # A page elsewhere may send any other type without being asked first whether it may.
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "the body must be application/json")
    body = await read_body(request)
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        if error.errors()[0]["type"] == "json_invalid":
            raise Problem(HTTPStatus.BAD_REQUEST, "the body is not JSON in UTF-8") from error
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, problems.said(error.errors())) from error
