"""What an update says: who wrote, whether it is meant for the bot, and what came with it. Pure."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final
from zlib import crc32

from bot.attachments import MEGABYTE, Wanted
from bot.channels.hygiene import clean
from bot.model import Circumstances, Incoming, MessageKind, Sender

if TYPE_CHECKING:
    from aiogram.types import CallbackQuery, ChatMemberUpdated, Message, MessageEntity, User

CHANNEL: Final = "telegram"
_GROUPS = ("group", "supergroup")
_PRESENT = ("member", "administrator")
# In this order: a moving picture comes as a document too, and a venue as a location.
_KINDS: tuple[tuple[str, MessageKind], ...] = (
    *((name, "sticker") for name in ("sticker", "animation", "dice", "game")),
    *((name, "voice") for name in ("voice", "audio", "video_note")),
    *((name, "video") for name in ("video", "story", "paid_media")),
    *((name, "contact") for name in ("contact", "venue", "location")),
    *((name, "file") for name in ("document", "photo")),
    *((name, "poll") for name in ("poll", "checklist")),
)


@dataclass(frozen=True, slots=True)
class Me:
    """The bot itself. `name` is its user name, without @."""

    id: int
    name: str

    @property
    def url(self) -> str:
        return f"https://t.me/{self.name}"


def place_of(chat_id: int, user_id: int) -> str:
    """The conversation: a private chat's number; in a group each asker has one of their own."""
    return str(chat_id) if chat_id > 0 else f"{chat_id}:{user_id}"


def chat_of(place: str) -> int:
    """The chat that a conversation is sent to."""
    return int(place.partition(":")[0])


def is_group(chat_type: str) -> bool:
    return chat_type in _GROUPS


def file_of(message: "Message") -> Wanted | None:
    """The document, or the largest size of the photo, that a message carries."""
    if _kind_of(message) != "file":
        return None
    if message.document is not None:
        document = message.document
        return Wanted(document.file_unique_id, document.file_id, document.file_name or "")
    if not message.photo:
        return None
    best = max(message.photo, key=lambda size: size.width * size.height)
    return Wanted(best.file_unique_id, best.file_id)


def message_of(message: "Message", me: Me | None, *, most_mb: int) -> Incoming | None:
    """A customer's message; None for what is none, or is not meant for the bot. `me` is needed in groups."""
    user = message.from_user
    if user is None or user.is_bot or message.sender_chat is not None:
        return None
    kind = _kind_of(message)
    if is_group(message.chat.type):
        return _in_group(message, user, me) if me is not None and kind in ("text", "file") else None
    text = message.text or message.caption
    if message.chat.type != "private" or (text is None and kind == "text"):
        return None
    chat_id = str(message.chat.id)
    # An album comes as several messages; without a caption it is one message that is not text.
    album = message.media_group_id if text is None else None
    size = message.document.file_size if message.document is not None else None
    if kind == "file" and (size or 0) > most_mb * MEGABYTE:
        kind = "file-too-big"
    return Incoming(
        channel=CHANNEL,
        chat_id=chat_id,
        external_id=f"{chat_id}:album:{album}" if album else f"{chat_id}:{message.message_id}",
        sender=sender_of(user),
        text=clean(text or ""),
        circumstances=Circumstances(kind=kind, forwarded=message.forward_origin is not None),
    )


def edit_of(message: "Message", *, most_mb: int) -> Incoming | None:
    """A new version of a private message; in a group nobody waits for one."""
    incoming = message_of(message, None, most_mb=most_mb)
    if incoming is None or not incoming.text or message.edit_date is None:
        return None
    edit = replace(incoming.circumstances, kind="text", edit_of=incoming.external_id)
    # two within a second have the same date
    version = f"{incoming.external_id}:edit:{message.edit_date}:{crc32(incoming.text.encode()):08x}"
    return replace(incoming, external_id=version, circumstances=edit)


def joined_of(changed: "ChatMemberUpdated", me: Me | None) -> Incoming | None:
    """The bot was added to a group: one line to it, in the language of who did that."""
    was, now = changed.old_chat_member.status, changed.new_chat_member.status
    if (
        me is None
        or not is_group(changed.chat.type)
        or now not in _PRESENT
        or was in (*_PRESENT, "restricted")
    ):
        return None
    place = place_of(changed.chat.id, changed.from_user.id)
    return Incoming(
        channel=CHANNEL,
        chat_id=place,
        external_id=f"{place}:joined:{int(changed.date.timestamp())}",
        sender=sender_of(changed.from_user),
        text="",
        circumstances=Circumstances(kind="joined", private_url=me.url),
    )


def press_of(query: "CallbackQuery", me: Me | None) -> Incoming | None:
    """A button was pressed; its message may be too old for Telegram to show."""
    message = query.message
    if message is None or not query.data or query.from_user.is_bot:
        return None
    private = message.chat.type == "private"
    if not private and (me is None or not is_group(message.chat.type)):
        return None
    about = Circumstances()
    if not private and me is not None:
        thread = getattr(message, "message_thread_id", None) if getattr(message, "date", 0) else None
        about = Circumstances(private_url=me.url, to=where_of(message.message_id, thread))
    return Incoming(
        channel=CHANNEL,
        chat_id=place_of(message.chat.id, query.from_user.id),
        external_id=f"callback:{query.id}",
        sender=sender_of(query.from_user),
        press=clean(query.data),
        circumstances=about,
    )


def where_of(message_id: int, thread: int | None) -> str:
    """A message and its topic, as `Circumstances.to` carries them."""
    return f"{message_id}/{thread}" if thread else str(message_id)


def sender_of(user: "User") -> Sender:
    language = (user.language_code or "").split("-")[0].lower()
    return Sender(external_id=str(user.id), name=clean(user.full_name), language_code=language or None)


def _kind_of(message: "Message") -> MessageKind:
    carried = (kind for name, kind in _KINDS if getattr(message, name, None) is not None)
    return next(carried, "text")


def _in_group(message: "Message", user: "User", me: Me) -> Incoming | None:
    text = _addressed(message, me)
    if text is None:
        return None
    place = place_of(message.chat.id, user.id)
    thread = message.message_thread_id if message.is_topic_message else None
    return Incoming(
        channel=CHANNEL,
        chat_id=place,
        external_id=f"{message.chat.id}:{message.message_id}",
        sender=sender_of(user),
        text=clean(text),
        circumstances=Circumstances(
            forwarded=message.forward_origin is not None,
            private_url=me.url,
            to=where_of(message.message_id, thread),
        ),
    )


def _addressed(message: "Message", me: Me) -> str | None:
    """The text without the bot's name, where it is meant for the bot; else None."""
    text = message.text or message.caption or ""
    for entity in message.entities or message.caption_entities or ():
        said = entity.extract_from(text)
        if entity.type == "mention" and said.lower() == f"@{me.name}".lower():
            return _without(text, entity, said)
        if entity.type == "text_mention" and entity.user is not None and entity.user.id == me.id:
            return _without(text, entity, said)
        if entity.type == "bot_command" and entity.offset == 0:
            named = said.partition("@")[2].lower()
            return text if named == me.name.lower() else None
    replied = message.reply_to_message
    # In a topic every message replies to the one that made the topic, whoever made it.
    if replied is None or replied.forum_topic_created is not None or replied.from_user is None:
        return None
    return text if replied.from_user.id == me.id else None


def _without(text: str, entity: "MessageEntity", said: str) -> str:
    raw = text.encode("utf-16-le")
    before, after = raw[: entity.offset * 2], raw[(entity.offset + entity.length) * 2 :]
    joined = before.decode("utf-16-le") + " " + after.decode("utf-16-le")
    return " ".join(joined.split(" ")).strip(" ,:;–-\n")
