"""What one turn works on: the conversation as read, and what is to be written when the turn ends."""

import secrets
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from bot.messages import Messages
from bot.model import (
    Block,
    BlockKind,
    Button,
    Circumstances,
    CitationView,
    ConversationState,
    HandoffReason,
    Reply,
)
from bot.tables import ButtonRow
from bot.transcript import Received

BUTTON_LIFE = timedelta(days=30)
READ_AT_MOST = 4_000
SILENT = (ConversationState.QUEUED, ConversationState.WITH_PERSON)


@dataclass(slots=True)
class Talk:
    """Collects replies and changes; nothing of it is in the database until the turn commits.

    `language` is that of the answers, `written_in` that of the message.
    """

    received: Received
    language: str
    messages: Messages
    now: datetime
    written_in: str
    replies: list[Reply] = field(default_factory=list)
    buttons: list[ButtonRow] = field(default_factory=list)
    records: list[object] = field(default_factory=list)
    action_id: str | None = None
    error: str | None = None
    route: str = "aside"
    """What the message was taken for, to be counted: an intent, a press, or something beside both."""
    handoff: HandoffReason | None = None

    @property
    def conversation_id(self) -> str:
        return self.received.conversation.id

    @property
    def text(self) -> str:
        return self.received.message.text[:READ_AT_MOST]

    @property
    def circumstances(self) -> Circumstances:
        return Circumstances(**self.received.message.body.get("circumstances", {}))

    @property
    def state(self) -> ConversationState:
        return ConversationState(self.received.conversation.state)

    @property
    def is_silent(self) -> bool:
        """Whether the conversation waits for a person or is with one."""
        return self.state in SILENT

    def say(self, key: str, **values: object) -> str:
        return self.messages.say(self.language, key, **values)

    def button(
        self,
        kind: str,
        label: str,
        *,
        text: str | None = None,
        expires_at: datetime | None = None,
        **values: str | None,
    ) -> Button:
        """Make a button that only this conversation may press; `label` is a message key, unless a `text`
        from the documents stands on it.
        """
        row = ButtonRow(
            id=secrets.token_urlsafe(12),
            conversation_id=self.conversation_id,
            kind=kind,
            values=values,
            expires_at=expires_at or self.now + BUTTON_LIFE,
        )
        self.buttons.append(row)
        return Button(row.id, text or self.say(label))

    def reply(
        self,
        *blocks: Block,
        buttons: tuple[Button, ...] = (),
        citations: tuple[CitationView, ...] = (),
        action_id: str | None = None,
    ) -> None:
        self.action_id = action_id or self.action_id
        self.replies.append(Reply(blocks, buttons, citations, action_id))

    def introduce(self, company: str) -> None:
        """Say, before anything else, that this is a machine; once a conversation."""
        notice = Block("note", self.say("intro.ai", company=company))
        self.replies[0] = replace(self.replies[0], blocks=(notice, *self.replies[0].blocks))
        self.received.conversation.introduced = True

    def tell(self, key: str, *buttons: Button, kind: BlockKind = "say", **values: object) -> None:
        """Reply with one sentence of the catalogue."""
        self.reply(Block(kind, self.say(key, **values)), buttons=buttons)

    def wait(self, state: ConversationState, pending: dict[str, object]) -> None:
        """Remember what was asked and what for; a conversation that is a person's stays that person's.

        One that was queued while a request was under way falls silent when that is done.
        """
        if not self.is_silent:
            queued = self.received.conversation.queued_at is not None
            done = state is ConversationState.OPEN and queued
            self.move(ConversationState.QUEUED if done else state, pending)

    def move(self, state: ConversationState, pending: dict[str, object]) -> None:
        self.received.conversation.state = state
        self.received.conversation.pending = pending

    def settle(self) -> None:
        """Nothing is being waited for any more."""
        self.wait(ConversationState.OPEN, {})

    @property
    def pending(self) -> dict[str, object]:
        return self.received.conversation.pending
