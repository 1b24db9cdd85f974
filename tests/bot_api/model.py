"""What the fake Telegram holds: users, chats, topics, messages and files; and how it refuses."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]
Form = dict[str, str]

TOKEN = "4242:AAfaketokenfaketokenfaketokenfaketok"
BOT = 4242
ANONYMOUS = 1_087_968_824
"""GroupAnonymousBot: the `from` of an administrator who writes as the group."""
CHANNEL_BOT = 136_817_688
"""Channel_Bot: the `from` of somebody who writes as a channel."""
RIGHTS = frozenset({"can_manage_topics", "can_pin_messages", "can_delete_messages"})


@dataclass(frozen=True)
class Fault:
    """What the next call of a method answers instead. With `delivered` the call takes effect all the same;
    status 0 drops the connection; `hang` answers nothing until the caller gives up."""

    status: int
    description: str = "fault"
    retry_after: int | None = None
    delivered: bool = False
    hang: bool = False


class Refused(Exception):  # noqa: N818
    """An answer that is no success, with the `parameters` Telegram sends along."""

    def __init__(self, status: int, description: str, **parameters: int) -> None:
        super().__init__(description)
        self.status = status
        self.parameters = parameters


def bad(description: str) -> Refused:
    return Refused(400, f"Bad Request: {description}")


@dataclass(frozen=True)
class Upload:
    """A file as it came in a multipart form."""

    name: str
    content: bytes
    mime: str


@dataclass(frozen=True)
class File:
    file_id: str
    content: bytes
    name: str
    mime: str
    size: int
    """Bytes as Telegram states them; a test may state more than the content has."""


@dataclass(frozen=True)
class Sent:
    """A message of the bot as the phone shows it now."""

    message_id: int
    text: str
    entities: list[Json]
    buttons: list[tuple[str, str]]
    """What is written on each, and its callback data; "" for one that opens an address."""
    thread: int | None = None
    reply_to: int | None = None
    document: bytes | None = None
    file_name: str | None = None
    edits: int = 0
    reactions: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    """Where the buttons lead that open one."""
    at: float = 0.0
    """Seconds on the clock of the fake, to measure with."""

    def marked(self, kind: str) -> list[str]:
        """The stretches of text that an entity of this kind covers, cut by UTF-16 units."""
        raw = self.text.encode("utf-16-le")
        return [
            raw[entity["offset"] * 2 : (entity["offset"] + entity["length"]) * 2].decode("utf-16-le")
            for entity in self.entities
            if entity["type"] == kind
        ]


@dataclass
class Message:
    """`data` is Telegram's object; `edits` counts what the bot or its author changed."""

    data: Json
    outgoing: bool
    at: float
    edits: int = 0
    file_id: str | None = None
    reactions: tuple[str, ...] = ()

    @property
    def number(self) -> int:
        return int(self.data["message_id"])

    @property
    def thread(self) -> int | None:
        return self.data.get("message_thread_id")

    @property
    def buttons(self) -> list[tuple[str, str]]:
        rows = self.data.get("reply_markup", {}).get("inline_keyboard", [])
        return [(button["text"], button.get("callback_data", "")) for row in rows for button in row]

    @property
    def addresses(self) -> tuple[str, ...]:
        rows = self.data.get("reply_markup", {}).get("inline_keyboard", [])
        return tuple(button["url"] for row in rows for button in row if "url" in button)


@dataclass
class Topic:
    name: str
    by_bot: bool
    closed: bool = False
    deleted: bool = False


@dataclass
class Chat:
    """`members` maps a user to a status; the bot's own stands in `bot_status`."""

    number: int
    kind: str
    title: str
    next_number: Callable[[], int]
    forum: bool = False
    bot_status: str = "member"
    rights: frozenset[str] = RIGHTS
    migrated_to: int | None = None
    members: dict[int, str] = field(default_factory=dict)
    topics: dict[int, Topic] = field(default_factory=dict)
    messages: dict[int, Message] = field(default_factory=dict)
    pinned: list[int] = field(default_factory=list)
    actions: list[tuple[str, int | None]] = field(default_factory=list)
    drafts: list[tuple[int, str]] = field(default_factory=list)

    @property
    def short(self) -> Json:
        """Telegram's Chat object."""
        name = {"first_name": self.title} if self.kind == "private" else {"title": self.title}
        return {"id": self.number, "type": self.kind, **name, **({"is_forum": True} if self.forum else {})}

    def may(self, right: str) -> bool:
        return self.bot_status == "administrator" and right in self.rights


@dataclass(frozen=True)
class Answer:
    """What a press was answered with."""

    query: str
    text: str
    alert: bool


@dataclass
class Call:
    """One call of a method: the fields as sent, and the files beside them."""

    form: Form
    files: dict[str, Upload] = field(default_factory=dict)

    def integer(self, name: str) -> int | None:
        value = self.form.get(name, "").strip()
        if not value:
            return None
        try:
            return int(value)
        except ValueError:
            raise bad(f'parameter "{name}" must be an integer') from None

    def flag(self, name: str) -> bool:
        return self.form.get(name, "").lower() in ("true", "1", "yes")
