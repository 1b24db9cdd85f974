"""The methods about the bot itself, its commands, and the chats and their members."""

import json
import re

from tests.bot_api.model import RIGHTS, Call, Chat, Json, bad
from tests.bot_api.registry import method
from tests.bot_api.text import parsed_json
from tests.bot_api.world import World

ADMIN_FLAGS = (
    "can_be_edited",
    "is_anonymous",
    "can_manage_chat",
    "can_delete_messages",
    "can_manage_video_chats",
    "can_restrict_members",
    "can_promote_members",
    "can_change_info",
    "can_invite_users",
    "can_post_stories",
    "can_edit_stories",
    "can_delete_stories",
    "can_pin_messages",
    "can_manage_topics",
    "can_send_welcome_messages",
)


@method("getMe")
def get_me(world: World, _call: Call) -> object:
    return world.me


@method("setMyCommands")
def set_my_commands(world: World, call: Call) -> object:
    commands = parsed_json(call, "commands", [])
    if len(commands) > 100:
        raise bad("too many commands specified")
    for command in commands:
        if not re.fullmatch(r"[a-z0-9_]{1,32}", str(command.get("command", "")).lstrip("/")):
            raise bad("BOT_COMMAND_INVALID")
        if not 1 <= len(str(command.get("description", ""))) <= 256:
            raise bad("BOT_COMMAND_DESCRIPTION_INVALID")
    world.commands[_scope(call)] = commands
    return True


@method("getMyCommands")
def get_my_commands(world: World, call: Call) -> object:
    return world.commands.get(_scope(call), [])


@method("deleteMyCommands")
def delete_my_commands(world: World, call: Call) -> object:
    world.commands.pop(_scope(call), None)
    return True


@method("setMyDescription")
def set_my_description(world: World, call: Call) -> object:
    return _describe(world, call, "description", 512)


@method("setMyShortDescription")
def set_my_short_description(world: World, call: Call) -> object:
    return _describe(world, call, "short_description", 120)


@method("getMyDescription")
def get_my_description(world: World, call: Call) -> object:
    return {"description": world.profile.get(("description", call.form.get("language_code", "")), "")}


@method("getMyShortDescription")
def get_my_short_description(world: World, call: Call) -> object:
    key = ("short_description", call.form.get("language_code", ""))
    return {"short_description": world.profile.get(key, "")}


@method("getChat")
def get_chat(world: World, call: Call) -> object:
    chat = world.find(call.form)
    taken = dict.fromkeys(("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription"), True)
    about = {"accent_color_id": 0, "max_reaction_count": 11}
    gifts = {**taken, "gifts_from_channels": True}
    return {**chat.short, **about, "accepted_gift_types": gifts}


@method("getChatMember")
def get_chat_member(world: World, call: Call) -> object:
    chat = world.find(call.form)
    number = call.integer("user_id")
    if number == world.me["id"]:
        return member(world.me, chat.bot_status, chat.rights)
    if number is None or number not in world.users:
        raise bad("PARTICIPANT_ID_INVALID")
    return member(world.users[number], _status(chat, number))


@method("getChatAdministrators")
def get_chat_administrators(world: World, call: Call) -> object:
    chat = world.find(call.form)
    if chat.kind == "private":
        raise bad("there are no administrators in the private chat")
    leading = {n: status for n, status in chat.members.items() if status in ("creator", "administrator")}
    return [member(world.user(number), status) for number, status in leading.items()]


@method("leaveChat")
def leave_chat(world: World, call: Call) -> object:
    chat = world.reachable(call.form)
    if chat.kind == "private":
        raise bad("chat member status can't be changed in private chats")
    chat.bot_status = "left"
    return True


def member(user: Json, status: str, rights: frozenset[str] = RIGHTS) -> Json:
    """Telegram's ChatMember object for a status."""
    found: Json = {"user": user, "status": status}
    if status == "administrator":
        found |= {flag: flag in rights or flag == "can_manage_chat" for flag in ADMIN_FLAGS}
    elif status == "creator":
        found["is_anonymous"] = False
    elif status == "kicked":
        found["until_date"] = 0
    return found


def _status(chat: Chat, number: int) -> str:
    if chat.kind == "private":
        return "member"
    return chat.members.get(number, "left")


def _scope(call: Call) -> tuple[str, str]:
    """Scope and language as one key; the scope without its spaces so that equal ones are equal."""
    scope = parsed_json(call, "scope", {}) or {"type": "default"}
    return json.dumps(scope, sort_keys=True), call.form.get("language_code", "")


def _describe(world: World, call: Call, name: str, limit: int) -> bool:
    text = call.form.get(name, "")
    if len(text) > limit:
        raise bad(f"{name} is too long")
    world.profile[name, call.form.get("language_code", "")] = text
    return True
