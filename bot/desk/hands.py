"""What an agent's message or press does. Only mapped staff do anything."""

import re
from typing import Literal

from sqlmodel import select

from bot.database import Database
from bot.desk.agents import Agents
from bot.desk.commands import Commands, Order
from bot.desk.deciding import asked_about
from bot.desk.dossier import Dossiers
from bot.desk.heard import Heard
from bot.desk.ports import DeskParts
from bot.desk.posts import Posts
from bot.desk.room import Room
from bot.desk.tables import DeskButtonRow, DeskTopicRow
from bot.desk.words import ASK_REASON, EDITED, FAILED, FILE, HELD, NO_FILE, OLD_BUTTON, TAKE_FIRST, WITH_BOT
from bot.errors import UsageError
from bot.model import FileRef

_COMMAND = re.compile(r"/(\w+)(?:@(\w+))?(?:\s+(.*))?$", re.DOTALL)
ONCE = "desk:"


class Hands:
    """Acts on one thing at a time. Acting twice on the same is acting once."""

    def __init__(
        self, parts: DeskParts, agents: Agents, posts: Posts, room: Room, dossiers: Dossiers
    ) -> None:
        self._database: Database = parts.database
        self._handoff = parts.handoff
        self._agents = agents
        self._posts = posts
        self._room = room
        self._dossiers = dossiers
        self._commands = Commands(parts, agents, dossiers, room.chat_id)

    async def act(self, heard: Heard, *, again: bool = False) -> None:
        """`again`: a process that died meanwhile may have done it, so that an error says nothing."""
        staff = self._agents.of(heard)
        if staff is None:
            await self._refuse(heard)
            return
        await self._agents.remember(heard)
        try:
            if heard.kind == "press":
                await self._press(heard, staff)
            else:
                await self._message(heard, staff)
        except UsageError as error:
            if not again:
                await self._tell(heard, _sentence(error))

    async def failed(self, heard: Heard) -> None:
        """Say that it came to nothing, however often it was tried."""
        await self._tell(heard, FAILED)

    async def _message(self, heard: Heard, staff: str) -> None:
        conversation_id = await self._conversation(heard.thread_id)
        command = _COMMAND.match(heard.text.strip())
        if heard.kind == "text" and (reference := asked_about(heard.answers)) and not command:
            await self._tell(heard, await self._commands.deciding.refuse(reference, staff, heard.text))
        elif heard.kind == "text" and command:
            await self._order(heard, staff, conversation_id, command)
        elif heard.file_id and (command or asked_about(heard.answers)):
            await self._tell(heard, NO_FILE)
        elif conversation_id is not None and (heard.kind == "text" or heard.file_id):
            await self._write(heard, staff, conversation_id)
        elif conversation_id is not None and not command:
            await self._tell(heard, EDITED if heard.kind == "edit" else FILE)

    async def _order(
        self, heard: Heard, staff: str, conversation_id: str | None, command: "re.Match[str]"
    ) -> None:
        name, to, rest = command.groups()
        if to and to.lower() != (await self._room.bot_name()).lower():
            return  # another bot's
        order = Order(heard, staff, conversation_id, name.lower(), rest or "", self._once(heard))
        if said := await self._commands.run(order):
            await self._tell(heard, said)

    async def _write(self, heard: Heard, staff: str, conversation_id: str) -> None:
        """To the customer, if the agent holds the conversation; if not, why it was not sent."""
        once = self._once(heard)
        holder = await self._dossiers.held_by(conversation_id)
        if await self._dossiers.is_written(conversation_id, once):
            return
        if holder is None:
            waits = await self._dossiers.waits(conversation_id)
            buttons = [("take", "Take", conversation_id)]
            await self._tell(heard, TAKE_FIRST if waits else WITH_BOT, buttons)
        elif holder != staff:
            await self._tell(heard, HELD.format(holder=holder))
        else:
            await self._handoff.reply(conversation_id, staff, heard.text, once=once, file=_file(heard))

    async def _press(self, heard: Heard, staff: str) -> None:
        button = await self._posts.button(heard.data)
        if button is None or not self._belongs(button, heard):
            await self._room.answer(heard.query_id, OLD_BUTTON, alert=True)
            return
        try:
            said = await self._do(heard, staff, button)
        except UsageError as error:
            await self._room.answer(heard.query_id, _sentence(error), alert=True)
            return
        await self._room.answer(heard.query_id, said)

    async def _do(self, heard: Heard, staff: str, button: DeskButtonRow) -> str:
        order = Order(heard, staff, button.subject, button.kind, "", self._once(heard))
        if button.kind == "take":
            return await self._commands.take(order)
        if button.kind == "back":
            await self._commands.back(order)
            return "The assistant answers again."
        if button.kind == "close":
            await self._commands.close(order)
            return "Closed."
        if button.kind == "approve":
            said = await self._commands.deciding.approve(button.subject, staff)
            await self._posts.add(f"said:{heard.key}", said, thread=button.thread_id)
            return said
        text = ASK_REASON.format(
            reference=button.subject, name=f"@{heard.username}" if heard.username else staff
        )
        await self._posts.add(f"asked:{heard.key}", text, thread=button.thread_id, asks=True)
        return "Write the reason as a reply to the question."

    async def _refuse(self, heard: Heard) -> None:
        """Once for each that a stranger does, except that text is refused once a topic."""
        said = self._agents.refusal(heard)
        if heard.kind == "press":
            await self._room.answer(heard.query_id, said, alert=True)
        elif heard.kind == "edit":
            return
        elif heard.text.startswith("/") or asked_about(heard.answers):
            await self._tell(heard, said)
        elif await self._conversation(heard.thread_id) is not None:
            key = f"stranger:{heard.thread_id}:{heard.sender_id}"
            await self._posts.add(key, said, thread=heard.thread_id, reply_to=heard.message_id)

    async def _tell(
        self, heard: Heard, text: str, buttons: "list[tuple[str, str, str]] | None" = None
    ) -> None:
        if heard.kind == "press":
            await self._room.answer(heard.query_id, text, alert=True)
            return
        await self._posts.add(
            f"said:{heard.key}",
            text,
            thread=heard.thread_id,
            buttons=buttons or (),
            reply_to=heard.message_id,
        )

    async def _conversation(self, thread: int | None) -> str | None:
        """The conversation that a topic shows."""
        row = DeskTopicRow
        query = select(row.conversation_id).where(
            row.chat_id == self._room.chat_id, row.thread_id == (thread or 0)
        )
        async with self._database.read() as session:
            return (await session.exec(query)).first()

    def _belongs(self, button: DeskButtonRow, heard: Heard) -> bool:
        return button.chat_id == self._room.chat_id and (
            not heard.is_reachable or button.thread_id == heard.thread_id
        )

    def _once(self, heard: Heard) -> str:
        return f"{ONCE}{self._room.chat_id}:{heard.key}"


def _file(heard: Heard) -> FileRef | None:
    if not heard.file_id:
        return None
    sent_as: Literal["document", "photo"] = "document" if heard.file_name else "photo"
    return FileRef(heard.file_name or "photo", telegram_id=heard.file_id, sent_as=sent_as)


def _sentence(error: UsageError) -> str:
    text = str(error)
    return text + ("" if text.endswith((".", ")", "?")) else ".")
