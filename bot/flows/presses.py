"""A button was pressed. Its meaning is in the database; the channel carried only a random id."""

from actions.model import ActionKind
from bot.database import Database
from bot.flows.acting import Acting
from bot.flows.commands import speak
from bot.flows.pending import Waiting, waiting_from
from bot.flows.people import People
from bot.flows.proving import Proving
from bot.flows.questions import Questions
from bot.model import RULES, HandoffReason
from bot.tables import ButtonRow
from bot.talk import Talk

ALLOWED_WHILE_SILENT = ("back", "confirm", "withdraw", "rate")
SEVERAL_TIMES = ("clause",)
"""A choice of what to read; every other button has done its work when it was pressed."""
STAFF_DECIDE = ("too-late",)
"""Rejections after which only a person can help."""


class Presses:
    """Looks the button up and leads to what it stands for."""

    def __init__(
        self, database: Database, questions: Questions, acting: Acting, proving: Proving, people: People
    ) -> None:
        self._database = database
        self._questions = questions
        self._acting = acting
        self._proving = proving
        self._people = people

    async def pressed(self, talk: Talk, press: str) -> None:
        async with self._database.read() as session:
            button = await session.get(ButtonRow, press)
        if button is None or button.conversation_id != talk.conversation_id:
            _reject(talk, "rejected.unknown-button")
        elif talk.is_silent and button.kind not in ALLOWED_WHILE_SILENT:
            return
        elif button.expires_at <= talk.now and button.kind != "confirm":
            _reject(talk, "rejected.expired")
        else:
            await self._act(talk, button)
            if button.kind not in SEVERAL_TIMES:
                button.used_at = talk.now
                talk.records.append(button)
            if talk.error in STAFF_DECIDE:
                talk.handoff = HandoffReason.RULE
            self._people.weigh(talk)

    async def _act(self, talk: Talk, button: ButtonRow) -> None:
        values = button.values
        match button.kind:
            case "confirm":
                await self._acting.confirm(talk, values["token"])
            case "withdraw":
                await self._acting.withdraw(talk, values["action"])
            case "clause":
                await self._questions.show(talk, values["clause"])
            case "feedback":
                self._questions.rate(talk, clause_id=values["clause"], helpful=values["helpful"] == "yes")
            case "person":
                self._people.ask(talk)
            case "back":
                self._people.leave_queue(talk)
            case "rate":
                await self._people.rate(talk, values["rating"], values["staff"], int(values["stars"]))
            case "language":
                speak(talk, values["code"])
            case "right":
                waiting = waiting_from(talk.pending)
                is_asked = waiting is not None and waiting.action is ActionKind.GDPR_REQUEST
                by = waiting.proposed_by if waiting and is_asked else RULES
                await self._acting.begin(talk, ActionKind.GDPR_REQUEST, {"right": values["right"]}, by)
            case "stop" if values.get("action"):
                await self._acting.keep(talk, values["action"])
            case _:
                await self._go_on(talk, button, waiting_from(talk.pending))

    async def _go_on(self, talk: Talk, button: ButtonRow, waiting: Waiting | None) -> None:
        """Buttons of the dialogue under way; those of an earlier one have nothing to act on."""
        values = button.values
        if waiting is None or waiting.origin != values["origin"]:
            _reject(talk, "rejected.expired")
        elif button.kind == "stop":
            await self._acting.stop(talk, waiting)
        elif button.kind == "skip" and waiting.asking == values["field"]:
            await self._acting.answered(talk, waiting, None)
        elif button.kind == "resend" and waiting.email is not None:
            await self._proving.got_email(talk, waiting, waiting.email)
        else:
            _reject(talk, "rejected.expired")


def _reject(talk: Talk, key: str) -> None:
    """A button that does nothing; while a person has the conversation, without a word."""
    talk.error = key.removeprefix("rejected.")
    if not talk.is_silent:
        talk.tell(key)
