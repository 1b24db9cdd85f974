"""A message in a group: a question is answered for all to see; what is personal belongs elsewhere."""

from dataclasses import replace

from bot.database import Database
from bot.flows.commands import command_of
from bot.flows.questions import Questions
from bot.model import Button, IntentKind, Reply
from bot.ports import Router
from bot.tables import ButtonRow
from bot.talk import Talk

PUBLIC = ("clause", "feedback")
"""The kinds of button that a group gets: they show and do nothing that is anybody's own."""


class Groups:
    """Answers questions and points everything else to the private chat. Identity is never looked at."""

    def __init__(self, database: Database, router: Router, questions: Questions) -> None:
        self._database = database
        self._router = router
        self._questions = questions

    async def respond(self, talk: Talk) -> None:
        press = talk.received.message.body.get("press")
        if press is not None:
            await self._pressed(talk, press)
            return
        text = talk.text.strip()
        command = command_of(text)
        if talk.circumstances.kind == "joined" or not text or (command and command[0] in ("start", "help")):
            talk.tell("group.hello")
            return
        intent = self._router.route(text, talk.written_in)
        if command is None and intent.kind is IntentKind.QUESTION:
            await self._questions.answer(talk)
        elif command is None and intent.kind is IntentKind.SMALLTALK:
            thanks = intent.reason == "smalltalk:thanks"
            talk.tell("smalltalk.thanks" if thanks else "smalltalk.greeting")
        else:
            talk.tell("group.private", _private(talk))

    async def _pressed(self, talk: Talk, press: str) -> None:
        async with self._database.read() as session:
            button = await session.get(ButtonRow, press)
        if button is None or button.conversation_id != talk.conversation_id or button.kind not in PUBLIC:
            talk.tell("rejected.unknown-button")
        elif button.expires_at <= talk.now:
            talk.tell("rejected.expired")
        elif button.kind == "clause":
            await self._questions.show(talk, button.values["clause"])
        else:
            button.used_at = talk.now
            talk.records.append(button)
            helpful = button.values["helpful"] == "yes"
            self._questions.rate(talk, clause_id=button.values["clause"], helpful=helpful)


def fit_for_group(talk: Talk) -> None:
    """Take from the replies what does not belong into a group: buttons of one's own conversation."""
    kinds = {row.id: row.kind for row in talk.buttons}
    talk.replies = [_public(reply, kinds, _private(talk), talk.circumstances.to) for reply in talk.replies]
    talk.buttons = [row for row in talk.buttons if row.kind in PUBLIC]
    # nobody waits for a person in a group
    talk.handoff = None


def _public(reply: Reply, kinds: dict[str, str], private: Button, to: str | None) -> Reply:
    kept = [button for button in reply.buttons if button.url or kinds.get(button.id) in PUBLIC]
    if len(kept) < len(reply.buttons):
        kept.append(private)
    return replace(reply, buttons=tuple(kept), to=to, files=())


def _private(talk: Talk) -> Button:
    return Button("", talk.say("button.private"), url=talk.circumstances.private_url)
