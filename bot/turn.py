"""One turn, top to bottom. The file to read first.

a message is recorded            a duplicate ends here
in a group?                      questions only, for all to see
a person holds the conversation? the bot is silent
a button, a deep link?           identity and confirmation, no model involved
forwarded, edited, no text?      a question at most
a command?                       /help, /language, /status, /person, /privacy, /cancel
something was asked for?         an address, a code, a detail of a form
else route it                    question, action, person, status, smalltalk, other
reply rows and the changed conversation are written in one transaction
"""

import asyncio
from collections.abc import Sequence
from weakref import WeakValueDictionary

import structlog

from actions.model import ActionKind
from bot.concealing import Concealing
from bot.flows.flows import Flows
from bot.flows.groups import fit_for_group
from bot.flows.pending import waiting_from
from bot.languages import Speaking
from bot.messages import Messages
from bot.model import USUAL, ConversationState, Incoming, Intent, IntentKind, Reply, TurnResult
from bot.ports import Clock, Meter, NoMeter, Router
from bot.routing.identifiers import labelled_details
from bot.talk import READ_AT_MOST, Talk
from bot.transcript import Received, Transcript
from bot.wire import circumstances_to_json

log = structlog.get_logger()


class Turn:
    """Answers one message. Messages of one conversation are answered one after the other."""

    def __init__(
        self,
        transcript: Transcript,
        concealing: Concealing,
        router: Router,
        speaking: Speaking,
        messages: Messages,
        flows: Flows,
        clock: Clock,
        company: str,
        meter: Meter | None = None,
    ) -> None:
        self._transcript = transcript
        self._concealing = concealing
        self._router = router
        self._speaking = speaking
        self._messages = messages
        self._flows = flows
        self._clock = clock
        self._company = company
        self._meter = meter or NoMeter()
        self._order: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def __call__(self, incoming: Incoming) -> TurnResult:
        """Receive and answer. A duplicate gets the replies that were recorded, and does nothing."""
        message_id = await self.receive(incoming)
        duplicate = message_id is None
        if message_id is None:
            message_id = await self._transcript.message_id(incoming.channel, incoming.external_id)
            assert message_id is not None
        return await self.answer(message_id, duplicate=duplicate)

    async def receive(self, incoming: Incoming) -> str | None:
        """Make the message durable, without code or token in it; return its id, or None for a duplicate."""
        concealed = await self._concealing(incoming)
        unusual = circumstances_to_json(incoming.circumstances)
        kept = {**concealed.proofs, **({"circumstances": unusual} if unusual else {})}
        with self._meter.stage("receive"):
            return await self._transcript.receive(concealed.incoming, kept)

    async def answer(
        self, message_id: str, *, received: Received | None = None, duplicate: bool = False
    ) -> TurnResult:
        """Answer a received message; answering it twice is answering it once. `received`: as it was just
        loaded, by whoever did.

        What an earlier process received in this conversation and did not live to answer is answered first.
        """
        received = received or await self._transcript.load(message_id)
        order = self._order.setdefault(received.conversation.id, asyncio.Lock())
        is_fresh = not order.locked()
        async with order:
            if not is_fresh:
                received = await self._transcript.load(message_id)
            for earlier in received.earlier:
                try:
                    await self._answer(await self._transcript.load(earlier))
                except Exception:
                    log.exception("turn-failed", message=earlier)
            if received.earlier:
                received = await self._transcript.load(message_id)
            return await self._answer(received, duplicate=duplicate)

    async def give_up(self, message_id: str) -> None:
        """Tell the customer, with a reference, that a message cannot be answered, and leave it to staff."""
        await self._answer(await self._transcript.load(message_id), gave_up=True)

    async def _answer(
        self, received: Received, *, duplicate: bool = False, gave_up: bool = False
    ) -> TurnResult:
        message_id = received.message.id
        while True:
            if received.message.status != "received":
                return await self._recorded(received, duplicate=duplicate)
            talk = await (self._sorry(message_id) if gave_up else self._think(received))
            if talk.circumstances.is_in_group:
                fit_for_group(talk)
            written = (talk.received, talk.replies, talk.buttons, talk.records)
            with self._meter.stage("commit"):
                committed = await self._transcript.commit(*written, gave_up=gave_up)
            if committed == "written":
                self._meter.turn(received.message.channel, talk.route)
                return self._result(talk)
            received = await self._transcript.load(message_id)

    def _result(self, talk: Talk) -> TurnResult:
        said = tuple(talk.replies)
        return TurnResult(talk.conversation_id, said, talk.state, talk.action_id, talk.error)

    async def _recorded(self, received: Received, *, duplicate: bool) -> TurnResult:
        replies: Sequence[Reply] = await self._transcript.replies_to(received.message.id)
        return TurnResult(
            conversation_id=received.conversation.id,
            replies=tuple(replies),
            state=ConversationState(received.conversation.state),
            action_id=next((reply.action_id for reply in reversed(replies) if reply.action_id), None),
            duplicate=duplicate,
        )

    async def _think(self, received: Received) -> Talk:
        """Decide what to reply. Whatever goes wrong here, the customer gets a sentence and a reference."""
        talk = await self._talk(received)
        try:
            await self._respond(talk)
        except Exception:
            log.exception("turn-failed", message=received.message.id)
            talk = await self._sorry(received.message.id)
        if talk.replies and not talk.received.conversation.introduced:
            talk.introduce(self._company)
        return talk

    async def _sorry(self, message_id: str) -> Talk:
        talk = await self._talk(await self._transcript.load(message_id))
        talk.error, reference = "internal", message_id[:8].upper()
        log.error("customer-told-of-an-error", message=message_id, reference=reference)
        talk.tell("error.text", talk.button("person", "button.person"), reference=reference)
        return talk

    async def _talk(self, received: Received) -> Talk:
        language = await self._speaking.language_of(received)
        written_in = await self._speaking.written_in(received, language)
        return Talk(received, language, self._messages, self._clock.now(), written_in)

    async def _respond(self, talk: Talk) -> None:
        if talk.circumstances.is_in_group:
            await self._flows.groups.respond(talk)
            return
        if (press := talk.received.message.body.get("press")) is not None:
            talk.route = "press"
            await self._flows.presses.pressed(talk, press)
            return
        link = talk.received.message.body.get("link")
        if link is not None and talk.circumstances == USUAL:
            await self._flows.proving.got_link(talk, link)
            return
        if talk.is_silent or await self._flows.asides.took(talk):
            return
        text = talk.text.strip()
        if not text:
            talk.tell("empty.text")
            return
        if len(talk.received.message.text) > READ_AT_MOST:
            talk.tell("too_long.text", count=READ_AT_MOST)
        if await self._flows.commands.took(talk):
            return
        with self._meter.stage("route"):
            intent = self._router.route(text, talk.written_in)
        talk.route = intent.kind
        people, waiting = self._flows.people, waiting_from(talk.pending)
        if await people.took_words(talk, intent):
            return
        if waiting is None and await self._flows.acting.took_back(talk):
            return
        reason = people.reason(talk)
        was_waited_for = waiting is not None and await self._flows.awaited.took(talk, waiting, intent)
        if not was_waited_for and not people.is_all(reason, intent):
            await self._dispatch(talk, intent)
        people.weigh(talk, reason)

    async def _dispatch(self, talk: Talk, intent: Intent) -> None:
        flows = self._flows
        match intent.kind:
            case IntentKind.QUESTION:
                await flows.questions.answer(talk)
            case IntentKind.CANCEL_ACCOUNT | IntentKind.INVOICE_CORRECTION | IntentKind.GDPR_REQUEST:
                details = labelled_details(talk.text) if intent.kind is IntentKind.INVOICE_CORRECTION else {}
                arguments = {**details, **intent.slots}
                await flows.acting.begin(talk, ActionKind(intent.kind), arguments, intent.decided_by)
            case IntentKind.TALK_TO_HUMAN:
                flows.people.ask(talk)
            case IntentKind.STATUS:
                await flows.acting.status(talk)
            case IntentKind.SMALLTALK:
                talk.tell("smalltalk.thanks" if intent.reason == "smalltalk:thanks" else "smalltalk.greeting")
            case IntentKind.OTHER:
                talk.tell("other.text", talk.button("person", "button.person"))
