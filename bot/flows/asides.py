"""A message that is no plain text of its sender's: forwarded, changed afterwards, or something to look at."""

from sqlmodel import col, select

from bot.database import Database
from bot.flows.pending import waiting_from
from bot.flows.questions import Questions
from bot.model import ConversationState, IntentKind
from bot.ports import Router
from bot.tables import MessageRow
from bot.talk import Talk

NOT_READ = {
    "file": "media.file",
    "file-too-big": "media.file_too_big",
    "voice": "media.voice",
    "video": "media.video",
    "sticker": "media.sticker",
    "contact": "media.contact",
    "poll": "media.poll",
}


class Asides:
    """Answers what needs no more than a question's answer or a sentence."""

    def __init__(self, database: Database, router: Router, questions: Questions) -> None:
        self._database = database
        self._router = router
        self._questions = questions

    async def took(self, talk: Talk) -> bool:
        """Whether that is all there is to the message. What it carries besides text gets its sentence."""
        about = talk.circumstances
        key = NOT_READ.get(about.kind)
        if key is not None:
            talk.tell(key)
            if not talk.text.strip():
                return True
        if about.forwarded:
            await self._forwarded(talk)
        elif about.edit_of is not None:
            await self._edited(talk, about.edit_of)
        return about.forwarded or about.edit_of is not None

    async def _forwarded(self, talk: Talk) -> None:
        """Others' words are a question at most: no command, no proof, no request, no answer to a question."""
        text = talk.text.strip()
        kind = self._router.route(text, talk.written_in).kind if text and text[0] != "/" else None
        if kind is IntentKind.QUESTION:
            await self._questions.answer(talk)
        else:
            talk.tell("forwarded.text")

    async def _edited(self, talk: Talk, edit_of: str) -> None:
        """Answer the new text where it was the last and nothing has begun; else say that it is not read."""
        message = talk.received.message
        row = MessageRow
        mine = (row.conversation_id == message.conversation_id, row.direction == "in")
        async with self._database.read() as session:
            versions = select(row).where(*mine, row.seq < message.seq).order_by(col(row.seq).desc())
            earlier = list(await session.exec(versions.limit(50)))
        shown = [
            old
            for old in earlier
            if old.external_id == edit_of or old.body.get("circumstances", {}).get("edit_of") == edit_of
        ]
        if shown and shown[0].text == message.text:
            return  # a link's preview came, or a live location moved
        idle = talk.state is ConversationState.OPEN and waiting_from(talk.pending) is None
        asks = self._router.route(talk.text, talk.written_in).kind is IntentKind.QUESTION
        if idle and asks and earlier and shown and shown[0] is earlier[0]:
            await self._questions.answer(talk)
        else:
            talk.tell("edited.text")
