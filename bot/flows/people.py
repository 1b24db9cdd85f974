"""The customer wants a person, needs one, waits for one, or says how one was."""

from datetime import timedelta

from bot.database import Database
from bot.flows.pending import waiting_from
from bot.handoff import fresh_start
from bot.handoff_tables import HandoffEventRow, RatingRow
from bot.hours import BusinessHours
from bot.model import RULES, Block, ConversationState, HandoffReason, Intent, IntentKind
from bot.routing.triggers import trigger
from bot.talk import Talk
from bot.waiting import back_text

WORDS_TAKEN_FOR = timedelta(minutes=10)
IDLE = (IntentKind.OTHER, IntentKind.SMALLTALK)


class People:
    """Queues a conversation for the team. From then on the bot is silent in it."""

    def __init__(self, database: Database, hours: BusinessHours) -> None:
        self._database = database
        self._hours = hours

    def ask(self, talk: Talk) -> None:
        self.queue(talk, HandoffReason.ASKED)

    def reason(self, talk: Talk) -> HandoffReason | None:
        """What in the words of the message brings a person, whatever else it asks for.

        A detail of a form is whatever the customer says it is.
        """
        if talk.state is ConversationState.AWAITING_DETAILS:
            return None
        return trigger(talk.text, talk.written_in)

    def is_all(self, reason: HandoffReason | None, intent: Intent) -> bool:
        """Whether the message says nothing that is to be done besides bringing a person."""
        vague = intent.kind is IntentKind.TALK_TO_HUMAN or (
            intent.kind is IntentKind.GDPR_REQUEST and not intent.slots
        )
        guessed = vague and intent.decided_by != RULES
        return reason is not None and (intent.kind in IDLE or guessed)

    def weigh(self, talk: Talk, reason: HandoffReason | None = None) -> None:
        """Bring a person in where the message, or what came of it, is a reason to."""
        reason = reason or talk.handoff
        if reason is not None:
            self.queue(talk, reason)

    def queue(self, talk: Talk, reason: HandoffReason) -> None:
        """Put the conversation into the queue, once. A request under way can be finished while it waits."""
        conversation = talk.received.conversation
        asked, queued = reason is HandoffReason.ASKED, conversation.queued_at is not None
        if talk.is_silent or (queued and not asked):
            return
        under_way = not asked and waiting_from(talk.pending) is not None
        if not queued:
            conversation.queued_at, conversation.told_at = talk.now, None
            talk.records.append(self._event(talk, "queued", reason=reason))
        if not under_way:
            talk.wait(ConversationState.QUEUED, {})
        blocks = [] if asked else [Block("say", talk.say(f"handoff.why.{reason}"))]
        blocks.append(Block("say", talk.say("handoff.queued_meanwhile" if under_way else "handoff.queued")))
        opening = self._hours.opening(talk.now)
        if opening != talk.now:
            text = back_text(talk.messages, talk.language, opening, self._hours.calendar.time_zone)
            blocks.append(Block("note", text))
        talk.reply(*blocks, buttons=(talk.button("back", "button.back_to_assistant"),))

    def leave_queue(self, talk: Talk) -> None:
        """The customer no longer wants to wait; only a person ends what a person has begun."""
        if talk.state is ConversationState.WITH_PERSON:
            return
        conversation = talk.received.conversation
        if conversation.queued_at is not None:
            talk.records.append(self._event(talk, "left"))
        under_way = {} if talk.state is ConversationState.QUEUED else talk.pending
        state = talk.state if under_way else ConversationState.OPEN
        fresh_start(conversation)
        talk.move(state, under_way)
        talk.reply(Block("say", talk.say("handoff.back")))

    async def rate(self, talk: Talk, rating: str, staff: str, stars: int) -> None:
        """Record how a person was, once, and take words on it for a while."""
        if await self._rating(rating) is not None:
            talk.tell("rating.already")
            return
        row = RatingRow(
            id=rating, conversation_id=talk.conversation_id, staff=staff, stars=stars, created_at=talk.now
        )
        talk.records += [row, self._event(talk, "rated", staff=staff, stars=stars)]
        talk.received.conversation.rating_id = rating
        talk.received.conversation.words_until = talk.now + WORDS_TAKEN_FOR
        talk.tell("rating.thanks")

    async def took_words(self, talk: Talk, intent: Intent) -> bool:
        """Keep the first text after a rating as its words, unless it asks for something or comes too late."""
        conversation = talk.received.conversation
        rating, until = conversation.rating_id, conversation.words_until
        conversation.rating_id = conversation.words_until = None
        if rating is None or until is None or talk.now >= until or _asks(talk, intent) or self.reason(talk):
            return False
        row = await self._rating(rating)
        if row is None:
            return False
        row.words = talk.text.strip()
        talk.records.append(row)
        talk.tell("rating.words")
        return True

    async def _rating(self, rating: str) -> RatingRow | None:
        async with self._database.read() as session:
            return await session.get(RatingRow, rating)

    def _event(
        self,
        talk: Talk,
        kind: str,
        *,
        reason: HandoffReason | None = None,
        staff: str | None = None,
        stars: int | None = None,
    ) -> HandoffEventRow:
        return HandoffEventRow(
            conversation_id=talk.conversation_id,
            kind=kind,
            reason=reason,
            staff=staff,
            stars=stars,
            created_at=talk.now,
        )


def _asks(talk: Talk, intent: Intent) -> bool:
    """Whether a text is a question or a request for certain: praise, too, speaks of invoices."""
    if "?" in talk.text or intent.reason == "question:asked":
        return True
    return intent.kind not in (*IDLE, IntentKind.QUESTION)
