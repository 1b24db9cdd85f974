"""What was written or pressed in the desk's group, without anything that Telegram adds to it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from aiogram.types import CallbackQuery, Message, Update

_FILES = ("animation", "audio", "document", "photo", "sticker", "video", "video_note", "voice")
_OTHERS = ("contact", "dice", "location", "poll", "story", "venue", "paid_media")


@dataclass(frozen=True, slots=True)
class Heard:
    """`thread_id` is None in the general topic, and unknown where `is_reachable` is not set.

    `answers` is the text of the bot's own message that this one replies to. `mentioned` is a colleague
    without a user name. `file_id` is set for a document or a photo that is passed on, whose caption is
    the `text`, and `file_name` for a document. A press has `query_id` and
    `data`; `message_id` is where the button stands.
    """

    kind: Literal["text", "file", "edit", "press"]
    message_id: int
    thread_id: int | None
    sender_id: int
    sender: Literal["user", "anonymous", "channel"] = "user"
    username: str = ""
    text: str = ""
    answers: str = ""
    mentioned: int | None = None
    file_id: str = ""
    file_name: str = ""
    query_id: str = ""
    data: str = ""
    is_reachable: bool = True

    @property
    def key(self) -> str:
        """The same for the same act, however often Telegram tells of it."""
        return f"press:{self.query_id}" if self.kind == "press" else f"{self.kind}:{self.message_id}"


def heard_of(update: "Update", bot_id: int) -> Heard | None:
    """Return what an update of the desk's group says; None for what needs nobody to act."""
    if update.callback_query is not None:
        return _press(update.callback_query)
    if update.edited_message is not None:
        return _message(update.edited_message, bot_id, edited=True)
    return _message(update.message, bot_id) if update.message is not None else None


def _message(message: "Message", bot_id: int, *, edited: bool = False) -> Heard | None:
    if message.is_automatic_forward or message.from_user is None:
        return None
    hidden = message.sender_chat
    if message.from_user.is_bot and hidden is None:
        return None
    is_file = any(getattr(message, kind, None) is not None for kind in (*_FILES, *_OTHERS))
    if message.text is None and not is_file:
        return None
    replied = message.reply_to_message
    own = replied is not None and replied.from_user is not None and replied.from_user.id == bot_id
    # a GIF comes as both; an edit sends nothing anew
    document = message.document if message.animation is None and not edited else None
    sizes = (message.photo or ()) if not edited else ()
    largest = max(sizes, key=lambda size: size.width * size.height, default=None)
    mentions = [entity.user.id for entity in message.entities or () if entity.user is not None]
    return Heard(
        kind="edit" if edited else "file" if is_file else "text",
        message_id=message.message_id,
        thread_id=message.message_thread_id if message.is_topic_message else None,
        sender_id=message.from_user.id,
        sender="user" if hidden is None else "anonymous" if hidden.id == message.chat.id else "channel",
        username=(message.from_user.username or "").lower(),
        text=(message.text or message.caption or "").replace("\x00", ""),
        answers=(replied.text or "") if own and replied is not None else "",
        mentioned=mentions[0] if mentions else None,
        file_id=document.file_id if document else largest.file_id if largest else "",
        file_name=(document.file_name or "file").replace("\x00", "") if document else "",
    )


def _press(query: "CallbackQuery") -> Heard | None:
    from aiogram.types import Message

    if query.message is None:
        return None
    shown = query.message if isinstance(query.message, Message) else None
    return Heard(
        kind="press",
        message_id=query.message.message_id,
        thread_id=shown.message_thread_id if shown and shown.is_topic_message else None,
        sender_id=query.from_user.id,
        username=(query.from_user.username or "").lower(),
        query_id=query.id,
        data=query.data or "",
        is_reachable=shown is not None,
    )
