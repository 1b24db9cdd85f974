"""The methods that change, remove, pin or mark a message, and the answers to presses."""

from tests.bot_api.model import Answer, Call, Chat, Json, Message, bad
from tests.bot_api.registry import method
from tests.bot_api.text import markup_of, parsed_json, text_of
from tests.bot_api.world import World

TWO_DAYS = 48 * 3600
UNMODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the same"
    " as a current content and reply markup of the message"
)
TOO_OLD = "query is too old and response timeout expired or query ID is invalid"


@method("editMessageText")
def edit_message_text(world: World, call: Call) -> object:
    """Buttons that the call does not repeat are gone, as in Telegram."""
    chat, message = _own(world, call)
    text, entities = text_of(call)
    if "text" not in message.data:
        raise bad("there is no text in the message to edit")
    content: Json = {"text": text, **({"entities": entities} if entities else {})}
    return _change(world, chat, message, content, markup_of(call), ("text", "entities"))


@method("editMessageReplyMarkup")
def edit_message_reply_markup(world: World, call: Call) -> object:
    chat, message = _own(world, call)
    return _change(world, chat, message, {}, markup_of(call), ())


@method("deleteMessage")
def delete_message(world: World, call: Call) -> object:
    chat = world.find(call.form)
    message = chat.messages.get(call.integer("message_id") or 0)
    if message is None:
        raise bad("message to delete not found")
    ours = message.outgoing or chat.kind == "private" or chat.may("can_delete_messages")
    if not ours or "forum_topic_created" in message.data:
        raise bad("message can't be deleted")
    old = world.now() - int(message.data["date"]) > TWO_DAYS
    if old and (chat.kind == "private" or not chat.may("can_delete_messages")):
        raise bad("message can't be deleted for everyone")
    del chat.messages[message.number]
    return True


@method("pinChatMessage")
def pin_chat_message(world: World, call: Call) -> object:
    chat = world.reachable(call.form)
    number = call.integer("message_id") or 0
    if number not in chat.messages:
        raise bad("message to pin not found")
    if chat.kind != "private" and not chat.may("can_pin_messages"):
        raise bad("not enough rights to manage pinned messages in the chat")
    chat.pinned.append(number)
    return True


@method("setMessageReaction")
def set_message_reaction(world: World, call: Call) -> object:
    chat = world.reachable(call.form)
    message = chat.messages.get(call.integer("message_id") or 0)
    if message is None:
        raise bad("message to react not found")
    reactions = parsed_json(call, "reaction", [])
    if len(reactions) > 1:
        raise bad("REACTIONS_TOO_MANY")
    message.reactions = tuple(str(reaction.get("emoji", "")) for reaction in reactions)
    return True


@method("answerCallbackQuery")
def answer_callback_query(world: World, call: Call) -> object:
    query = call.form.get("callback_query_id", "")
    asked = world.queries.get(query)
    if asked is None or world.clock() - asked > world.query_seconds:
        raise bad(TOO_OLD)
    text = call.form.get("text", "")
    if len(text) > 200:
        raise bad("MESSAGE_TOO_LONG")
    world.answered_queries.append(query)
    world.answers.append(Answer(query, text, call.flag("show_alert")))
    return True


def _own(world: World, call: Call) -> tuple[Chat, Message]:
    chat = world.reachable(call.form)
    message = chat.messages.get(call.integer("message_id") or 0)
    if message is None:
        raise bad("message to edit not found")
    if not message.outgoing or "forum_topic_created" in message.data:
        raise bad("message can't be edited")
    return chat, message


def _change(
    world: World, chat: Chat, message: Message, content: Json, markup: Json, kept: tuple[str, ...]
) -> Json:
    """Replace the fields named in `kept` and the buttons."""
    wanted = {**content, **({"reply_markup": markup} if markup else {})}
    present = {key: message.data[key] for key in (*kept, "reply_markup") if key in message.data}
    if wanted == present:
        raise bad(UNMODIFIED)
    if world.limits is not None:
        world.limits.take(chat.number)
    for key in present:
        del message.data[key]
    message.data.update(wanted, edit_date=int(world.now()))
    message.edits += 1
    return message.data
