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


RULES = "rules"


@dataclass(frozen=True, slots=True)
class Intent:
    """What a message asks for. `reason` names the rule that decided; `slots` e.g. {"right": "access"}.

    `decided_by` is RULES, or model:NAME@VERSION where learned weights decided any of it.
    """

    kind: IntentKind
    slots: Mapping[str, str] = field(default_factory=dict)
    reason: str = ""
    decided_by: str = RULES


@dataclass(frozen=True, slots=True)
class Sender:
    """Who the channel says is there. `vouched_email` is set only where the channel itself proved it."""

    external_id: str
    name: str = ""
    language_code: str | None = None
    vouched_email: str | None = None


MessageKind = Literal[
    "text", "file", "file-too-big", "voice", "video", "sticker", "contact", "poll", "unknown", "joined"
]


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a channel knows of a message besides its words.

    `kind`: what it is or carries; `joined` is the bot's own arrival in a group. `forwarded`: its words are
    somebody else's. `edit_of`: the external id of the message that it is a new version of. `private_url`: set
    for a message in a group, where its sender may talk to the bot alone. `to`: the channel's own word for
    where a reply to it belongs.
    """

    kind: MessageKind = "text"
    forwarded: bool = False
    edit_of: str | None = None
    private_url: str | None = None
    to: str | None = None

    @property
    def is_in_group(self) -> bool:
        return self.private_url is not None


USUAL = Circumstances()


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
    circumstances: Circumstances = USUAL


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


class HandoffReason(StrEnum):
    """Why a conversation waits for a person, as staff see it; documented in docs/handoff.md."""

    ASKED = "asked"
    UNHELPFUL = "unhelpful"
    NO_ANSWER = "no_answer"
    ANGER = "anger"
    LEGAL_THREAT = "legal_threat"
    RULE = "rule"
    DISAGREEMENT = "disagreement"
    THIRD_PARTY = "third_party"
    REPRESENTATIVE = "representative"


BlockKind = Literal["say", "lead", "quote", "source", "note", "card", "receipt", "person"]


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph of a reply. The kind lets a channel style it; the text alone is already complete."""

    kind: BlockKind
    text: str


@dataclass(frozen=True, slots=True)
class Button:
    """`id` is random and means nothing outside the database; `label` is in the customer's language.

    One with a `url` opens that instead, and has no id; only a channel whose messages come with circumstances
    gets such.
    """

    id: str
    label: str
    url: str | None = None


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
class FileRef:
    """A file that goes with a reply: a paper, whose content is read when it is sent, or one that Telegram has
    under `telegram_id`."""

    name: str
    paper_id: str = ""
    telegram_id: str = ""
    sent_as: Literal["document", "photo"] = "document"


@dataclass(frozen=True, slots=True)
class LinkRef:
    """A person's export package, for a channel that may hand over a link to it.

    The link itself is made when the reply is sent, and stands in no row. `label` and `note`, the button's and
    a sentence about it, are shown with it only.
    """

    case_id: str
    label: str
    note: str


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes back to the customer, complete in `text` for a channel that knows nothing better.

    `to` is that of the message's `Circumstances`.
    """

    blocks: tuple[Block, ...]
    buttons: tuple[Button, ...] = ()
    citations: tuple[CitationView, ...] = ()
    action_id: str | None = None
    files: tuple[FileRef, ...] = ()
    link: LinkRef | None = None
    to: str | None = None

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
