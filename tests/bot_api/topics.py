"""The methods for the topics of a forum."""

from tests.bot_api.model import Call, Chat, Json, Topic, bad
from tests.bot_api.registry import method
from tests.bot_api.world import World

NAME_LIMIT = 128


@method("createForumTopic")
def create_forum_topic(world: World, call: Call) -> object:
    chat = _forum(world, call)
    if not chat.may("can_manage_topics"):
        raise bad("not enough rights to create a topic")
    name = _name(call)
    if not name:
        raise bad("title must be non-empty")
    thread = world.open_topic(chat, name, by_bot=True)
    return {"message_thread_id": thread, "name": name, "icon_color": 7322096}


@method("editForumTopic")
def edit_forum_topic(world: World, call: Call) -> object:
    chat, topic = _topic(world, call, "edit")
    name = _name(call)
    if name in ("", topic.name):
        raise bad("TOPIC_NOT_MODIFIED")
    topic.name = name
    _note(world, chat, call, {"forum_topic_edited": {"name": name}})
    return True


@method("closeForumTopic")
def close_forum_topic(world: World, call: Call) -> object:
    return _turn(world, call, closed=True)


@method("reopenForumTopic")
def reopen_forum_topic(world: World, call: Call) -> object:
    return _turn(world, call, closed=False)


@method("deleteForumTopic")
def delete_forum_topic(world: World, call: Call) -> object:
    chat, topic = _topic(world, call, "delete")
    topic.deleted = True
    thread = call.integer("message_thread_id")
    chat.messages = {n: message for n, message in chat.messages.items() if message.thread != thread}
    return True


def _turn(world: World, call: Call, *, closed: bool) -> bool:
    chat, topic = _topic(world, call, "close or open")
    if topic.closed is closed:
        raise bad("TOPIC_NOT_MODIFIED")
    topic.closed = closed
    _note(world, chat, call, {"forum_topic_closed" if closed else "forum_topic_reopened": {}})
    return True


def _forum(world: World, call: Call) -> Chat:
    chat = world.reachable(call.form)
    if not chat.forum:
        raise bad("the chat is not a forum")
    return chat


def _topic(world: World, call: Call, act: str) -> tuple[Chat, Topic]:
    """A bot without the right may still change the topics it made."""
    chat = _forum(world, call)
    thread = call.integer("message_thread_id")
    if not thread or thread < 0:
        raise bad("invalid message thread identifier specified")
    topic = chat.topics.get(thread)
    if topic is None or topic.deleted:
        raise bad("TOPIC_ID_INVALID")
    if not (chat.may("can_manage_topics") or (topic.by_bot and act != "delete")):
        raise bad(f"not enough rights to {act} the topic")
    return chat, topic


def _name(call: Call) -> str:
    """Telegram cuts a name that is too long."""
    return call.form.get("name", "").strip()[:NAME_LIMIT]


def _note(world: World, chat: Chat, call: Call, content: Json) -> None:
    thread = call.integer("message_thread_id")
    around = {"from": world.me, "message_thread_id": thread, "is_topic_message": True}
    world.keep(chat, world.message(chat, {**around, **content}), outgoing=False)
