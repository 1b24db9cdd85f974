"""The signed API: a message in and its replies out, safe to repeat; and links for signed-in members."""

import json
from http import HTTPStatus
from typing import Annotated, Any, TypeVar

import structlog
from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ValidationError

from bot.channels.api_models import CHANNEL, AnswerOut, LinkIn, LinkOut, MessageIn, TakenOut
from bot.channels.api_push import Order
from bot.channels.guarding import Caller, Guard
from bot.channels.idempotency import IdempotencyKey, Repeats
from bot.channels.limiting import Limits
from bot.channels.ports import Services
from bot.channels.problems import Problem, body_schema, documented, said, unavailable
from bot.errors import UsageError
from bot.model import Incoming, Reply, TurnResult
from bot.site_tokens import UNREADABLE, SiteTokenRefused
from bot.wire import reply_for_programs

PATH = "/api/v1/messages"
LINKS_PATH = "/api/v1/links"
POSTED = (400, 401, 404, 405, 409, 413, 415, 422, 429, 503)

log = structlog.get_logger(__name__)
Model = TypeVar("Model", bound=BaseModel)


def api_router(app: Services, guard: Guard, limits: Limits, order: Order) -> APIRouter:
    """`order` is held from a turn's begin until its replies are handed over."""
    router = APIRouter()
    messages, repeats = Messages(app, limits, order), Repeats(app)

    @router.post(
        PATH,
        name="message",
        tags=["messages"],
        summary="Send a customer's message, and get its replies",
        response_model=AnswerOut,
        responses={
            202: {"model": TakenOut, "description": "Stored; the replies come by poll or push."},
            **documented(POSTED),
        },
        openapi_extra=body_schema(MessageIn),
    )
    async def message(
        request: Request, caller: Annotated[Caller, Depends(guard)], idempotency_key: IdempotencyKey = None
    ) -> Response:
        """Answer one message of a customer; with `"deliver": "later"`, take it and answer it by and by."""
        return await repeats(caller, idempotency_key, lambda: messages.take(request, caller))

    @router.post(
        LINKS_PATH,
        name="link",
        tags=["identity"],
        summary="Make a single-use link for a signed-in member",
        status_code=HTTPStatus.CREATED,
        response_model=LinkOut,
        responses=documented(POSTED),
        openapi_extra=body_schema(LinkIn),
    )
    async def link(
        request: Request, caller: Annotated[Caller, Depends(guard)], idempotency_key: IdempotencyKey = None
    ) -> Response:
        """Whoever opens it first is taken for the member: give it to them alone."""
        return await repeats(caller, idempotency_key, lambda: _mint(app, request, caller))

    return router


class Messages:
    """Takes messages of customers."""

    def __init__(self, app: Services, limits: Limits, order: Order) -> None:
        self._app = app
        self._limits = limits
        self._order = order

    async def take(self, request: Request, caller: Caller) -> Response:
        message = _parse(request, caller.body, MessageIn)
        await self._limits.count("conversation", f"{caller.key}:{message.conversation}")
        incoming = message.incoming(await _vouched(self._app, request))
        try:
            if message.deliver == "later":
                return await self._keep(incoming, message.message_id)
            async with self._order.of(incoming.chat_id):
                result = await self._app.turn(incoming)
                replies = await self._hand_over(incoming, result)
        except Exception as error:
            log.exception("turn-failed", channel=CHANNEL)
            detail = "the message was not answered; sign it anew and send it again with the same message_id"
            raise unavailable(detail) from error
        self._app.history.wake(CHANNEL, incoming.chat_id)
        return JSONResponse(_answer(result, replies))

    async def _keep(self, incoming: Incoming, message_id: str) -> Response:
        """Store the message; its answer is made when this request is over."""
        kept = await self._app.turn.receive(incoming)
        known = kept or await self._known(incoming)
        if kept is not None:
            self._app.answering.submit(incoming.chat_id, kept)
            self._app.history.wake(CHANNEL, incoming.chat_id)
        taken = TakenOut(
            id=known, conversation=incoming.chat_id, message_id=message_id, duplicate=kept is None
        )
        return JSONResponse(taken.model_dump(mode="json"), HTTPStatus.ACCEPTED)

    async def _known(self, incoming: Incoming) -> str:
        known = await self._app.transcript.message_id(incoming.channel, incoming.external_id)
        assert known is not None
        return known

    async def _hand_over(self, incoming: Incoming, result: TurnResult) -> list[Reply]:
        """The replies of this turn, and before them what else waits, where nothing is pushed."""
        if self._app.settings.api_push_url:
            await self._app.history.handed_over(await self._known(incoming))
            return list(result.replies)
        transcript, now = self._app.transcript, self._app.clock.now()
        replies = list(result.replies) if result.duplicate else []
        while waiting := await transcript.pending(CHANNEL, now=now, chat_id=incoming.chat_id):
            for outgoing in waiting:
                if not (result.duplicate and outgoing.reply in result.replies):
                    replies.append(outgoing.reply)
                await transcript.mark_sent(outgoing.message_id)
        return replies


async def _mint(app: Services, request: Request, caller: Caller) -> Response:
    wanted = _parse(request, caller.body, LinkIn)
    try:
        link = await app.links.mint(wanted.email, wanted.minutes)
    except UsageError as error:
        raise Problem(HTTPStatus.NOT_FOUND, str(error)) from error
    return JSONResponse(link.to_json(), HTTPStatus.CREATED, headers={"Cache-Control": "no-store"})


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


def _parse(request: Request, body: bytes, model: type[Model]) -> Model:
    kind = request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    if kind != "application/json":
        detail = "send JSON, with Content-Type: application/json"
        raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, detail)
    try:
        raw = json.loads(body.decode())
    except (ValueError, RecursionError) as error:
        raise Problem(HTTPStatus.BAD_REQUEST, "the body is not JSON in UTF-8") from error
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, said(error.errors())) from error


def _answer(result: TurnResult, replies: list[Reply]) -> dict[str, Any]:
    answer = AnswerOut.model_validate(
        {
            "replies": [reply_for_programs(reply) for reply in replies],
            "state": result.state,
            "action_id": result.action_id,
            "error": result.error,
            "duplicate": result.duplicate,
        }
    )
    return answer.model_dump(mode="json")
