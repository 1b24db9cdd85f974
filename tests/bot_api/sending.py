"""The methods that put a message into a chat."""

from tests.bot_api.model import Call, Chat, File, Json, Message, Refused, bad
from tests.bot_api.registry import method
from tests.bot_api.text import CAPTION_LIMIT, LIMIT, markup_of, parsed_json, text_of
from tests.bot_api.world import World

PHOTO_LIMIT = 10_000_000


@method("sendMessage")
def send_message(world: World, call: Call) -> object:
    chat = world.reachable(call.form)
    text, entities = text_of(call)
    content: Json = {"text": text, **({"entities": entities} if entities else {})}
    return post(world, chat, call, content).data


@method("sendDocument")
def send_document(world: World, call: Call) -> object:
    chat = world.reachable(call.form)
    file = _file(world, call, "document", world.upload_limit)
    described = {**described_file(file), "file_name": file.name, "mime_type": file.mime}
    return post(world, chat, call, {"document": described, **_caption(call)}, file).data


@method("sendPhoto")
def send_photo(world: World, call: Call) -> object:
    chat = world.reachable(call.form)
    file = _file(world, call, "photo", PHOTO_LIMIT)
    photo = [{**described_file(file), "width": 640, "height": 480}]
    return post(world, chat, call, {"photo": photo, **_caption(call)}, file).data


@method("copyMessage")
def copy_message(world: World, call: Call) -> object:
    chat = world.reachable(call.form)
    source = world.find(call.form, "from_chat_id").messages.get(call.integer("message_id") or 0)
    if source is None:
        raise bad("message to copy not found")
    kept = (
        "text",
        "entities",
        "caption",
        "caption_entities",
        "document",
        "photo",
        "voice",
        "video",
        "sticker",
    )
    content = {key: source.data[key] for key in kept if key in source.data}
    if not content:
        raise bad("message can't be copied")
    if "caption" in call.form:
        content = {**content, **_caption(call)}
    copied = post(world, chat, call, content, world.files.get(source.file_id or ""))
    return {"message_id": copied.number}


@method("sendChatAction")
def send_chat_action(world: World, call: Call) -> object:
    chat = world.reachable(call.form)
    thread = _thread(chat, call, closed_too=True)
    chat.actions.append((call.form.get("action", ""), thread))
    return True


@method("sendMessageDraft")
def send_message_draft(world: World, call: Call) -> object:
    """An empty text shows "Thinking"; the draft itself is no message."""
    chat = world.reachable(call.form)
    draft = call.integer("draft_id")
    if chat.kind != "private":
        raise bad("method is available only for private chats")
    if not draft:
        raise bad("draft_id must be non-zero")
    text = text_of(call, limit=LIMIT)[0] if call.form.get("text") else ""
    chat.drafts.append((draft, text))
    return True


def post(world: World, chat: Chat, call: Call, content: Json, file: File | None = None) -> Message:
    """Put the bot's message into a chat, when everything about it is in order."""
    markup = markup_of(call)
    around = {"from": world.me, **_place(chat, call)}
    if world.limits is not None:
        world.limits.take(chat.number)
    if "inline_keyboard" in markup:  # the others are for the sender's phone, and in no message
        content = {**content, "reply_markup": markup}
    data = world.message(chat, {**around, **content})
    return world.keep(chat, data, outgoing=True, file_id=None if file is None else file.file_id)


def described_file(file: File) -> Json:
    return {"file_id": file.file_id, "file_unique_id": f"u{file.file_id}", "file_size": file.size}


def _place(chat: Chat, call: Call) -> Json:
    """The topic and the message replied to; a reply stays in its topic even when none is named."""
    thread = _thread(chat, call)
    reply = parsed_json(call, "reply_parameters", {})
    number = reply.get("message_id") or call.integer("reply_to_message_id")
    replied = chat.messages.get(int(number)) if number else None
    if number and replied is None and not reply.get("allow_sending_without_reply"):
        raise bad("message to be replied not found")
    if replied is not None and thread is None and chat.forum:
        thread = replied.thread
    place: Json = {}
    if thread is not None:
        place = {"message_thread_id": thread, "is_topic_message": True}
        replied = replied or chat.messages.get(thread)
    if replied is not None:
        place["reply_to_message"] = {k: v for k, v in replied.data.items() if k != "reply_to_message"}
    return place


def _thread(chat: Chat, call: Call, *, closed_too: bool = False) -> int | None:
    thread = call.integer("message_thread_id")
    if thread is None:
        return None
    topic = chat.topics.get(thread)
    if topic is None or topic.deleted:
        raise bad("message thread not found")
    if topic.closed and not closed_too and not (topic.by_bot or chat.may("can_manage_topics")):
        raise bad("TOPIC_CLOSED")
    return thread


def _caption(call: Call) -> Json:
    text, entities = text_of(call, "caption", CAPTION_LIMIT)
    return {**({"caption": text} if text else {}), **({"caption_entities": entities} if entities else {})}


def _file(world: World, call: Call, name: str, limit: int) -> File:
    """The file of a call: uploaded under its own name, under `attach://`, or sent before."""
    written = call.form.get(name, "")
    upload = call.files.get(written.removeprefix("attach://") if written.startswith("attach://") else name)
    if upload is None:
        if written in world.files:
            return world.files[written]
        raise bad(f"there is no {name} in the request" if not written else "wrong file identifier specified")
    if not upload.content:
        raise bad("file must be non-empty")
    if len(upload.content) > limit:
        raise Refused(413, "Request Entity Too Large")
    return world.store(upload)
