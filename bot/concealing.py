"""Codes and link tokens leave a message before it is stored; what stays is enough to check them, once.

A code becomes a salted hash, a token its digest. Both stand in the message's `body` until it is answered.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from sqlalchemy import or_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.codes import TypedCode, typed
from bot.database import Database
from bot.discreet import MASK, start_token, without_codes, without_tokens
from bot.linking import digest_of
from bot.model import ConversationState, Incoming
from bot.ports import Clock
from bot.routing.identifiers import find_code
from bot.tables import ConversationRow, OneTimeCodeRow

MASK_FOR = timedelta(days=1)
"""A code that was never used is masked this long: also one that has expired should not be read by staff."""


@dataclass(frozen=True, slots=True)
class Concealed:
    """A message fit to be stored, and what its `body` holds in place of what was taken out."""

    incoming: Incoming
    proofs: dict[str, object] = field(default_factory=dict)


class Concealing:
    """Knows which conversations have a code under way."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def __call__(self, incoming: Incoming) -> Concealed:
        text = incoming.text or ""
        if start := start_token(text):
            command, token = start
            return Concealed(replace(incoming, text=f"{command} {MASK}"), {"link": digest_of(token)})
        incoming = replace(incoming, text=without_tokens(text)) if text else incoming
        if without_codes(text) == text:
            return Concealed(incoming)
        return await self._without_codes(incoming)

    async def _without_codes(self, incoming: Incoming) -> Concealed:
        text = incoming.text or ""
        async with self._database.read() as session:
            conversation = await _conversation(session, incoming)
            codes = await self._codes_under_way(session, incoming, conversation)
        awaited = conversation is not None and conversation.state == ConversationState.AWAITING_CODE
        if not codes and not awaited:
            return Concealed(incoming)
        masked = replace(incoming, text=without_codes(text))
        code = find_code(text)
        if code is None or conversation is None:
            return Concealed(masked)
        own = next((row for row in codes if row.conversation_id == conversation.id), None)
        proof = await typed(own, code) if own is not None else TypedCode()
        return Concealed(masked, {"code": proof.to_json()})

    async def _codes_under_way(
        self, session: AsyncSession, incoming: Incoming, conversation: ConversationRow | None
    ) -> Sequence[OneTimeCodeRow]:
        """Those of the conversation, the newest first, and of the person, wherever they asked for them."""
        row, place = OneTimeCodeRow, []
        if conversation is not None:
            place.append(col(row.conversation_id) == conversation.id)
        if emails := {incoming.sender.vouched_email, conversation.email if conversation else None} - {None}:
            place.append(col(row.email).in_(sorted(str(email).lower() for email in emails)))
        if not place:
            return []
        query = select(row).where(or_(*place), col(row.used_at).is_(None))
        fresh = query.where(col(row.created_at) > self._clock.now() - MASK_FOR)
        return (await session.exec(fresh.order_by(col(row.created_at).desc()))).all()


async def _conversation(session: AsyncSession, incoming: Incoming) -> ConversationRow | None:
    row = ConversationRow
    place = select(row).where(row.channel == incoming.channel, row.chat_id == incoming.chat_id)
    return (await session.exec(place)).first()
