"""Replies by webhook: what no answer to a request carried goes to API_PUSH_URL, signed, for 72 hours."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary

from sqlmodel import col, select

from bot.backoff import next_wait
from bot.channels.api_models import CHANNEL, MessageOut, PushOut
from bot.channels.ports import Services
from bot.database import Database
from bot.delivery import Delivery
from bot.errors import DeliveryError, HookError
from bot.history import entry_of
from bot.hooks import EVENT_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER, sign
from bot.leases import Leases
from bot.model import Reply
from bot.pacing import Pacing
from bot.ports import Clock, Poster
from bot.posting import HttpPoster
from bot.tables import ConversationRow, MessageRow
from bot.wire import reply_from_json

TRIES = 1000
"""More than there are: how often is said by `backoff`."""

CLOSING_SECONDS = 5.0
HELD_BACK = 1.0
"""Seconds in which another process can hand a reply over in the answer to its request."""


class Order:
    """One at a time in a conversation, within this process."""

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def of(self, conversation: str) -> asyncio.Lock:
        return self._locks.setdefault(conversation, asyncio.Lock())


class PushChannel:
    """Posts replies. `order` is held while a request hands replies over: those are not posted too."""

    name = CHANNEL

    def __init__(
        self, database: Database, clock: Clock, post: Poster, order: Order, url: str, secret: str
    ) -> None:
        self._database = database
        self._clock = clock
        self._post = post
        self._order = order
        self._url = url
        self._secret = secret

    async def send(self, chat_id: str, reply: Reply) -> None:
        """Post a reply that still waits. Raises DeliveryError."""
        row = await self._waiting(chat_id, reply)
        if row is not None and row.answers_id and not self._database.is_sqlite:
            await asyncio.sleep(HELD_BACK)
        async with self._order.of(chat_id):
            row = await self._waiting(chat_id, reply)
            if row is None:
                return
            try:
                await self._hand_over(chat_id, row)
            except HookError as error:
                wait = None if error.lasting else next_wait(row.attempts + 1)
                raise DeliveryError(str(error), retry_after=wait.total_seconds() if wait else None) from error

    async def _waiting(self, chat_id: str, reply: Reply) -> MessageRow | None:
        """The row of this reply; None when it was handed over meanwhile."""
        query = (
            select(MessageRow)
            .join(ConversationRow, col(ConversationRow.id) == col(MessageRow.conversation_id))
            .where(ConversationRow.channel == CHANNEL, ConversationRow.chat_id == chat_id)
            .where(MessageRow.direction == "out", MessageRow.status == "pending")
            .order_by(col(MessageRow.seq))
        )
        async with self._database.read() as session:
            rows = (await session.exec(query)).all()
        return next((row for row in rows if reply_from_json(row.body) == reply), None)

    async def _hand_over(self, chat_id: str, row: MessageRow) -> None:
        message = MessageOut.of(entry_of(row), chat_id)
        told = PushOut(id=row.id, conversation=chat_id, message=message)
        body = json.dumps(told.model_dump(mode="json")).encode()
        timestamp = int(self._clock.now().timestamp())
        headers = {
            "Content-Type": "application/json",
            EVENT_HEADER: row.id,
            TIMESTAMP_HEADER: str(timestamp),
            SIGNATURE_HEADER: sign(self._secret, timestamp, body),
        }
        await self._post(self._url, body, headers)


class _NoPacing(Pacing):
    """The receiver is one's own: when to try again stands with each reply, and holds up no other."""

    def hold(self, chat_id: str, seconds: float, *, everywhere: bool = False) -> None: ...


@asynccontextmanager
async def delivering(app: Services, order: Order) -> AsyncIterator[None]:
    """Answer what was left for later, and push replies where API_PUSH_URL is set, until the block ends."""
    delivery = _delivery(app, order)
    pushing = asyncio.create_task(delivery.run()) if delivery else None
    try:
        await app.answering.serve(CHANNEL, *([delivery.wake] if delivery else []))
        yield
    finally:
        await app.answering.close()
        app.answering.stop_serving(CHANNEL)
        if delivery and pushing:
            delivery.stop()
            await asyncio.wait({pushing}, timeout=CLOSING_SECONDS)
            pushing.cancel()
            await asyncio.gather(pushing, return_exceptions=True)


def _delivery(app: Services, order: Order) -> Delivery | None:
    settings = app.settings
    if not settings.api_push_url or settings.api_push_secret is None:
        return None
    secret = settings.api_push_secret.get_secret_value()
    channel = PushChannel(app.database, app.clock, HttpPoster(), order, settings.api_push_url, secret)
    leases = Leases(app.database)
    return Delivery(app.transcript, channel, app.clock, tries=TRIES, pacing=_NoPacing(), leases=leases)
