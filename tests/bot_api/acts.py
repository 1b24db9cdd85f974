"""What users do: each act changes the chat as Telegram would and lets an update wait for the bot."""

import random
from collections.abc import Iterable
from typing import Any

from tests.bot_api.media import media
from tests.bot_api.model import ANONYMOUS, BOT, CHANNEL_BOT, Chat, Json, Message
from tests.bot_api.profile import member
from tests.bot_api.text import noticed
from tests.bot_api.world import World


class Acts(World):
    """Each returns its update. A chat is a number: a user's for the private chat, negative for a group."""

    async def user_says(
        self,
        chat: int,
        text: str | None,
        /,
        *,
        by: int | None = None,
        thread: int | None = None,
        reply_to: int | None = None,
        as_channel: int | None = None,
        **fields: Any,
    ) -> Json:
        """Somebody writes; `by` ANONYMOUS writes as the group, `as_channel` as a channel. `fields` of the
        message replace or add to the usual, as `date` for an old one or `forward_origin`."""
        place = self.chats[chat] if chat < 0 else self.private(chat)
        sender = self._sender(place, chat if by is None else by, as_channel)
        content = {**self._content(text), **self._where(place, thread, reply_to)}
        data = self.message(place, {**sender, **content, **fields})
        self.keep(place, data, outgoing=False)
        if self.privacy and place.kind != "private" and not self._meant(place, data):
            return {"message": data}
        return self.happens({"message": data})

    async def user_sends(
        self,
        chat: int,
        kind: str,
        content: bytes = b"content",
        /,
        *,
        name: str = "file.pdf",
        mime: str = "application/pdf",
        size: int | None = None,
        **fields: Any,
    ) -> Json:
        """A file or another thing of `media.KINDS`; `size` states more bytes than the content has."""
        return await self.user_says(chat, None, **media(self, kind, content, name, mime, size), **fields)

    async def user_forwards(
        self, chat: int, text: str, /, *, hidden: str | None = None, **fields: Any
    ) -> Json:
        """A message of somebody else, whose account is `hidden` behind a name or shown."""
        date = int(self.now()) - 60
        shown: Json = {"type": "user", "sender_user": self.user(7999, "Eva", None), "date": date}
        masked: Json = {"type": "hidden_user", "sender_user_name": hidden, "date": date}
        return await self.user_says(chat, text, forward_origin=masked if hidden else shown, **fields)

    async def user_edits(self, chat: int, message_id: int, text: str) -> Json:
        message = self.chats[chat].messages[message_id]
        message.data = {**message.data, **self._content(text), "edit_date": int(self.now())}
        message.edits += 1
        return self.happens({"edited_message": message.data})

    async def user_reacts(self, chat: int, message_id: int, emoji: str, *, by: int | None = None) -> Json:
        reaction = {
            "chat": self.chats[chat].short,
            "message_id": message_id,
            "user": self.user(by or chat),
            "date": int(self.now()),
            "old_reaction": [],
            "new_reaction": [{"type": "emoji", "emoji": emoji}] if emoji else [],
        }
        return self.happens({"message_reaction": reaction})

    async def user_presses(
        self,
        chat: int,
        label: str,
        *,
        by: int | None = None,
        message_id: int | None = None,
        inaccessible: bool = False,
    ) -> Json:
        """Press the newest button with this label, or one message's. Raises AssertionError without it."""
        place = self.chats[chat] if chat < 0 else self.private(chat)
        for message in reversed(place.messages.values()):
            for written, data in message.buttons if message_id in (None, message.number) else ():
                if written == label:
                    return self._press(place, message, data, by or chat, inaccessible=inaccessible)
        raise AssertionError(f"no button {label!r} in chat {chat}")

    async def user_presses_gone(self, chat: int, message: Json, data: str, *, by: int | None = None) -> Json:
        """Press a button that a phone still shows though the bot took it away."""
        place = self.chats[chat] if chat < 0 else self.private(chat)
        return self._press(place, Message(message, True, 0.0), data, by or chat, inaccessible=False)

    async def user_blocks(self, chat: int) -> Json:
        return self._bot_is(self.private(chat), "kicked", chat)

    async def user_unblocks(self, chat: int) -> Json:
        return self._bot_is(self.private(chat), "member", chat)

    async def group_changes_bot(self, chat: int, status: str, *, by: int = 7001) -> Json:
        """Staff make the bot "administrator", "member", "left" or "kicked"."""
        return self._bot_is(self.chats[chat], status, by)

    async def staff_turns_topic(self, chat: int, thread: int, *, closed: bool, by: int) -> Json:
        self.chats[chat].topics[thread].closed = closed
        word: Json = {"forum_topic_closed" if closed else "forum_topic_reopened": {}}
        return await self.user_says(chat, None, by=by, thread=thread, **word)

    def staff_deletes_topic(self, chat: int, thread: int) -> None:
        """Telegram tells the bot nothing; the next message to the topic is refused."""
        self.chats[chat].topics[thread].deleted = True

    async def migrate(self, chat: int, to: int) -> Json:
        """A basic group becomes a supergroup: what is sent to the old number is refused with the new one."""
        old = self.chats[chat]
        new = self.group(to, title=old.title, admin=old.bot_status == "administrator")
        new.members = dict(old.members)
        await self.user_says(chat, None, by=7001, migrate_to_chat_id=to)
        old.migrated_to = to
        return await self.user_says(to, None, by=ANONYMOUS, migrate_from_chat_id=chat)

    async def again(self, update: Json, *, renumbered: bool = False) -> Json:
        """Deliver an update once more, as Telegram may, under its own number or a new one."""
        content = {key: value for key, value in update.items() if key != "update_id"}
        return self.happens(content, None if renumbered else update["update_id"])

    async def shuffled(
        self, updates: Iterable[Json], *, duplicates: float = 0.0, seed: int = 0
    ) -> list[Json]:
        """Deliver updates under new numbers, out of order, a share of them twice."""
        chance = random.Random(seed)
        once = list(updates)
        every = once + [update for update in once if chance.random() < duplicates]
        chance.shuffle(every)
        return [await self.again(update, renumbered=True) for update in every]

    def jump(self, number: int) -> None:
        """The next update gets this number, as after a quiet week."""
        self.updates.next_number = number

    def expire_queries(self) -> None:
        """Every press so far is too old to be answered."""
        self.queries.clear()

    def happens(self, content: Json, number: int | None = None) -> Json:
        """Let any update wait for the bot, numbered as told or next in turn."""
        if "callback_query" in content:
            self.queries[str(content["callback_query"]["id"])] = self.clock()
        return self.updates.add(content, number)

    def _content(self, text: str | None) -> Json:
        if text is None:
            return {}
        entities = noticed(text)
        return {"text": text, **({"entities": entities} if entities else {})}

    def _sender(self, chat: Chat, by: int, channel: int | None) -> Json:
        if channel is not None:
            writing = {"id": channel, "type": "channel", "title": "Channel"}
            user = self.user(CHANNEL_BOT, "Channel", None, is_bot=True, username="Channel_Bot")
            return {"from": user, "sender_chat": writing}
        if by == ANONYMOUS:
            user = self.user(ANONYMOUS, "Group", None, is_bot=True, username="GroupAnonymousBot")
            return {"from": user, "sender_chat": chat.short}
        return {"from": self.user(by)}

    def _where(self, chat: Chat, thread: int | None, reply_to: int | None) -> Json:
        """Telegram adds the message that made the topic to whatever replies to no other."""
        place: Json = {}
        if thread is not None:
            place = {"message_thread_id": thread, "is_topic_message": True}
        replied = chat.messages.get(reply_to or thread or 0)
        if replied is not None:
            place["reply_to_message"] = {k: v for k, v in replied.data.items() if k != "reply_to_message"}
        return place

    def _meant(self, chat: Chat, data: Json) -> bool:
        """What a bot in privacy mode gets: as administrator all, else commands, mentions, replies to it."""
        text, kinds = data.get("text"), {entity["type"] for entity in data.get("entities", [])}
        replied = data.get("reply_to_message", {}).get("from", {}).get("id") == BOT
        named = f"@{self.me['username']}" in (text or "")
        return (
            chat.bot_status == "administrator" or text is None or replied or named or "bot_command" in kinds
        )

    def _press(self, chat: Chat, message: Message, data: str, by: int, *, inaccessible: bool) -> Json:
        shown = dict(message.data)
        if inaccessible:
            shown = {"chat": chat.short, "message_id": message.number, "date": 0}
        query = {
            "id": str(self.number()),
            "from": self.user(by),
            "chat_instance": "1",
            "message": shown,
            "data": data,
        }
        return self.happens({"callback_query": query})

    def _bot_is(self, chat: Chat, status: str, by: int) -> Json:
        before, chat.bot_status = chat.bot_status, status
        changed = {
            "chat": chat.short,
            "from": self.user(by),
            "date": int(self.now()),
            "old_chat_member": member(self.me, before, chat.rights),
            "new_chat_member": member(self.me, status, chat.rights),
        }
        return self.happens({"my_chat_member": changed})
