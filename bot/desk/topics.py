"""Topics follow the transcript: one for each conversation that people are asked into."""

from collections.abc import Sequence

import structlog
from sqlalchemy import delete
from sqlmodel import col, func, select

from bot.database import Database
from bot.desk.card import Lines, bundles, card_buttons, card_text, shape, topic_name
from bot.desk.dossier import Dossiers, Seen, is_for_people
from bot.desk.places import ERASED, Place, places
from bot.desk.ports import DeskParts
from bot.desk.posts import Posts
from bot.desk.room import DeskError, PostError, Room, TopicGoneError
from bot.desk.tables import DeskButtonRow, DeskPostRow, DeskTopicRow
from bot.handoff_tables import HandoffEventRow
from bot.tables import MessageRow

THE_DESK = "system"
ENDS = {
    "back": "Given back to the assistant by {staff}.",
    "closed": "Closed by {staff}.",
    "left": "The customer no longer waits for a person.",
}
BLOCKED = "⚠️ The customer has blocked the bot: what you write does not arrive."
DELETE_BY_HAND = (
    "⚠️ The customer of topic {thread} was forgotten, and the bot may not delete topics. Delete it by hand, "
    'and give the bot the right "Delete messages".'
)
NOT_TAKEN = "(Telegram does not take this message; read it with: clausewise handoff list)"

Awaited = frozenset[tuple[str, int]]

log = structlog.get_logger(__name__)


class Topics:
    """Makes topics, and posts what is not shown yet. Every step is noted after it is done, so that a process
    that dies in between repeats at most one message."""

    def __init__(self, parts: DeskParts, room: Room, posts: Posts, dossiers: Dossiers, own: str) -> None:
        self._database: Database = parts.database
        self._actions = parts.actions
        self._clock = parts.clock
        self._room = room
        self._posts = posts
        self._dossiers = dossiers
        self._lines = Lines(parts.database, own)
        self._awaited: Awaited = frozenset()
        self._renewed: dict[str, object] = {}

    async def look(self) -> None:
        """Bring every topic up to date, the longest wait first."""
        self._awaited = await self._awaiting()
        for place in await places(self._database, self._room.chat_id, self._clock.now()):
            try:
                await self._follow(place)
            except TopicGoneError:
                await self._start_over(place.topic)
            except PostError as error:
                log.error("topic-refused", conversation=place.conversation.id, reason=str(error))

    async def _follow(self, place: Place) -> None:
        conversation, topic = place.conversation, place.topic
        if conversation.channel == ERASED:
            await self._erase(topic)
        elif is_for_people(conversation):
            if topic.state == "open" and place.queued_seq > topic.queued_seq:
                await self._begin_again(topic)  # ended and begun anew between two looks
            await self._show(place)
        elif topic.state == "open":
            await self._end(topic)
        elif topic.state != "closed":
            await self._close(topic)

    async def _show(self, place: Place) -> None:
        topic = place.topic
        if topic.state == "closed":
            if topic.thread_id is not None:
                await self._room.turn_topic(topic.thread_id, closed=False)
            await self._begin_again(topic)
        if topic.state == "open":
            await self._post_lines(topic)
            await self._renew_buttons(place)
            return
        seen = await self._dossiers.read(topic.conversation_id, since_seq=topic.since_seq)
        if topic.thread_id is None:
            topic.thread_id = await self._room.open_topic(topic_name(seen))
            await self._save(topic)
        if topic.state != "logged":
            await self._actions.opened(THE_DESK, [seen.email])
            topic.state = "logged"
            await self._save(topic)
        await self._post_card(place, seen)

    async def _post_card(self, place: Place, seen: Seen) -> None:
        topic = place.topic
        until = max(await self._lines.highest(place.conversation), topic.since_seq)
        lines = await self._lines.last(topic.conversation_id, after=topic.since_seq, until=until)
        buttons = card_buttons(seen)
        keys = await self._posts.keys(_card(topic), topic.thread_id, buttons)
        if topic.card_message_id is not None:
            await self._room.rekey(topic.card_message_id, ())
        sent = await self._room.post(card_text(seen, lines), thread=topic.thread_id, keys=keys)
        topic.card_message_id, topic.shown_seq, topic.keys = sent, until, shape(buttons)
        topic.queued_seq, topic.state = place.queued_seq, "open"
        await self._save(topic)
        await self._room.pin(sent)
        link = f"https://t.me/c/{str(self._room.chat_id).removeprefix('-100')}/{topic.thread_id}"
        await self._posts.add(
            f"new:{topic.conversation_id}:{place.queued_seq}:{topic.thread_id}",
            f"🟢 {topic_name(seen)}\n{link}",
        )

    async def _post_lines(self, topic: DeskTopicRow, until: int | None = None) -> None:
        """Post what is not shown, as many lines in one message as it holds."""
        while lines := await self._lines.after(topic.conversation_id, topic.shown_seq, until=until):
            for seq, together in bundles(lines, topic.shown_seq):
                if together:
                    await self._post(topic, together)
                topic.shown_seq = seq
                await self._save(topic)

    async def _post(self, topic: DeskTopicRow, lines: Sequence[str]) -> None:
        try:
            await self._room.post("\n\n".join(lines), thread=topic.thread_id)
        except PostError:
            await self._room.post(NOT_TAKEN, thread=topic.thread_id)

    async def _renew_buttons(self, place: Place) -> None:
        """The card's buttons follow who holds it and what awaits a decision."""
        topic, conversation = place.topic, place.conversation
        stands = (conversation.version, conversation.blocked_at, topic.card_message_id, self._awaited)
        if self._renewed.get(conversation.id) == stands:
            return
        seen = await self._dossiers.read(conversation.id, since_seq=topic.since_seq)
        buttons = card_buttons(seen)
        if shape(buttons) != topic.keys and topic.card_message_id is not None:
            keys = await self._posts.keys(_card(topic), topic.thread_id, buttons)
            await self._room.rekey(topic.card_message_id, keys)
            topic.keys = shape(buttons)
            await self._save(topic)
        if conversation.blocked_at is not None:
            key = f"blocked:{conversation.id}:{conversation.blocked_at.isoformat()}"
            await self._posts.add(key, BLOCKED, conversation_id=conversation.id)
        self._renewed[conversation.id] = stands

    async def _awaiting(self) -> Awaited:
        """The approvals that are waited for, and how many each has."""
        waiting = await self._actions.listed(waiting=True)
        return frozenset((one.receipt.reference, len(one.approvers)) for one in waiting)

    async def _end(self, topic: DeskTopicRow) -> None:
        """Show the rest of it, say how it ended, and close the topic."""
        ended = await self._ended(topic.conversation_id)
        await self._post_lines(topic, until=await self._last_of(topic, ended))
        said = ENDS.get(ended.kind, "").format(staff=ended.staff) if ended else ""
        await self._room.post(f"— {said or 'The assistant answers again.'}", thread=topic.thread_id)
        await self._close(topic)

    async def _close(self, topic: DeskTopicRow) -> None:
        await self._posts.keys(_card(topic), topic.thread_id, ())
        if topic.card_message_id is not None:
            await self._room.rekey(topic.card_message_id, ())
        if topic.thread_id is not None:
            await self._room.turn_topic(topic.thread_id, closed=True)
        topic.state, topic.keys = "closed", ""
        await self._save(topic)
        self._renewed.pop(topic.conversation_id, None)

    async def _ended(self, conversation_id: str) -> HandoffEventRow | None:
        row = HandoffEventRow
        query = select(row).where(row.conversation_id == conversation_id, col(row.kind).in_(ENDS))
        async with self._database.read() as session:
            return (await session.exec(query.order_by(col(row.seq).desc()).limit(1))).first()

    async def _last_of(self, topic: DeskTopicRow, ended: HandoffEventRow | None) -> int | None:
        """The last message that belongs to the handoff: what the customer writes after it is the bot's."""
        if ended is None:
            return None
        row = MessageRow
        later = select(func.min(row.seq)).where(
            row.conversation_id == topic.conversation_id,
            row.direction == "in",
            col(row.created_at) > ended.created_at,
        )
        async with self._database.read() as session:
            first = (await session.exec(later)).one()
        return first - 1 if first else None

    async def _begin_again(self, topic: DeskTopicRow) -> None:
        """A new card, whose story begins where the last one ended."""
        topic.since_seq, topic.state = topic.shown_seq, "made" if topic.thread_id else "new"
        await self._save(topic)

    async def _start_over(self, topic: DeskTopicRow) -> None:
        """Somebody deleted the topic: what it showed of this handoff is shown again in a new one."""
        topic.thread_id = topic.card_message_id = None
        topic.keys = ""
        if topic.state != "closed":
            topic.shown_seq, topic.state = topic.since_seq, "new"
        await self._save(topic)

    async def _erase(self, topic: DeskTopicRow) -> None:
        """The person was forgotten, and so is what the topic shows."""
        if topic.thread_id is not None:
            await self._delete(topic.thread_id)
        async with self._database.write() as session:
            post, button = DeskPostRow, DeskButtonRow
            await session.exec(delete(post).where(col(post.conversation_id) == topic.conversation_id))
            await session.exec(delete(button).where(col(button.place) == _card(topic)))
            row = DeskTopicRow
            await session.exec(delete(row).where(col(row.conversation_id) == topic.conversation_id))

    async def _delete(self, thread: int) -> None:
        try:
            await self._room.delete_topic(thread)
        except (DeskError, PostError) as error:
            log.error("topic-not-deleted", thread=thread, reason=str(error))
            await self._posts.add(f"forgotten:{thread}", DELETE_BY_HAND.format(thread=thread))

    async def _save(self, topic: DeskTopicRow) -> None:
        async with self._database.write() as session:
            await session.merge(topic)


def _card(topic: DeskTopicRow) -> str:
    return f"card:{topic.conversation_id}"
