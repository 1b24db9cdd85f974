"""The mails about a right that was carried out: the link to a package, and what an erasure left.

The outbox is their list. A mail about an erasure keeps its address there until it is sent, and not longer.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import structlog
from sqlmodel import col, select

from actions.exporting import CannotFulfil, subject_of
from actions.store.tables import Action, GdprCase, Outbox
from bot.backoff import next_wait
from bot.database import Database
from bot.errors import MailError
from bot.export_links import LINK_LIFE, ExportLinks
from bot.exports import spoken
from bot.messages import Messages
from bot.model import Block, LinkRef, Reply
from bot.ports import Clock, Mail, Mailer
from bot.tables import ConversationRow
from bot.transcript import Transcript

EXPORT, ERASED = "rights.export", "rights.erased"
EVERY_SECONDS = 5.0

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail that is ready to go, and what the conversation is told once it went."""

    to: str
    subject: str
    body: str
    language: str
    said: Reply | None = None


class RightsMail:
    """Sends them. `outbox_dir` is where mails lie that no server took."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        messages: Messages,
        mailer: Mailer,
        transcript: Transcript,
        *,
        zone: str,
        links: ExportLinks,
        outbox_dir: Path,
    ) -> None:
        self._database = database
        self._clock = clock
        self._messages = messages
        self._mailer = mailer
        self._transcript = transcript
        self._zone = zone
        self._links = links
        self._outbox_dir = outbox_dir

    async def run(self) -> None:
        """Deliver until cancelled."""
        while True:
            try:
                await self.deliver()
            except Exception:
                log.exception("rights-not-delivered")
            await asyncio.sleep(EVERY_SECONDS)

    async def deliver(self) -> None:
        """Send what is due: links to packages, and what became of an erasure."""
        due = select(Outbox).where(
            col(Outbox.topic).in_((EXPORT, ERASED)),
            col(Outbox.done_at).is_(None),
            col(Outbox.not_before) <= self._clock.now(),
        )
        async with self._database.read() as session:
            notices = (await session.exec(due.order_by(col(Outbox.created_at), Outbox.id))).all()
        for notice in notices:
            await self._carefully(notice)
        if any(notice.topic == ERASED for notice in notices):
            await self._database.scrub()

    async def _carefully(self, notice: Outbox) -> None:
        """A case that breaks is put off, and must not keep the others from theirs."""
        try:
            await self._send(notice)
        except Exception as error:
            if not isinstance(error, MailError | CannotFulfil):
                log.exception("rights-mail-broke", notice=notice.id)
            try:
                await self._put_off(notice, error)
            except Exception:
                log.exception("rights-mail-not-put-off", notice=notice.id)

    async def _send(self, notice: Outbox) -> None:
        if notice.topic == ERASED:
            await asyncio.to_thread(_forget_mails, self._outbox_dir, notice.payload["to"])
        letter = await (self._about_export(notice) if notice.topic == EXPORT else self._about_erasure(notice))
        await self._mailer.send(
            Mail(
                to=letter.to,
                subject=letter.subject,
                body=letter.body,
                language=letter.language,
                reference=notice.payload["reference"],
                key=f"{notice.id}-{notice.topic}",
            )
        )
        async with self._database.write() as session:
            row = await session.get_one(Outbox, notice.id, with_for_update=True)
            row.done_at, row.attempts, row.last_error = self._clock.now(), row.attempts + 1, None
            row.payload = _without_person(row.payload)
            action = await session.get_one(Action, notice.action_id)
            # locked, or an erasure at the same moment could miss the line
            conversation = await session.get(ConversationRow, action.conversation_id, with_for_update=True)
            if conversation is not None and letter.said:
                await self._transcript.say(session, conversation.id, letter.said)

    async def _put_off(self, notice: Outbox, error: Exception) -> None:
        """Write down a failure: to be tried again, or given up to staff."""
        now = self._clock.now()
        async with self._database.write() as session:
            row = await session.get_one(Outbox, notice.id, with_for_update=True)
            row.attempts, row.last_error = row.attempts + 1, type(error).__name__
            lasting = isinstance(error, CannotFulfil) or (isinstance(error, MailError) and error.lasting)
            wait = None if lasting else next_wait(row.attempts)
            if wait is not None:
                row.not_before = now + wait
                return
            row.done_at, row.payload = now, _without_person(row.payload)
            topic = f"staff.mail-failed.{row.topic.removeprefix('rights.')}"
            facts = {**row.payload, "attempts": str(row.attempts)}
            session.add(
                Outbox(action_id=row.action_id, topic=topic, payload=facts, created_at=now, not_before=now)
            )
        log.warning("mail-failed", notice=notice.id, given_up=True)

    async def _about_export(self, notice: Outbox) -> Letter:
        """Mint a link, in place of one that an earlier try may have mailed. Raises CannotFulfil."""
        expires = self._clock.now() + LINK_LIFE
        async with self._database.write() as session:
            action = await session.get_one(Action, notice.action_id)
            case = (await session.exec(select(GdprCase).where(GdprCase.action_id == action.id))).one()
            who = await subject_of(session, case)
            address = await self._links.mint(session, case, "mail", expires)
        say, language = self._messages.say, spoken(who, action.language)
        facts = {
            "reference": action.reference,
            "link": address,
            "moment": self._messages.moment(language, expires, self._zone),
        }
        return Letter(
            who.email,
            say(language, "export.mail.subject", **facts),
            say(language, "export.mail.body", **facts),
            language,
            Reply(
                (Block("note", say(language, "export.mailed", **facts)),),
                link=LinkRef(case.id, say(language, "export.page.button"), say(language, "export.here")),
            ),
        )

    async def _about_erasure(self, notice: Outbox) -> Letter:
        facts, language = notice.payload, notice.payload["language"]
        say = self._messages.say
        kept = [say(language, "erased.kept.log")]
        if facts.get("until"):
            until = self._messages.day(language, facts["until"])
            kept.append(say(language, "erased.kept.invoices", **{**facts, "until": until}))
        if facts.get("company"):
            kept.append(say(language, "erased.kept.company"))
        lines = "\n".join(f"• {line}" for line in kept)
        subject = say(language, "erased.mail.subject", **facts)
        return Letter(
            facts["to"], subject, say(language, "erased.mail.body", **{**facts, "kept": lines}), language
        )


def _without_person(payload: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in payload.items() if name != "to"}


def _forget_mails(folder: Path, address: str) -> None:
    """Remove the mails to this person that lie on this machine because no server took them."""
    from email import message_from_bytes
    from email.policy import default

    for path in folder.glob("*.eml"):
        mail = message_from_bytes(path.read_bytes(), policy=default)
        recipients = mail["To"].addresses if mail["To"] else ()
        if any(one.addr_spec.lower() == address for one in recipients):
            path.unlink(missing_ok=True)
