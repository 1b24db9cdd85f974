"""The updates that wait for the bot, by number, and the rules of getUpdates."""

import asyncio
from bisect import bisect_left, insort
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.bot_api.model import Json, Refused

KINDS = (
    "message",
    "edited_message",
    "channel_post",
    "edited_channel_post",
    "callback_query",
    "poll",
    "poll_answer",
    "my_chat_member",
    "chat_member",
    "message_reaction",
    "message_reaction_count",
)
ONLY_WHEN_ASKED = frozenset({"chat_member", "message_reaction", "message_reaction_count"})
FUTURE = 10
"""An offset further ahead than this of the newest number is from before a jump: it confirms nothing."""
Entry = tuple[int, int, Json]


@dataclass
class Updates:
    """What was confirmed is forgotten. `offered_at` and `acknowledged_after` are seconds on the clock."""

    clock: Callable[[], float]
    next_number: int = 500_000_001
    allowed: frozenset[str] | None = None
    offered: int = 0
    offered_at: dict[int, float] = field(default_factory=dict)
    acknowledged_after: list[float] = field(default_factory=list)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    _entries: list[Entry] = field(default_factory=list)
    _poll: asyncio.Event | None = None
    _conflict: str = ""

    def __len__(self) -> int:
        return len(self._entries)

    def allow(self, kinds: list[str]) -> None:
        """An empty list is Telegram's default: all but those one must ask for."""
        self.allowed = frozenset(kinds) or None

    def wants(self, kind: str) -> bool:
        return kind not in ONLY_WHEN_ASKED if self.allowed is None else kind in self.allowed

    def add(self, content: Json, number: int | None = None) -> Json:
        """Number an update and let it wait for the bot; one of a kind the bot does not want is not kept."""
        if number is None:
            number = self.next_number
            self.next_number += 1
        update = {"update_id": number, **content}
        if all(self.wants(kind) for kind in content if kind in KINDS):
            self.offered += 1
            self.offered_at[number] = self.clock()
            insort(self._entries, (number, self.offered, update), key=lambda entry: entry[:2])
            self.arrived.set()
        return update

    @property
    def pending(self) -> int:
        """How many the bot has not confirmed, those on their way to the webhook among them."""
        return len(self.offered_at)

    def clear(self) -> None:
        for number, _order, _update in self._entries:
            self.offered_at.pop(number, None)
        self._entries.clear()

    def waiting(self) -> list[Json]:
        return [update for _number, _order, update in self._entries]

    def acknowledge(self, update: Json) -> None:
        """The webhook took it, or an offset confirmed it."""
        offered = self.offered_at.pop(update["update_id"], None)
        if offered is not None:
            self.acknowledged_after.append(self.clock() - offered)

    def take_all(self) -> list[Json]:
        """All that wait; from here on the webhook's sender keeps them."""
        taken = self.waiting()
        self._entries.clear()
        self.arrived.clear()
        return taken

    def terminate(self, reason: str) -> None:
        """End the poll that is running, with 409."""
        if self._poll is not None:
            self._conflict = f"Conflict: terminated by {reason}"
            self._poll.set()

    async def poll(self, offset: int, limit: int, seconds: float) -> list[Json]:
        """Raises Refused with 409 when another poll or a webhook takes over."""
        self.terminate("other getUpdates request; make sure that only one bot instance is running")
        self._confirm(offset)
        mine = self._poll = asyncio.Event()
        try:
            if not self._entries and seconds > 0:
                await self._news(mine, seconds)
            if mine.is_set():
                raise Refused(409, self._conflict)
        finally:
            if self._poll is mine:
                self._poll = None
        return [update for _number, _order, update in self._entries[:limit]]

    async def _news(self, ended: asyncio.Event, seconds: float) -> None:
        self.arrived.clear()
        waits = [asyncio.create_task(event.wait()) for event in (ended, self.arrived)]
        try:
            await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    def _confirm(self, offset: int) -> None:
        """A negative offset keeps only that many from the end."""
        if offset > self.next_number + FUTURE:
            return
        if offset < 0:
            cut = max(0, len(self._entries) + offset)
        else:
            cut = bisect_left(self._entries, offset, key=lambda entry: entry[0])
        for _number, _order, update in self._entries[:cut]:
            self.acknowledge(update)
        del self._entries[:cut]
