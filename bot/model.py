"""What passes between a channel and a turn: messages in, replies out, and what was understood."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Literal


class IntentKind(StrEnum):
    QUESTION = "question"
    CANCEL_ACCOUNT = "cancel_account"
    INVOICE_CORRECTION = "invoice_correction"
    GDPR_REQUEST = "gdpr_request"
    TALK_TO_HUMAN = "talk_to_human"
    STATUS = "status"
    SMALLTALK = "smalltalk"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Intent:
    """What a message asks for. `reason` names the rule that decided; `slots` e.g. {"right": "access"}."""

    kind: IntentKind
    slots: Mapping[str, str] = field(default_factory=dict)
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Sender:
    """Who the channel says is there. `vouched_email` is set only where the channel itself proved it."""

    external_id: str
    name: str = ""
    language_code: str | None = None
    vouched_email: str | None = None


@dataclass(frozen=True, slots=True)
class Incoming:
    """One message or press, as a channel received it.

    `external_id` is unique within the channel: the same one twice is a duplicate. `chat_id` names the
    conversation on the channel's side. Exactly one of `text` and `press` (a button's id) is set.
    """

    channel: str
    chat_id: str
    external_id: str
    sender: Sender
    text: str | None = None
    press: str | None = None


class ConversationState(StrEnum):
    """Where a conversation stands; documented in docs/conversation.md."""

    OPEN = "open"
    AWAITING_EMAIL = "awaiting_email"
    AWAITING_CODE = "awaiting_code"
    AWAITING_DETAILS = "awaiting_details"
    AWAITING_CHOICE = "awaiting_choice"
    AWAITING_CONFIRMATION = "awaiting_confirmation"
    QUEUED = "queued"
    WITH_PERSON = "with_person"


BlockKind = Literal["say", "lead", "quote", "source", "note", "card", "receipt", "person"]


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph of a reply. The kind lets a channel style it; the text alone is already complete."""

    kind: BlockKind
    text: str


@dataclass(frozen=True, slots=True)
class Button:
    """`id` is random and means nothing outside the database; `label` is in the customer's language."""

    id: str
    label: str


@dataclass(frozen=True, slots=True)
class CitationView:
    """A citation as a channel shows it. `heading` is the whole path, outermost first."""

    document: str
    title: str
    version_date: date
    clause_id: str
    heading: str
    quote: str
    language: str


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes back to the customer, complete in `text` for a channel that knows nothing better."""

    blocks: tuple[Block, ...]
    buttons: tuple[Button, ...] = ()
    citations: tuple[CitationView, ...] = ()
    action_id: str | None = None

    @property
    def text(self) -> str:
        return "\n\n".join(block.text for block in self.blocks)


@dataclass(frozen=True, slots=True)
class TurnResult:
    """Everything a turn produced. `duplicate` is set when the message had been answered before."""

    conversation_id: str
    replies: tuple[Reply, ...]
    state: ConversationState
    action_id: str | None = None
    error: str | None = None
    duplicate: bool = False
