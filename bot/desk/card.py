"""The card of a conversation, and its lines, as they stand in its topic."""

from collections.abc import Sequence

from sqlmodel import col, select

from bot.database import Database
from bot.desk.dossier import OpenAction, Seen
from bot.desk.posts import Wanted
from bot.desk.room import LIMIT, shortened, units
from bot.desk.words import LEVELS, reason_word
from bot.tables import ConversationRow, MessageRow

ON_A_CARD = 6
LINE_ON_A_CARD = 300
PIECE = 1900
AT_A_LOOK = 100
STAFF = "staff:"
GOES_ON = "… "
EMPTY = "(nothing that can be shown)"


def topic_name(seen: Seen) -> str:
    """Short and without anything of the person: everybody in the group reads it."""
    return f"{seen.conversation_id[:8]} · {seen.language} · {reason_word(seen.reason)}"


def card_text(seen: Seen, lines: Sequence[str]) -> str:
    """At most one message long; the lines give way first."""
    who = ", ".join(filter(None, (seen.company, seen.role))) or "unknown"
    parts = [
        f"Conversation {seen.conversation_id[:8]} · {seen.channel}",
        f"Who: {who} ({LEVELS[seen.level]})\nLanguage: {seen.language}\nWhy: {reason_word(seen.reason)}",
        _section("Clauses shown", seen.clauses),
        _section("Open", [_open(one) for one in seen.actions]),
        _section("Files kept for staff", seen.files),
    ]
    head = shortened("\n\n".join(filter(None, parts)), LIMIT // 2)
    asked = list(lines[-ON_A_CARD:])
    while asked and units(head) + units("\n\n".join(asked)) > LIMIT - 100:
        asked.pop(0)
    return "\n\n".join([head, "What was said last:" if asked else "Nothing was said yet.", *asked])


def card_buttons(seen: Seen) -> list[list[Wanted]]:
    """What can be done as things stand."""
    subject = seen.conversation_id
    first: list[Wanted] = [("take", "Take", subject)]
    if seen.held_by:
        first = [("back", "Give back", subject), ("close", "Close", subject)]
    decisions = [
        [("approve", f"Approve {one.reference}", one.reference), ("refuse", "Refuse", one.reference)]
        for one in seen.actions
        if one.awaits_approval
    ]
    return [first, *decisions]


def shape(buttons: Sequence[Sequence[Wanted]]) -> str:
    """What buttons say and do, to notice that others are due."""
    return "|".join(f"{kind} {subject}" for line in buttons for kind, _, subject in line)


def line(message: MessageRow, press: str = "") -> str:
    """One message of the conversation, with who says it."""
    text = f"[{press}]" if message.body.get("press") else message.text.strip()
    if not text:
        kind = (message.body.get("circumstances") or {}).get("kind")
        text = f"[{kind}]" if kind else EMPTY
    if message.author.startswith(STAFF):
        return f"👤 To the customer:\n{text}"
    return f"🤖 Assistant:\n{text}" if message.direction == "out" else f"💬 Customer:\n{text}"


def bundles(lines: Sequence[tuple[int, str | None]], shown: int) -> list[tuple[int, list[str]]]:
    """Put lines together into messages, each with the number up to which all is shown once it is posted."""
    made: list[tuple[int, list[str]]] = []
    waiting: list[str] = []
    for seq, text in lines:
        for piece in pieces(text) if text is not None else ():
            if waiting and units("\n\n".join([*waiting, piece])) > LIMIT:
                made.append((shown, waiting))
                waiting = []
            waiting.append(piece)
        shown = seq
    return [*made, (shown, waiting)]


def pieces(text: str) -> list[str]:
    """A line as messages hold it; nothing is left out. What goes on is marked, so that no message begins
    with words that a customer chose: the desk's own questions are known by how they begin."""
    cut = [text[start : start + PIECE] for start in range(0, len(text), PIECE)]
    return [cut[0], *(f"{GOES_ON}{piece}" for piece in cut[1:])] if cut else [EMPTY]


class Lines:
    """Reads the messages of conversations for their topics."""

    def __init__(self, database: Database, own: str) -> None:
        self._database = database
        self._own = own

    async def after(
        self, conversation_id: str, seq: int, *, until: int | None = None
    ) -> list[tuple[int, str | None]]:
        """The lines after `seq`, in order; None for one that an agent wrote in the topic itself."""
        row = MessageRow
        query = select(row).where(row.conversation_id == conversation_id, row.seq > seq)
        if until is not None:
            query = query.where(row.seq <= until)
        async with self._database.read() as session:
            found = (await session.exec(query.order_by(col(row.seq)).limit(AT_A_LOOK))).all()
        labels = await self._labels(conversation_id) if any(m.body.get("press") for m in found) else {}
        return [
            (m.seq, None if self._is_own(m) else line(m, labels.get(str(m.body.get("press")), "a button")))
            for m in found
        ]

    async def last(self, conversation_id: str, *, after: int, until: int) -> list[str]:
        """The last lines up to `until`, shortened for a card."""
        row = MessageRow
        query = select(row).where(row.conversation_id == conversation_id, row.seq > after, row.seq <= until)
        async with self._database.read() as session:
            found = (await session.exec(query.order_by(col(row.seq).desc()).limit(ON_A_CARD))).all()
        labels = await self._labels(conversation_id) if any(m.body.get("press") for m in found) else {}
        said = [line(m, labels.get(str(m.body.get("press")), "a button")) for m in reversed(found)]
        return [shortened(one, LINE_ON_A_CARD) for one in said]

    async def highest(self, conversation: ConversationRow) -> int:
        """The last message that was there when the conversation was handed over."""
        row = MessageRow
        query = select(row.seq).where(row.conversation_id == conversation.id)
        if conversation.queued_at is not None:
            query = query.where(col(row.created_at) <= conversation.queued_at)
        async with self._database.read() as session:
            return (await session.exec(query.order_by(col(row.seq).desc()).limit(1))).first() or 0

    def _is_own(self, message: MessageRow) -> bool:
        return message.direction == "out" and (message.external_id or "").startswith(self._own)

    async def _labels(self, conversation_id: str) -> dict[str, str]:
        row = MessageRow
        query = select(row).where(row.conversation_id == conversation_id, row.direction == "out")
        async with self._database.read() as session:
            found = (await session.exec(query.order_by(col(row.seq).desc()).limit(AT_A_LOOK))).all()
        return {button["id"]: button["label"] for m in found for button in m.body.get("buttons", ())}


def _section(title: str, lines: Sequence[str]) -> str:
    return "\n".join([f"{title}:", *(f"• {one}" for one in lines)]) if lines else ""


def _open(one: OpenAction) -> str:
    due = f", due {one.due_on.isoformat()}" if one.due_on else ""
    at = f", at {one.at:%Y-%m-%d %H:%M} UTC" if one.at else ""
    return f"{one.reference}: {one.kind}, {one.step.lower().replace('_', ' ')}{due or at}"
