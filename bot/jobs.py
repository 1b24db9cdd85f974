"""Work that outlives a turn: what is due is carried out, and its people are told.

The outbox is the list of it. A notice is a mail, and a message in the conversation where its time came later
than the turn; the message and the tick in the outbox are one transaction. A mail may be sent twice when the
process dies in between, and always carries the reference number.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

import structlog
from sqlmodel import col, select

from actions.model import Receipt
from actions.receipts import receipt
from actions.service import ActionService
from actions.store.tables import Action, Member, Outbox
from bot.database import Database
from bot.messages import Messages
from bot.model import Reply
from bot.ports import Clock, Mailer
from bot.render import receipt_blocks
from bot.tables import ConversationRow
from bot.transcript import Transcript

log = structlog.get_logger(__name__)

EVERY_SECONDS = 5.0
TOLD_IN_THE_TURN = "mail.receipt"


class Worker:
    """Looks for due work; one of it is enough, and more than one does no harm."""

    def __init__(
        self,
        actions: ActionService,
        database: Database,
        transcript: Transcript,
        messages: Messages,
        mailer: Mailer,
        clock: Clock,
        zone: str,
    ) -> None:
        self._actions = actions
        self._database = database
        self._transcript = transcript
        self._messages = messages
        self._mailer = mailer
        self._clock = clock
        self._zone = zone

    async def run(self) -> None:
        """Recover what an earlier process left, then work until cancelled."""
        await self._carefully(self._actions.recover)
        while True:
            await self._carefully(self.tick)
            await asyncio.sleep(EVERY_SECONDS)

    async def _carefully(self, work: Callable[[], Awaitable[object]]) -> None:
        """One bad row must not stop the rest from being tried again."""
        try:
            await work()
        except Exception:
            log.exception("due-work-failed")

    async def tick(self) -> None:
        """Carry out what is due, void what expired, tell the people concerned."""
        await self._carefully(self._actions.run_due)
        await self._carefully(self._actions.expire)
        for row in await self._due_notices():
            await self._carefully(partial(self._tell, row))

    async def _due_notices(self) -> Sequence[Outbox]:
        async with self._database.read() as session:
            rows = await session.exec(
                select(Outbox)
                .where(col(Outbox.topic).startswith("mail."), col(Outbox.done_at).is_(None))
                .where(col(Outbox.not_before) <= self._clock.now())
                .order_by(col(Outbox.created_at), Outbox.id)
            )
            return rows.all()

    async def _tell(self, notice: Outbox) -> None:
        async with self._database.read() as session:
            action = await session.get_one(Action, notice.action_id)
            member = await session.get(Member, action.member_id) if action.member_id else None
        stands = receipt(action)
        email = member.email if member else action.email
        if email:
            await self._mail(stands, email, action.language)
        reply = self._reply(stands, action.language)
        async with self._database.write() as session:
            row = await session.get_one(Outbox, notice.id, with_for_update=True)
            if row.done_at is not None:
                return
            row.done_at = self._clock.now()
            conversation = await session.get(ConversationRow, action.conversation_id)
            if conversation is not None and _came_later(action, notice):
                await self._transcript.say(session, conversation.id, reply)

    async def _mail(self, stands: Receipt, email: str, language: str) -> None:
        kind = self._messages.say(language, f"kind.{stands.kind}")
        subject = self._messages.say(
            language, "mail.receipt.subject", request=kind, reference=stands.reference
        )
        await self._mailer.send(to=email, subject=subject, body=self._reply(stands, language).text)

    def _reply(self, stands: Receipt, language: str) -> Reply:
        blocks = receipt_blocks(stands, self._messages, language, self._zone)
        return Reply(blocks, action_id=stands.action_id)


def _came_later(action: Action, notice: Outbox) -> bool:
    """Whether the turn that confirmed the action ended before this happened."""
    if notice.topic != TOLD_IN_THE_TURN or action.confirmed_at is None or action.due_at is None:
        return True
    return action.due_at > action.confirmed_at
