"""Something was asked for: a text may be the address, the code, the detail, or something else altogether."""

from dataclasses import replace

from bot.codes import typed_from
from bot.flows.acting import Acting
from bot.flows.pending import Waiting
from bot.flows.proving import Proving
from bot.flows.typed import means_skip, means_stop
from bot.model import ConversationState, Intent, IntentKind
from bot.routing.identifiers import find_email, labelled_details
from bot.talk import Talk


class Awaited:
    """Takes a text as the answer to what was asked, unless it clearly is something else."""

    def __init__(self, acting: Acting, proving: Proving) -> None:
        self._acting = acting
        self._proving = proving

    async def took(self, talk: Talk, waiting: Waiting, intent: Intent) -> bool:
        if means_stop(talk, waiting):
            await self._acting.stop(talk, waiting)
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
            await self._acting.go_on(talk, waiting)
            return True
        return False

    async def _detail(self, talk: Talk, waiting: Waiting, intent: Intent) -> bool:
        asks = intent.kind is IntentKind.QUESTION and talk.text.rstrip().endswith("?")
        if asks or intent.kind in (IntentKind.CANCEL_ACCOUNT, IntentKind.GDPR_REQUEST):
            return False
        if means_skip(talk):
            await self._acting.answered(talk, waiting, None)
        elif details := labelled_details(talk.text):
            arguments = {**waiting.arguments, **details}
            await self._acting.go_on(talk, replace(waiting, arguments=arguments, asking=None))
        else:
            await self._acting.answered(talk, waiting, talk.text.strip())
        return True

    async def _proof(self, talk: Talk, waiting: Waiting, intent: Intent) -> bool:
        email = find_email(talk.text)
        code = typed_from(talk.received.message.body)
        if email is not None:
            await self._proving.got_email(talk, waiting, email)
            return True
        if code is not None and talk.state is ConversationState.AWAITING_CODE:
            if await self._proving.got_code(talk, waiting, code):
                await self._acting.go_on(talk, waiting)
            return True
        if intent.kind in (IntentKind.OTHER, IntentKind.SMALLTALK):
            self._proving.not_a_proof(talk, waiting)
            return True
        return False
