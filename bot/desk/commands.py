"""The commands of the desk. Each answers with a sentence for the topic, or with nothing to say."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bot.desk.agents import Agents
from bot.desk.deciding import Deciding, reference_first
from bot.desk.dossier import Dossiers
from bot.desk.heard import Heard
from bot.desk.ports import DeskParts
from bot.desk.words import HELP, IN_TOPIC, LEVELS, NOTED, UNKNOWN, reason_word
from bot.errors import UsageError


@dataclass(frozen=True, slots=True)
class Order:
    """A command as it was given: `rest` is what follows its name."""

    heard: Heard
    staff: str
    conversation_id: str | None
    name: str
    rest: str
    once: str

    @property
    def here(self) -> str:
        """The conversation of the topic. Raises UsageError outside of one."""
        if self.conversation_id is None:
            raise UsageError(IN_TOPIC.format(command=f"/{self.name}"))
        return self.conversation_id


class Commands:
    """Raises UsageError, with a sentence for the agent."""

    def __init__(self, parts: DeskParts, agents: Agents, dossiers: Dossiers, chat_id: int) -> None:
        self._parts = parts
        self._handoff = parts.handoff
        self._agents = agents
        self._dossiers = dossiers
        self._chat_id = chat_id
        self.deciding = Deciding(parts.actions)
        self._known: dict[str, Callable[[Order], Awaitable[str]]] = {
            "take": self.take,
            "give": self._give,
            "back": self.back,
            "close": self.close,
            "note": self._note,
            "canned": self._canned,
            "who": self._who,
            "approve": self._approve,
            "refuse": self._refuse,
            "help": self._help,
            "start": self._help,
            "id": self._id,
        }

    async def run(self, order: Order) -> str:
        known = self._known.get(order.name)
        if known is None:
            raise UsageError(UNKNOWN.format(command=f"/{order.name}"))
        return await known(order)

    async def take(self, order: Order) -> str:
        """Whoever takes a conversation opens the data on its card, which the log notes."""
        held = await self._dossiers.held_by(order.here) == order.staff
        case = await self._handoff.take(order.here, order.staff)
        if not held:
            await self._parts.actions.opened(order.staff, [case.email])
        return f"{order.staff} holds this conversation now. What you write here goes to the customer."

    async def back(self, order: Order) -> str:
        await self._handoff.back(order.here, order.staff)
        return ""

    async def close(self, order: Order) -> str:
        await self._handoff.close(order.here, order.staff)
        return ""

    async def _give(self, order: Order) -> str:
        colleague = await self._agents.named(order.rest, order.heard.mentioned)
        if colleague is None:
            raise UsageError(
                f"nobody known here is called {order.rest.strip() or 'nothing'!r}. Give the name that "
                "STAFF has, or the @name of a colleague who has written in this group before."
            )
        await self._handoff.give(order.here, order.staff, colleague)
        return f"{colleague} holds this conversation now."

    async def _note(self, order: Order) -> str:
        await self._handoff.note(order.here, order.staff, order.rest, once=f"note-{order.once}")
        return NOTED

    async def _canned(self, order: Order) -> str:
        if not order.rest.strip():
            names = ", ".join(self._handoff.canned_names())
            return f"Prepared replies: {names}" if names else "There are none: CANNED_FILE is not set."
        text = self._handoff.canned(order.rest, await self._dossiers.language(order.here))
        await self._handoff.reply(order.here, order.staff, text, once=f"canned-{order.once}")
        return ""

    async def _who(self, order: Order) -> str:
        seen = await self._dossiers.read(order.here)
        since = f", since {seen.queued_at:%Y-%m-%d %H:%M} UTC" if seen.queued_at else ""
        holder = f"{seen.held_by} holds it" if seen.held_by else "nobody holds it"
        who = f"Customer: {seen.company or 'unknown'}, {LEVELS[seen.level]}; language {seen.language}"
        return f"{holder}{since} ({reason_word(seen.reason)}).\n{who}"

    async def _approve(self, order: Order) -> str:
        reference, _ = reference_first(order.rest)
        reference = reference or await self.deciding.the_one(order.conversation_id)
        return await self.deciding.approve(reference, order.staff)

    async def _refuse(self, order: Order) -> str:
        reference, reason = reference_first(order.rest)
        reference = reference or await self.deciding.the_one(order.conversation_id)
        return await self.deciding.refuse(reference, order.staff, reason)

    async def _help(self, order: Order) -> str:
        return HELP

    async def _id(self, order: Order) -> str:
        return f"DESK_CHAT_ID={self._chat_id}\nYour Telegram user id: {order.heard.sender_id} ({order.staff})"
