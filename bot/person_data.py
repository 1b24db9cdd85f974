"""What conversations hold on a person: given out without anybody else's name in it, and forgotten.

A conversation is the person's while it is connected with them, or with nobody after they asked something in
it. Of one that is another's by now nothing is given out; in it only the person's own name goes.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, and_, delete
from sqlmodel import SQLModel, col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from actions.exporting import ERASED, DataSubject, Record, Sections, record
from actions.store.tables import Action, Member
from bot.attachment_tables import EvidenceRow, TelegramButtonRow
from bot.discreet import PROOFS
from bot.handoff_tables import HandoffEventRow, NoteRow, RatingRow
from bot.tables import (
    ButtonRow,
    ConversationRow,
    ExportLinkRow,
    FeedbackRow,
    IdentityLinkRow,
    MessageRow,
    OneTimeCodeRow,
    UnansweredRow,
)
from bot.web_tables import WebSessionRow

Row = TypeVar("Row", bound=SQLModel)
BLANK = "[…]"
_ADDRESS = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")


class PersonData:
    """The bot's side of access and of erasure; satisfies `actions.erasing.Words`."""

    async def sections(self, session: AsyncSession, who: DataSubject) -> Sections:
        """Return the person's conversations and what belongs to them."""
        own = who.owns(col(Action.member_id), col(Action.email))
        ids = (await session.exec(select(Action.id).where(own))).all()
        talks = await _conversations(session, who, ids)
        keys = [row.id for row in talks]
        messages = await _all(session, MessageRow, col(MessageRow.conversation_id).in_(keys))
        blank = _Blank(who, await _names_of_others(session, who, talks, messages))
        asked = col(UnansweredRow.conversation_id).in_(keys)
        judged = col(FeedbackRow.conversation_id).in_(keys)
        shown = col(ButtonRow.conversation_id).in_(keys)
        browsers = await _all(session, WebSessionRow, _browsers_of(who, talks))
        sections = {
            "conversations": [record(row, {"held_by", "pending"}) for row in talks],
            "messages": [_message(row) for row in messages],
            "buttons": [record(row, {"id", "values"}) for row in await _all(session, ButtonRow, shown)],
            "feedback": [record(row, set()) for row in await _all(session, FeedbackRow, judged)],
            "unanswered": [record(row, set()) for row in await _all(session, UnansweredRow, asked)],
            "handoffs": [
                record(row, {"staff", "given_by"})
                for row in await _all(
                    session, HandoffEventRow, col(HandoffEventRow.conversation_id).in_(keys)
                )
            ],
            "notes": [
                record(row, {"staff"})
                for row in await _all(session, NoteRow, col(NoteRow.conversation_id).in_(keys))
            ],
            "ratings": [
                record(row, {"staff"})
                for row in await _all(session, RatingRow, col(RatingRow.conversation_id).in_(keys))
            ],
            "codes": [
                record(row, {"salt", "digest"})
                for row in await _all(session, OneTimeCodeRow, col(OneTimeCodeRow.email) == who.email)
            ],
            "links": [
                record(row, {"digest"}) for row in await _all(session, IdentityLinkRow, _links_of(who))
            ],
            "export_links": [
                record(row, {"digest"})
                for row in await _all(session, ExportLinkRow, col(ExportLinkRow.email) == who.email)
            ],
            "evidence": [
                record(row, {"source", "file_id", "stored", "reason"})
                for row in await _all(session, EvidenceRow, col(EvidenceRow.conversation_id).in_(keys))
            ],
            "web_sessions": [record(row, {"digest"}) for row in browsers],
        }
        return {name: [blank(row) for row in rows] for name, rows in sections.items()}

    async def forget(self, session: AsyncSession, who: DataSubject, action_ids: Sequence[str]) -> None:
        """Remove the person's words. The messages stay as empty rows, so that none is taken in twice."""
        # a turn holds its conversation's row while it writes, so what it wrote is read once the row is ours
        talks = await _conversations(session, who, action_ids, lock=True)
        keys = [row.id for row in talks]
        await session.exec(delete(WebSessionRow).where(_browsers_of(who, talks)))
        for talk in talks:
            talk.channel, talk.chat_id, talk.pending, talk.state = ERASED, talk.id, {}, "open"
            talk.unhelpful, talk.disagreement, talk.rating_id, talk.words_until = [], None, None, None
            talk.member_id = talk.email = talk.verified_until = talk.held_by = talk.queued_at = None
            talk.version += 1
        for row in await _all(session, MessageRow, col(MessageRow.conversation_id).in_(keys), lock=True):
            row.text, row.body, row.failure, row.channel = "", {}, None, ERASED
            row.external_id = row.id if row.external_id else None
            row.author = row.author.partition(":")[0]
            row.status = "failed" if row.status in ("pending", "received") else row.status
        for file in await _all(session, EvidenceRow, col(EvidenceRow.conversation_id).in_(keys), lock=True):
            file.status, file.name, file.mime, file.sha256, file.reason = "forgotten", "", "", "", None
            file.source = file.file_id = file.id
        shown = select(ButtonRow.id).where(col(ButtonRow.conversation_id).in_(keys))
        await session.exec(delete(TelegramButtonRow).where(col(TelegramButtonRow.button_id).in_(shown)))
        for place in (ButtonRow, UnansweredRow, FeedbackRow, HandoffEventRow, NoteRow, RatingRow):
            await session.exec(delete(place).where(col(place.conversation_id).in_(keys)))
        codes = or_(col(OneTimeCodeRow.email) == who.email, col(OneTimeCodeRow.conversation_id).in_(keys))
        await session.exec(delete(OneTimeCodeRow).where(codes))
        await session.exec(delete(IdentityLinkRow).where(_links_of(who)))
        await session.exec(delete(ExportLinkRow).where(col(ExportLinkRow.email) == who.email))
        await _forget_name(session, who, keys)


def _links_of(who: DataSubject) -> ColumnElement[bool]:
    return or_(col(IdentityLinkRow.email) == who.email, col(IdentityLinkRow.member_id) == who.member_id)


def _browsers_of(who: DataSubject, talks: Iterable[ConversationRow]) -> ColumnElement[bool]:
    places = [row.chat_id for row in talks if row.channel == "web"]
    return or_(col(WebSessionRow.email) == who.email, col(WebSessionRow.chat_id).in_(places))


def _vouched_email() -> ColumnElement[str]:
    email: ColumnElement[str] = col(MessageRow.body)["vouched_email"].as_string()
    return email


async def _conversations(
    session: AsyncSession, who: DataSubject, action_ids: Collection[str], *, lock: bool = False
) -> Sequence[ConversationRow]:
    row = ConversationRow
    asked = select(Action.conversation_id).where(col(Action.id).in_(action_ids))
    foreign = select(Action.conversation_id).where(
        col(Action.id).not_in(action_ids),
        or_(col(Action.email).is_not(None), col(Action.member_id).is_not(None)),
    )
    # A conversation that the embedding site vouches for carries no address of its own: its messages do.
    vouched = _vouched_email()
    wrote = select(MessageRow.conversation_id).where(vouched == who.email)
    others = select(MessageRow.conversation_id).where(vouched != who.email)
    abandoned = and_(
        col(row.member_id).is_(None),
        col(row.email).is_(None),
        or_(col(row.id).in_(asked), col(row.id).in_(wrote)),
        col(row.id).not_in(foreign),
        col(row.id).not_in(others),
    )
    return await _all(session, row, or_(who.owns(col(row.member_id), col(row.email)), abandoned), lock=lock)


async def _all(
    session: AsyncSession, table: type[Row], own: ColumnElement[bool], *, lock: bool = False
) -> Sequence[Row]:
    """Return the rows by their keys; with `lock` as they are now, whatever this session read before, and
    nobody else changes them until its end. On SQLite the session is the only writer anyway.
    """
    keys = list(table.__table__.primary_key)  # type: ignore[attr-defined]
    query = select(table).where(own).order_by(*keys)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return (await session.exec(query)).all()


def _message(row: MessageRow) -> Record:
    """A message without the proofs in it, and without the name of the member of staff who wrote it."""
    told = record(row, set())
    told["author"] = row.author.partition(":")[0]
    told["body"] = {name: value for name, value in row.body.items() if name not in PROOFS}
    return told


async def _names_of_others(
    session: AsyncSession,
    who: DataSubject,
    talks: Iterable[ConversationRow],
    messages: Iterable[MessageRow],
) -> set[str]:
    """Names that may stand in the messages: of staff, of colleagues, of whoever used the conversation too."""
    staff = {row.author.partition(":")[2] for row in messages} | {row.held_by or "" for row in talks}
    guests = select(Action.member_id).where(col(Action.conversation_id).in_([row.id for row in talks]))
    near: ColumnElement[bool] = col(Member.id).in_(guests)
    if who.member:
        near = or_(near, col(Member.account_id) == who.member.account_id)
    known = (
        await session.exec(select(Member.name).where(near, col(Member.id) != (who.member_id or "")))
    ).all()
    own = who.member.name if who.member else ""
    return {name for name in (*staff, *known) if name.strip() and name != own}


class _Blank:
    """Leaves out names and addresses of other people, wherever they stand in a record."""

    def __init__(self, who: DataSubject, names: Iterable[str]) -> None:
        self._own = who.email
        longest_first = sorted(names, key=lambda name: (-len(name), name))
        pattern = "|".join(rf"(?<!\w){re.escape(name)}(?!\w)" for name in longest_first)
        self._names = re.compile(pattern, re.IGNORECASE) if pattern else None

    def __call__(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {name: self(inner) for name, inner in value.items()}
        if isinstance(value, list):
            return [self(inner) for inner in value]
        return self._text(value) if isinstance(value, str) else value

    def _text(self, text: str) -> str:
        text = _ADDRESS.sub(lambda found: found[0] if found[0].lower() == self._own else BLANK, text)
        return self._names.sub(BLANK, text) if self._names else text


async def _forget_name(session: AsyncSession, who: DataSubject, done: Collection[str]) -> None:
    """Take name and address out of what stands in other people's conversations.

    A turn that has read one of these would write the old words back, so it is made to think again.
    """
    known = [who.email, *([who.member.name] if who.member and who.member.name.strip() else [])]
    pattern = "|".join(rf"(?<!\w){re.escape(word)}(?!\w)" for word in known)
    words = re.compile(pattern, re.IGNORECASE)
    row = MessageRow
    named = or_(
        _vouched_email() == who.email, *(col(row.text).icontains(word, autoescape=True) for word in known)
    )
    elsewhere = and_(named, col(row.conversation_id).not_in(list(done)))
    places = col(ConversationRow.id).in_(select(row.conversation_id).where(elsewhere))
    talks = await _all(session, ConversationRow, places, lock=True)
    for talk in talks:
        talk.version += 1
    keys = [talk.id for talk in talks]
    for message in await _all(session, row, and_(named, col(row.conversation_id).in_(keys)), lock=True):
        message.text = words.sub(BLANK, message.text)
        message.body = _replaced(message.body, words)


def _replaced(value: Any, words: re.Pattern[str]) -> Any:
    if isinstance(value, dict):
        return {name: _replaced(inner, words) for name, inner in value.items()}
    if isinstance(value, list):
        return [_replaced(inner, words) for inner in value]
    return words.sub(BLANK, value) if isinstance(value, str) else value
