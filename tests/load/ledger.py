"""What became of every message, read from the database afterwards and compared with the customers' phones."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlmodel import col, select

from bot.channels.telegram_format import parts_of
from bot.database import Database
from bot.tables import ConversationRow, MessageRow
from bot.wire import reply_from_json


@dataclass(frozen=True)
class Written:
    """A message that a customer wrote; `at` in seconds since 1970. `key` is its external id."""

    chat: str
    key: str
    text: str
    at: float


@dataclass
class Chat:
    """One conversation as the transcript has it, both directions in order."""

    silent: bool
    inbound: list[MessageRow] = field(default_factory=list)
    outbound: list[MessageRow] = field(default_factory=list)

    def answers(self, message: MessageRow) -> list[MessageRow]:
        return [row for row in self.outbound if row.answers_id == message.id]


@dataclass(frozen=True)
class Ledger:
    chats: Mapping[str, Chat]

    @property
    def inbound(self) -> list[MessageRow]:
        return [row for chat in self.chats.values() for row in chat.inbound]

    def of(self, written: Iterable[Written]) -> "Ledger":
        """Only the chats of these customers."""
        chats = {one.chat for one in written}
        return Ledger({name: chat for name, chat in self.chats.items() if name in chats})

    def check(self, written: Sequence[Written], *, in_order: bool = True) -> None:
        """Every message is there once, answered once, in order, and every reply was sent."""
        assert sorted(row.external_id or "" for row in self.inbound) == sorted({one.key for one in written})
        assert {row.status for row in self.inbound} == {"answered"}
        order = {one.key: place for place, one in enumerate(written)}
        for chat in self.chats.values():
            assert {row.status for row in chat.outbound} <= {"sent"}
            taken = [order[row.external_id or ""] for row in chat.inbound]
            assert not in_order or taken == sorted(taken)
            _check_answers(chat)

    def delays(self, written: Sequence[Written], restarts: Sequence[float]) -> list[float]:
        """Seconds until each was answered, counted from the last restart before that if it was later."""
        said, found = {one.key: one.at for one in written}, []
        for chat in self.chats.values():
            for row in chat.inbound:
                for answer in chat.answers(row)[:1]:
                    done = answer.created_at.timestamp()
                    since = max([said[row.external_id or ""], *(at for at in restarts if at <= done)])
                    found.append(done - since)
        return sorted(found)

    def shown_again(self, chat_id: str, shown: Sequence[str]) -> int:
        """How many messages a phone shows twice. Raises AssertionError for any that is missing, out of order
        or never was written."""
        expected = [
            part.text for row in self.chats[chat_id].outbound for part in parts_of(reply_from_json(row.body))
        ]
        place = again = 0
        for text in shown:
            if place < len(expected) and text == expected[place]:
                place += 1
            else:
                before = expected[max(0, place - 3) : place]
                assert text in before, f"chat {chat_id} shows {text[:80]!r} at {place}"
                again += 1
        assert place == len(expected), f"chat {chat_id} lacks {len(expected) - place} messages"
        return again


def _check_answers(chat: Chat) -> None:
    """One group of replies each, whole and in the order of what was asked; once a person is waited for, none
    at all."""
    last, quiet = 0, False
    for message in chat.inbound:
        group = chat.answers(message)
        quiet = quiet or not group
        assert bool(group) is not quiet, "answered after it fell silent"
        assert not quiet or chat.silent, f"message {message.external_id} has no answer"
        places = [row.seq for row in group]
        assert places == list(range(places[0], places[0] + len(places))) if places else True
        assert len({row.text for row in group}) == len(group), "answered twice"
        assert not places or places[0] > last, "answered out of order"
        last = places[-1] if places else last


async def read_ledger(address: str, channel: str = "telegram") -> Ledger:
    """Read all conversations of a channel."""
    database = Database(address)
    chats: dict[str, Chat] = {}
    try:
        async with database.read() as session:
            places = select(ConversationRow).where(ConversationRow.channel == channel)
            names = {row.id: row for row in await session.exec(places)}
            rows = await session.exec(
                select(MessageRow).where(MessageRow.channel == channel).order_by(col(MessageRow.seq))
            )
            by_place: defaultdict[str, list[MessageRow]] = defaultdict(list)
            for row in rows:
                by_place[row.conversation_id].append(row)
        for place, row_of in names.items():
            rows_here = by_place[place]
            chats[row_of.chat_id] = Chat(
                row_of.queued_at is not None or row_of.held_by is not None,
                [row for row in rows_here if row.direction == "in"],
                [row for row in rows_here if row.direction == "out"],
            )
    finally:
        await database.close()
    return Ledger(chats)


async def unfinished(address: str) -> int:
    """How many messages are not answered, and replies not sent."""
    database = Database(address)
    try:
        async with database.read() as session:
            left = select(MessageRow.id).where(col(MessageRow.status).in_(("received", "pending")))
            return len((await session.exec(left)).all())
    finally:
        await database.close()
