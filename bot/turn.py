"""One turn, top to bottom. The file to read first.

a message is recorded            a duplicate ends here
a person holds the conversation? the bot is silent
a button, a deep link?           identity and confirmation, no model involved
something was asked for?         an address, a code, a detail of a form
else route it                    question, action, person, status, smalltalk, other
reply rows and the changed conversation are written in one transaction
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from weakref import WeakValueDictionary

import structlog

from actions.model import ActionKind
from bot.codes import typed_from
from bot.concealing import Concealing
from bot.flows.acting import Acting
from bot.flows.pending import Waiting, waiting_from
from bot.flows.people import People
from bot.flows.presses import Presses
from bot.flows.proving import Proving
from bot.flows.questions import Questions
from bot.flows.typed import means_skip, means_stop
from bot.languages import Speaking
from bot.messages import Messages
from bot.model import ConversationState, Incoming, Intent, IntentKind, Reply, TurnResult
from bot.ports import Clock, Router
from bot.routing.identifiers import find_email, labelled_details
from bot.talk import READ_AT_MOST, Talk
from bot.transcript import Received, Transcript

log = structlog.get_logger()

HELP_COMMANDS = ("/start", "/help")


@dataclass(frozen=True, slots=True)
class Flows:
    """What a turn can lead to."""

    questions: Questions
    acting: Acting
    proving: Proving
    people: People
    presses: Presses


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
    ) -> None:
        self._transcript = transcript
        self._concealing = concealing
        self._router = router
        self._speaking = speaking
        self._messages = messages
        self._flows = flows
        self._clock = clock
        self._company = company
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
        return await self._transcript.receive(concealed.incoming, concealed.proofs)

    async def answer(self, message_id: str, *, duplicate: bool = False) -> TurnResult:
        """Answer a received message; answering it twice is answering it once.

        What an earlier process received in this conversation and did not live to answer is answered first.
        """
        message = (await self._transcript.load(message_id)).message
        async with self._order.setdefault(message.conversation_id, asyncio.Lock()):
            for earlier in await self._transcript.unanswered_before(message):
                try:
                    await self._answer(earlier)
                except Exception:
                    log.exception("turn-failed", message=earlier)
            return await self._answer(message_id, duplicate=duplicate)

    async def _answer(self, message_id: str, *, duplicate: bool = False) -> TurnResult:
        while True:
            received = await self._transcript.load(message_id)
            if received.message.status != "received":
                return await self._recorded(received, duplicate=duplicate)
            talk = await self._think(received)
            committed = await self._transcript.commit(talk.received, talk.replies, talk.buttons, talk.records)
            if committed == "written":
                return self._result(talk)

    def _result(self, talk: Talk) -> TurnResult:
        return TurnResult(
            conversation_id=talk.conversation_id,
            replies=tuple(talk.replies),
            state=talk.state,
            action_id=talk.action_id,
            error=talk.error,
        )

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
            message_id = received.message.id
            reference = message_id[:8].upper()
            log.exception("turn-failed", message=message_id, reference=reference)
            talk = await self._talk(await self._transcript.load(message_id))
            talk.error = "internal"
            talk.tell("error.text", talk.button("person", "button.person"), reference=reference)
        if talk.replies and not talk.received.conversation.introduced:
            talk.introduce(self._company)
        return talk

    async def _talk(self, received: Received) -> Talk:
        language = await self._speaking.language_of(received)
        return Talk(received, language, self._messages, self._clock.now())

    async def _respond(self, talk: Talk) -> None:
        press = talk.received.message.body.get("press")
        if press is not None:
            await self._flows.presses.pressed(talk, press)
            return
        link = talk.received.message.body.get("link")
        if link is not None:
            await self._flows.proving.got_link(talk, link)
            return
        if talk.is_silent:
            return
        text = talk.text.strip()
        if not text:
            talk.tell("empty.text")
            return
        if len(talk.received.message.text) > READ_AT_MOST:
            talk.tell("too_long.text", count=READ_AT_MOST)
        if text.split()[0].lower() in HELP_COMMANDS:
            talk.tell("help.text")
            return
        intent = self._router.route(text, talk.language)
        waiting = waiting_from(talk.pending)
        if waiting is None or not await self._was_waited_for(talk, waiting, intent):
            await self._dispatch(talk, intent)

    async def _was_waited_for(self, talk: Talk, waiting: Waiting, intent: Intent) -> bool:
        """Take the text as the answer to what was asked, unless it clearly is something else."""
        flows = self._flows
        if means_stop(talk, waiting):
            await flows.acting.stop(talk, waiting)
            return True
        if intent.kind is IntentKind.TALK_TO_HUMAN:
            return False
        if talk.state in (ConversationState.AWAITING_EMAIL, ConversationState.AWAITING_CODE):
            return await self._proof(talk, waiting, intent)
        if talk.state is ConversationState.AWAITING_DETAILS:
            return await self._detail(talk, waiting, intent)
        if talk.state is ConversationState.AWAITING_CONFIRMATION and intent.kind in (
            IntentKind.SMALLTALK,
            IntentKind.OTHER,
        ):
            talk.tell("confirm.press")
            await flows.acting.go_on(talk, waiting)
            return True
        return False

    async def _detail(self, talk: Talk, waiting: Waiting, intent: Intent) -> bool:
        acting = self._flows.acting
        asks = intent.kind is IntentKind.QUESTION and talk.text.rstrip().endswith("?")
        if asks or intent.kind in (IntentKind.CANCEL_ACCOUNT, IntentKind.GDPR_REQUEST):
            return False
        if means_skip(talk):
            await acting.answered(talk, waiting, None)
        elif details := labelled_details(talk.text):
            arguments = {**waiting.arguments, **details}
            await acting.go_on(talk, Waiting(waiting.kind, waiting.origin, arguments, asked=waiting.asked))
        else:
            await acting.answered(talk, waiting, talk.text.strip())
        return True

    async def _proof(self, talk: Talk, waiting: Waiting, intent: Intent) -> bool:
        proving = self._flows.proving
        email = find_email(talk.text)
        code = typed_from(talk.received.message.body)
        if email is not None:
            await proving.got_email(talk, waiting, email)
            return True
        if code is not None and talk.state is ConversationState.AWAITING_CODE:
            if await proving.got_code(talk, waiting, code):
                await self._flows.acting.go_on(talk, waiting)
            return True
        if intent.kind in (IntentKind.OTHER, IntentKind.SMALLTALK):
            proving.not_a_proof(talk, waiting)
            return True
        return False

    async def _dispatch(self, talk: Talk, intent: Intent) -> None:
        flows = self._flows
        match intent.kind:
            case IntentKind.QUESTION:
                await flows.questions.answer(talk)
            case IntentKind.CANCEL_ACCOUNT | IntentKind.INVOICE_CORRECTION | IntentKind.GDPR_REQUEST:
                details = labelled_details(talk.text) if intent.kind is IntentKind.INVOICE_CORRECTION else {}
                await flows.acting.begin(talk, ActionKind(intent.kind), {**details, **intent.slots})
            case IntentKind.TALK_TO_HUMAN:
                flows.people.ask(talk)
            case IntentKind.STATUS:
                await flows.acting.status(talk)
            case IntentKind.SMALLTALK:
                key = "smalltalk.thanks" if intent.reason == "smalltalk:thanks" else "smalltalk.greeting"
                talk.tell(key)
            case IntentKind.OTHER:
                talk.tell("other.text", talk.button("person", "button.person"))
