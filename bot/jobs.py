"""Work that outlives a turn: what is due is carried out, and its people are told.

The outbox is the list of it. A notice is a mail, and a message in the conversation where its time came later
than the turn. The message is written with the first try of the mail, whether that succeeds or not; a mail
that fails is tried again as `backoff` says, and in the end becomes a task for staff. A mail may be sent twice
when the process dies in between; it then has the same Message-ID, and always the reference number.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from functools import partial

import structlog
from sqlmodel import col, select

from actions.cases import Cases
from actions.casework import standing
from actions.model import Receipt
from actions.papers.filing import file_name, papers_of
from actions.service import ActionService
from actions.store.tables import Action, Member, Outbox
from bot.database import Database
from bot.errors import MailError
from bot.hooks import Hooks
from bot.inactivity import warning
from bot.messages import Messages
from bot.model import Reply
from bot.paper_replies import papers_reply, shows_files_to
from bot.ports import Attachment, Clock, Mail, Mailer
from bot.render import receipt_blocks
from bot.retrying import note
from bot.tables import ConversationRow
from bot.timekeeping import Timekeeper
from bot.transcript import Transcript

log = structlog.get_logger(__name__)

EVERY_SECONDS = 5.0
SIDE_BY_SIDE = 8
TOLD_IN_THE_TURN = "mail.receipt"
GIVEN_UP = "staff.mail-failed"


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
        cases: Cases,
        timekeeper: Timekeeper,
        hooks: Hooks | None = None,
    ) -> None:
        self._actions = actions
        self._database = database
        self._transcript = transcript
        self._messages = messages
        self._mailer = mailer
        self._clock = clock
        self._zone = zone
        self._timekeeper = timekeeper
        self._hooks = hooks
        self._cases = cases

    async def run(self) -> None:
        """Recover what an earlier process left, then work until cancelled."""
        await self._carefully(self._actions.recover)
        # apart, because a mail server or a receiver that hangs must not delay what is due
        await asyncio.gather(
            self._again_and_again(self._act),
            self._again_and_again(self._send_notices),
            self._again_and_again(self._send_webhooks),
        )

    async def _again_and_again(self, work: Callable[[], Awaitable[object]]) -> None:
        while True:
            await self._carefully(work)
            await asyncio.sleep(EVERY_SECONDS)

    async def _carefully(self, work: Callable[[], Awaitable[object]]) -> None:
        """One bad row must not stop the rest from being tried again."""
        try:
            await work()
        except Exception:
            log.exception("due-work-failed")

    async def tick(self) -> None:
        """Carry out what is due, void what expired, tell the people concerned."""
        await self._act()
        await self._send_notices()
        await self._send_webhooks()

    async def _act(self) -> None:
        await self._carefully(self._actions.run_due)
        await self._carefully(self._actions.expire)
        await self._carefully(self._timekeeper.expire_codes)
        await self._carefully(self._timekeeper.end_accounts)
        await self._carefully(self._timekeeper.tell_waiting)
        await self._carefully(self._actions.checkpoint)

    async def _send_webhooks(self) -> None:
        if self._hooks is not None:
            await self._carefully(self._hooks.collect)
            await self._carefully(self._hooks.deliver)
        await self._carefully(self._cases.remind)

    async def _send_notices(self) -> None:
        places = asyncio.Semaphore(SIDE_BY_SIDE)

        async def tell(notice: Outbox) -> None:
            async with places:
                await self._carefully(partial(self._tell, notice))

        await asyncio.gather(*map(tell, await self._due_notices()))

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
        if notice.action_id is None:
            await self._warn(notice)
            return
        async with self._database.read() as session:
            action = await session.get_one(Action, notice.action_id)
            member = await session.get(Member, action.member_id) if action.member_id else None
            stands = await standing(session, action)
        email = member.email if member else action.email
        failure = await self._mail(stands, email, action.language, notice) if email else None
        async with self._database.write() as session:
            row = await session.get_one(Outbox, notice.id, with_for_update=True)
            if row.done_at is not None:
                return
            note(session, row, failure, self._clock.now(), _given_up(row))
            conversation = await session.get(ConversationRow, action.conversation_id)
            if row.attempts != 1 or conversation is None:
                return
            if _came_later(action, notice):
                await self._transcript.say(session, conversation.id, self._reply(stands, action.language))
            if notice.topic == TOLD_IN_THE_TURN and shows_files_to(conversation, action, self._clock.now()):
                papers = await papers_of(session, action.id)
                if papers:
                    reply = papers_reply(papers, self._messages, action.language)
                    await self._transcript.say(session, conversation.id, reply)

    async def _mail(self, stands: Receipt, email: str, language: str, notice: Outbox) -> MailError | None:
        """Send a receipt; return why that failed."""
        kind = self._messages.say(language, f"kind.{stands.kind}")
        subject = self._messages.say(
            language, "mail.receipt.subject", request=kind, reference=stands.reference
        )
        text, papers = self._reply(stands, language).text, await self._papers(notice)
        mail = Mail(email, subject, text, language, stands.reference, attachments=papers)
        return await self._send(notice, mail)

    async def _warn(self, notice: Outbox) -> None:
        """Send what no action caused: the warning that an account nobody uses will go."""
        async with self._database.read() as session:
            mail = await warning(session, notice, self._messages, self._zone)
        failure = await self._send(notice, mail) if mail else None
        async with self._database.write() as session:
            row = await session.get_one(Outbox, notice.id, with_for_update=True)
            if row.done_at is None:
                note(session, row, failure, self._clock.now(), _given_up(row))

    async def _send(self, notice: Outbox, mail: Mail) -> MailError | None:
        try:
            await self._mailer.send(replace(mail, key=f"{notice.id}-{notice.topic}"))
        except MailError as error:
            return error
        except Exception as error:
            log.exception("mailer-broke", notice=notice.id)
            return MailError(type(error).__name__)
        return None

    async def _papers(self, notice: Outbox) -> list[Attachment]:
        """The PDFs that go with a receipt: those that its action made."""
        if notice.topic != TOLD_IN_THE_TURN:
            return []
        async with self._database.read() as session:
            papers = await papers_of(session, notice.action_id or "")
        return [Attachment(file_name(paper), paper.content) for paper in papers]

    def _reply(self, stands: Receipt, language: str) -> Reply:
        blocks = receipt_blocks(stands, self._messages, language, self._zone)
        return Reply(blocks, action_id=stands.action_id)


def _given_up(notice: Outbox) -> str:
    return f"{GIVEN_UP}.{notice.topic.removeprefix('mail.')}"


def _came_later(action: Action, notice: Outbox) -> bool:
    """Whether the turn that confirmed the action ended before this happened."""
    if notice.topic != TOLD_IN_THE_TURN or action.confirmed_at is None or action.due_at is None:
        return True
    return action.due_at > action.confirmed_at
