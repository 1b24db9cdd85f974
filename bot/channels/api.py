"""The signed API: a message in and its replies out, safe to repeat; and links for signed-in members."""

import asyncio
import json
from http import HTTPStatus
from typing import Any, Literal, TypeVar
from weakref import WeakValueDictionary

import structlog
from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from bot.channels.hygiene import clean
from bot.channels.ports import Services
from bot.channels.problems import Problem, read_body, unavailable
from bot.channels.signing import SIGNATURE_HEADER, TIMESTAMP_HEADER, verify
from bot.config import LINK_MINUTES, MOST_LINK_MINUTES
from bot.errors import UsageError
from bot.model import Incoming, Reply, Sender, TurnResult
from bot.site_tokens import UNREADABLE, SiteTokenRefused
from bot.wire import reply_for_programs

PATH = "/api/v1/messages"
LINKS_PATH = "/api/v1/links"
CHANNEL = "api"

log = structlog.get_logger(__name__)
Model = TypeVar("Model", bound=BaseModel)


class MessageIn(BaseModel):
    """One message of one conversation; `message_id` is the caller's own and makes a repeat harmless."""

    model_config = ConfigDict(extra="forbid", strict=True)

    conversation: str = Field(min_length=1, max_length=200)
    message_id: str = Field(min_length=1, max_length=200)
    text: str | None = None
    press: str | None = Field(None, min_length=1, max_length=200)
    language: Literal["en", "sl", "lt", "et", "bg"] | None = None

    @field_validator("conversation", "message_id", "press")
    @classmethod
    def _plain(cls, value: str | None) -> str | None:
        # Cleaning an id could make two of them one.
        if value is not None and value != clean(value):
            raise ValueError("control characters are not allowed")
        return value

    @model_validator(mode="after")
    def _one_of_two(self) -> "MessageIn":
        if (self.text is None) == (self.press is None):
            raise ValueError("exactly one of text and press is required")
        return self

    def incoming(self, vouched_email: str | None) -> Incoming:
        # Ids are unique within a conversation only; the length tells "a:b" and "c" from "a" and "b:c".
        return Incoming(
            channel=CHANNEL,
            chat_id=self.conversation,
            external_id=f"{len(self.conversation)}:{self.conversation}:{self.message_id}",
            sender=Sender(
                external_id=self.conversation, language_code=self.language, vouched_email=vouched_email
            ),
            text=None if self.text is None else clean(self.text),
            press=self.press,
        )


class LinkIn(BaseModel):
    """The member, signed in at the caller's, whom a link is for."""

    model_config = ConfigDict(extra="forbid", strict=True)

    email: str = Field(min_length=3, max_length=320)
    minutes: int = Field(LINK_MINUTES, ge=1, le=MOST_LINK_MINUTES)


def api_router(app: Services) -> APIRouter:
    router = APIRouter()
    order: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    @router.post(PATH, openapi_extra=_schema(MessageIn))
    async def messages(request: Request) -> Response:
        """Answer one message of a customer."""
        body = await read_body(request)
        _authenticate(app, request, body)
        incoming = _parse(body, MessageIn).incoming(await _vouched(app, request))
        lock = order.setdefault(incoming.chat_id, asyncio.Lock())
        try:
            async with lock:
                result = await app.turn(incoming)
                replies = await _hand_over(app, incoming, result)
        except Exception as error:
            log.exception("turn-failed", channel=CHANNEL)
            raise unavailable(
                "the message was not answered; send it again with the same message_id"
            ) from error
        return JSONResponse(_answer(result, replies))

    @router.post(LINKS_PATH, openapi_extra=_schema(LinkIn), status_code=HTTPStatus.CREATED)
    async def links(request: Request) -> Response:
        """Mint a single-use link for a member."""
        body = await read_body(request)
        _authenticate(app, request, body)
        wanted = _parse(body, LinkIn)
        try:
            link = await app.links.mint(wanted.email, wanted.minutes)
        except UsageError as error:
            raise Problem(HTTPStatus.NOT_FOUND, str(error)) from error
        return JSONResponse(link.to_json(), HTTPStatus.CREATED, headers={"Cache-Control": "no-store"})

    return router


def _schema(body: type[BaseModel]) -> dict[str, Any]:
    return {"requestBody": {"content": {"application/json": {"schema": body.model_json_schema()}}}}


async def _vouched(app: Services, request: Request) -> str | None:
    """The address that the site's token vouches for; None without one. Raises Problem 401 for a bad one."""
    given = request.headers.getlist("authorization")
    if not given:
        return None
    scheme, _, token = given[0].partition(" ")
    try:
        if len(given) > 1 or scheme.lower() != "bearer":
            raise SiteTokenRefused(UNREADABLE)
        return await app.site_tokens.vouched_email(token.strip())
    except SiteTokenRefused as error:
        headers = {"WWW-Authenticate": 'Bearer error="invalid_token"'}
        raise Problem(HTTPStatus.UNAUTHORIZED, str(error), headers=headers) from error


def _authenticate(app: Services, request: Request, body: bytes) -> None:
    secrets = [secret.get_secret_value() for secret in app.settings.api_secrets]
    if not secrets:
        raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, "this installation has no API_SECRETS set")
    check = verify(
        secrets,
        timestamp=request.headers.get(TIMESTAMP_HEADER),
        signature=request.headers.get(SIGNATURE_HEADER),
        path=request.scope["path"],
        body=body,
        now=app.clock.now(),
    )
    if not check.ok:
        raise Problem(HTTPStatus.UNAUTHORIZED, check.reason)


def _parse(body: bytes, model: type[Model]) -> Model:
    try:
        raw = json.loads(body.decode())
    except (ValueError, RecursionError) as error:
        raise Problem(HTTPStatus.BAD_REQUEST, "the body is not JSON in UTF-8") from error
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        faults = (".".join(map(str, fault["loc"])) + ": " + fault["msg"] for fault in error.errors())
        raise Problem(
            HTTPStatus.UNPROCESSABLE_ENTITY, "; ".join(faults).replace(": Value error, ", "")
        ) from error


async def _hand_over(app: Services, incoming: Incoming, result: TurnResult) -> list[Reply]:
    """The replies of this turn, and before them what people wrote since the last request."""
    replies = list(result.replies) if result.duplicate else []
    while waiting := await app.transcript.pending(CHANNEL, now=app.clock.now(), chat_id=incoming.chat_id):
        for outgoing in waiting:
            if not (result.duplicate and outgoing.reply in result.replies):
                replies.append(outgoing.reply)
            await app.transcript.mark_sent(outgoing.message_id)
    return replies


def _answer(result: TurnResult, replies: list[Reply]) -> dict[str, Any]:
    return {
        "replies": [reply_for_programs(reply) for reply in replies],
        "state": result.state,
        "action_id": result.action_id,
        "error": result.error,
        "duplicate": result.duplicate,
    }
