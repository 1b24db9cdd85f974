"""The state of the fake Telegram, and what its methods and its users share."""

import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.bot_api.limits import Limits
from tests.bot_api.model import (
    ANONYMOUS,
    BOT,
    TOKEN,
    Answer,
    Chat,
    File,
    Form,
    Json,
    Message,
    Refused,
    Sent,
    Topic,
    Upload,
    bad,
)
from tests.bot_api.updates import Updates

FIXED_NOW = 1_770_000_000.0


@dataclass
class World:
    """`now` dates messages (seconds since 1970), `clock` measures; with `strict` a private chat exists only
    once its user has written; with `privacy` a group's messages reach the bot only when meant for it."""

    token: str = TOKEN
    calls: list[tuple[str, Form]] = field(default_factory=list)
    webhook: Form = field(default_factory=dict)
    answered_queries: list[str] = field(default_factory=list)
    url: str = ""
    now: Callable[[], float] = lambda: FIXED_NOW
    clock: Callable[[], float] = time.monotonic
    limits: Limits | None = None
    strict: bool = False
    privacy: bool = False
    query_seconds: float = 900.0
    file_limit: int = 20_000_000
    upload_limit: int = 50_000_000

    def __post_init__(self) -> None:
        self.me: Json = {
            "id": BOT,
            "is_bot": True,
            "first_name": "Fake",
            "username": "fake_bot",
            "can_join_groups": True,
            "can_read_all_group_messages": not self.privacy,
            "supports_inline_queries": False,
        }
        self.users: dict[int, Json] = {}
        self.chats: dict[int, Chat] = {}
        self.files: dict[str, File] = {}
        self.queries: dict[str, float] = {}
        self.answers: list[Answer] = []
        self.commands: dict[tuple[str, str], list[Json]] = {}
        self.profile: dict[tuple[str, str], str] = {}
        self.updates = Updates(self.clock)
        self.hook_error: Json = {}
        self._numbers = itertools.count(1000)
        self._account_numbers = itertools.count(1001)

    def number(self) -> int:
        return next(self._numbers)

    def user(self, number: int, name: str = "Ana", language: str | None = "sl-SI", **fields: object) -> Json:
        """Make or find a user; the first call settles the name."""
        if number not in self.users:
            spoken = {"language_code": language} if language else {}
            self.users[number] = {"id": number, "is_bot": False, "first_name": name, **spoken, **fields}
        return self.users[number]

    def private(self, number: int) -> Chat:
        """The private chat with a user, made when there is none yet."""
        if number not in self.chats:
            title = str(self.user(number)["first_name"])
            self.chats[number] = Chat(number, "private", title, self._account_number)
        return self.chats[number]

    def group(
        self,
        number: int,
        *,
        title: str = "Group",
        forum: bool = False,
        admin: bool = True,
        basic: bool = False,
    ) -> Chat:
        """A supergroup, which numbers its messages by itself (1 stands for the general topic); a basic group
        with `basic`."""
        numbers = self._account_number if basic else itertools.count(2).__next__
        chat = Chat(number, "group" if basic else "supergroup", title, numbers, forum=forum)
        chat.bot_status = "administrator" if admin else "member"
        self.chats[number] = chat
        return chat

    def topic(self, chat: int, name: str) -> int:
        """A topic that a person made; its thread id is returned."""
        return self.open_topic(self.chats[chat], name, by_bot=False)

    def open_topic(self, chat: Chat, name: str, *, by_bot: bool) -> int:
        maker = self.me if by_bot else self.user(ANONYMOUS, "Group", None, is_bot=True)
        created = {"name": name, "icon_color": 7322096}
        data = self.message(chat, {"from": maker, "forum_topic_created": created, "is_topic_message": True})
        thread = int(data["message_id"])
        data["message_thread_id"] = thread
        chat.topics[thread] = Topic(name, by_bot)
        self.keep(chat, data, outgoing=by_bot)
        return thread

    def message(self, chat: Chat, content: Json) -> Json:
        """A new message object, numbered and dated; not yet kept."""
        data = {"message_id": chat.next_number(), "date": int(self.now()), "chat": chat.short}
        return {**data, **content}

    def keep(self, chat: Chat, data: Json, *, outgoing: bool, file_id: str | None = None) -> Message:
        message = Message(data, outgoing, self.clock(), file_id=file_id)
        chat.messages[message.number] = message
        return message

    def store(self, upload: Upload, size: int | None = None) -> File:
        file_id = f"file{self.number()}"
        real = len(upload.content) if size is None else size
        self.files[file_id] = File(file_id, upload.content, upload.name, upload.mime, real)
        return self.files[file_id]

    def find(self, form: Form, name: str = "chat_id") -> Chat:
        """The chat a method names, or the refusal Telegram gives."""
        written = form.get(name, "").strip()
        if not written:
            raise bad("chat_id is empty")
        number = int(written) if written.lstrip("-").isdecimal() else 0
        if number > 0 and not self.strict:
            self.private(number)
        chat = self.chats.get(number)
        if chat is None:
            raise bad("chat not found")
        return chat

    def reachable(self, form: Form) -> Chat:
        """The chat a bot may send to now."""
        chat = self.find(form)
        if chat.migrated_to is not None:
            raise Refused(
                400,
                "Bad Request: group chat was upgraded to a supergroup chat",
                migrate_to_chat_id=chat.migrated_to,
            )
        if chat.bot_status == "kicked":
            why = "blocked by the user" if chat.kind == "private" else f"kicked from the {chat.kind} chat"
            raise Refused(403, f"Forbidden: bot was {why}")
        if chat.bot_status == "left":
            raise Refused(403, f"Forbidden: bot is not a member of the {chat.kind} chat")
        return chat

    def sent(self, chat: int, thread: int | None = None) -> list[Sent]:
        """What the bot wrote and the phone still shows, oldest first; of one topic when `thread` is given."""
        if chat not in self.chats:
            return []
        messages = (message for message in self.chats[chat].messages.values() if message.outgoing)
        return [
            self._shown(message)
            for message in messages
            if "forum_topic_created" not in message.data and thread in (None, message.thread)
        ]

    def _shown(self, message: Message) -> Sent:
        data = message.data
        file = self.files.get(message.file_id or "")
        reply = data.get("reply_to_message", {})
        return Sent(
            message.number,
            str(data.get("text", data.get("caption", ""))),
            data.get("entities") or data.get("caption_entities") or [],
            message.buttons,
            thread=message.thread,
            reply_to=None if "forum_topic_created" in reply else reply.get("message_id"),
            document=None if file is None else file.content,
            file_name=None if file is None else file.name,
            edits=message.edits,
            reactions=message.reactions,
            addresses=message.addresses,
            at=message.at,
        )

    def _account_number(self) -> int:
        return next(self._account_numbers)
