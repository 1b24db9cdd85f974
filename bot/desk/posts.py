"""What the desk says by itself: written down once, then posted; and the buttons under it."""

import secrets
from collections.abc import Sequence
from itertools import takewhile

import structlog
from sqlalchemy import delete, update
from sqlmodel import col, select

from bot.database import Database
from bot.desk.room import LIMIT, Key, PostError, Room, TopicGoneError, units
from bot.desk.tables import DeskButtonRow, DeskPostRow, DeskTopicRow
from bot.ports import Clock

AT_A_LOOK = 50
BETWEEN = "\n\n"

log = structlog.get_logger(__name__)

Wanted = tuple[str, str, str]
"""A button: kind, label, and what it is about - a conversation, or the reference of an action."""


class Posts:
    """The desk's own messages, in order, at least once each."""

    def __init__(self, database: Database, clock: Clock, room: Room) -> None:
        self._database = database
        self._clock = clock
        self._room = room

    async def add(
        self,
        key: str,
        text: str,
        *,
        thread: int | None = None,
        conversation_id: str | None = None,
        buttons: Sequence[Wanted] = (),
        reply_to: int | None = None,
        asks: bool = False,
    ) -> None:
        """Post it soon, once under this key. With `conversation_id` it goes to that one's topic."""
        async with self._database.write() as session:
            if (await session.exec(select(DeskPostRow.id).where(DeskPostRow.key == key))).first():
                return
            row = DeskPostRow(
                key=key,
                chat_id=self._room.chat_id,
                thread_id=thread,
                conversation_id=conversation_id,
                text=text,
                buttons=[list(button) for button in buttons],
                reply_to=reply_to,
                asks=asks,
                created_at=self._clock.now(),
            )
            session.add(row)

    async def pump(self) -> None:
        """Post what waits, plain lines that follow one another in one message."""
        waiting = await self._waiting()
        for index, (row, thread) in enumerate(waiting):
            if row.status != "pending":
                continue  # went with an earlier one
            rest = [other for other, place in waiting[index + 1 :] if place == thread]
            together = [row, *_plain(row, [other for other in rest if other.status == "pending"])]
            try:
                message_id = await self._send(together, thread)
            except (TopicGoneError, PostError) as error:
                log.warning("desk-post-refused", post=row.key, reason=str(error))
                await self._mark(together, status="failed", text="")
            else:
                await self._mark(together, status="sent", message_id=message_id, text="")

    async def keys(
        self, place: str, thread: int | None, wanted: Sequence[Sequence[Wanted]]
    ) -> list[list[Key]]:
        """Make the buttons of one message anew; those that it had before work no more."""
        row, rows = DeskButtonRow, []
        for line in wanted:
            made = [self._button(place, thread, kind, subject) for kind, _, subject in line]
            rows.append(made)
        async with self._database.write() as session:
            await session.exec(delete(row).where(col(row.place) == place))
            session.add_all([button for line in rows for button in line])
        return [
            [(label, button.id) for button, (_, label, _) in zip(made, line, strict=True)]
            for made, line in zip(rows, wanted, strict=True)
        ]

    async def button(self, id_: str) -> DeskButtonRow | None:
        async with self._database.read() as session:
            return await session.get(DeskButtonRow, id_)

    async def take_keys_away(self, prefix: str, besides: Sequence[str]) -> None:
        """Take the buttons off posts of this kind that are about nothing any more."""
        row = DeskPostRow
        sent = select(row).where(col(row.key).startswith(prefix), row.status == "sent")
        async with self._database.read() as session:
            shown = [post for post in await session.exec(sent) if post.buttons]
        for post in shown:
            if post.key not in besides and post.message_id is not None:
                await self.keys(_place(post), post.thread_id, ())
                await self._room.rekey(post.message_id, ())
                await self._mark([post], status="over")

    def _button(self, place: str, thread: int | None, kind: str, subject: str) -> DeskButtonRow:
        return DeskButtonRow(
            id=secrets.token_urlsafe(18),
            place=place,
            chat_id=self._room.chat_id,
            thread_id=thread,
            kind=kind,
            subject=subject,
            created_at=self._clock.now(),
        )

    async def _waiting(self) -> list[tuple[DeskPostRow, int | None]]:
        """With the topic that each goes to; one whose topic is still to be made waits for it."""
        row, topic = DeskPostRow, DeskTopicRow
        query = select(row, topic).outerjoin(topic, col(topic.conversation_id) == col(row.conversation_id))
        query = query.where(row.status == "pending", row.chat_id == self._room.chat_id)
        async with self._database.read() as session:
            found = (await session.exec(query.order_by(col(row.id)).limit(AT_A_LOOK))).all()
        placed = [
            (post, post.thread_id or (place.thread_id if place else None), place) for post, place in found
        ]
        return [(post, thread) for post, thread, _ in placed if thread or post.conversation_id is None]

    async def _send(self, together: Sequence[DeskPostRow], thread: int | None) -> int:
        first = together[0]
        wanted = [[(button[0], button[1], button[2]) for button in first.buttons]] if first.buttons else []
        return await self._room.post(
            BETWEEN.join(row.text for row in together),
            thread=thread,
            keys=await self.keys(_place(first), thread, wanted) if wanted else (),
            reply_to=first.reply_to,
            asks=first.asks,
        )

    async def _mark(self, rows: Sequence[DeskPostRow], **values: object) -> None:
        row = DeskPostRow
        for post in rows:
            post.status = str(values["status"])
        async with self._database.write() as session:
            ids = [post.id for post in rows]
            await session.exec(update(row).where(col(row.id).in_(ids)).values(**values))


def _place(post: DeskPostRow) -> str:
    return f"post:{post.id}"


def _plain(first: DeskPostRow, others: Sequence[DeskPostRow]) -> list[DeskPostRow]:
    """Those right after the first that can stand in one message with it."""

    def is_plain(post: DeskPostRow) -> bool:
        return not (post.buttons or post.reply_to or post.asks)

    size, chosen = units(first.text), []
    for post in takewhile(is_plain, others if is_plain(first) else ()):
        size += units(BETWEEN + post.text)
        if size > LIMIT:
            break
        chosen.append(post)
    return chosen
