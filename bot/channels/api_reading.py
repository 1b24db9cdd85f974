"""Replies by long poll: what stands in a conversation after a place, waited for where nothing does yet."""

import asyncio
from typing import Annotated

import structlog
from fastapi import APIRouter, Depends, Path, Query
from fastapi.responses import JSONResponse
from pydantic import AfterValidator

from bot.channels.api_models import CHANNEL, MessageOut, MessagesOut, plain
from bot.channels.guarding import Caller, Guard
from bot.channels.ports import Services
from bot.channels.problems import documented, unavailable
from bot.history import Entry

PATH = "/api/v1/conversations/{conversation:path}/messages"
LONGEST_WAIT = 50
HIGHEST_SEQ = 2**31 - 1

log = structlog.get_logger(__name__)


def reading_router(app: Services, guard: Guard, stopping: asyncio.Event) -> APIRouter:
    """`stopping` ends every wait, so that the service can."""
    router = APIRouter(tags=["messages"])

    @router.get(
        PATH,
        name="poll",
        summary="Read a conversation, waiting for what is new",
        response_model=MessagesOut,
        responses=documented((401, 404, 405, 409, 413, 422, 429, 503)),
    )
    async def poll(
        _caller: Annotated[Caller, Depends(guard)],
        conversation: Annotated[str, Path(min_length=1, max_length=200), AfterValidator(plain)],
        after: Annotated[int, Query(ge=0, le=HIGHEST_SEQ, description="Everything up to here was got")] = 0,
        wait: Annotated[int, Query(ge=0, le=LONGEST_WAIT, description="Seconds to wait for more")] = 0,
    ) -> JSONResponse:
        """The messages after `after`, oldest first, 100 at most. What `after` covers counts as delivered."""
        try:
            await app.history.acknowledge(CHANNEL, conversation, after)
            found = await wait_for_news(app, CHANNEL, conversation, after, wait, stopping)
        except Exception as error:
            log.exception("poll-failed")
            raise unavailable("ask again with the same after") from error
        messages = [MessageOut.of(entry, conversation) for entry in found]
        answer = MessagesOut(
            conversation=conversation, messages=messages, next=found[-1].seq if found else after
        )
        return JSONResponse(answer.model_dump(mode="json"), headers={"Cache-Control": "no-store"})

    return router


async def wait_for_news(
    app: Services, channel: str, chat_id: str, after: int, seconds: float, stopping: asyncio.Event
) -> list[Entry]:
    """What stands after a place, waited for until `stopping` at most."""
    if seconds == 0 or stopping.is_set():
        return await app.history.after(channel, chat_id, after)
    news = asyncio.ensure_future(app.history.wait(channel, chat_id, after, seconds=seconds))
    end = asyncio.ensure_future(stopping.wait())
    try:
        await asyncio.wait({news, end}, return_when=asyncio.FIRST_COMPLETED)
        return news.result() if news.done() else []
    finally:
        news.cancel()
        end.cancel()
        await asyncio.gather(news, end, return_exceptions=True)
