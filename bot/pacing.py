"""How fast a channel takes messages: who may send now, and who has to wait for how long."""

from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

REFUSED_TOGETHER = 3
"""So many chats that are told to wait at once mean that it is not about one of them."""


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `count` messages within any `seconds`."""

    count: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Limits:
    """What a channel allows; None is no limit. A group has a negative chat id and its own limit besides."""

    chat: Limit | None = None
    group: Limit | None = None
    overall: Limit | None = None


class Sending:
    """One message on its way. The channel counts it when it arrives, so it says when it is there for sure."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self.at = now()

    def arrived(self) -> None:
        self.at = self._now()


class _Window:
    """The moments of the last messages, as many as the limit counts."""

    def __init__(self, limit: Limit) -> None:
        self._limit = limit
        self._sent: deque[Sending] = deque(maxlen=limit.count)

    def free_at(self) -> float:
        """From when on one more is allowed; 0 for at once."""
        full = len(self._sent) == self._limit.count
        return self._sent[0].at + self._limit.seconds if full else 0.0

    def took(self, sending: "Sending") -> None:
        self._sent.append(sending)

    def is_empty(self, now: float) -> bool:
        return not self._sent or self._sent[-1].at + self._limit.seconds <= now


class Pacing:
    """Counts messages per chat and over all. `now` is in seconds and never goes back."""

    def __init__(self, limits: Limits | None = None, *, now: Callable[[], float] = monotonic) -> None:
        self._limits = limits or Limits()
        self._now = now
        self._windows: defaultdict[str, list[_Window]] = defaultdict(list)
        self._overall = [_Window(self._limits.overall)] if self._limits.overall else []
        self._held: dict[str, float] = {}
        self._all_held = 0.0
        self._forgotten_at = now()

    def wait_of_chat(self, chat_id: str) -> float:
        """Seconds until this chat itself may get one more message."""
        self._forget()
        free = max((window.free_at() for window in self._windows.get(_place(chat_id), ())), default=0.0)
        return max(0.0, free - self._now())

    def wait_of_all(self) -> float:
        """Seconds until the channel takes one more message, whoever it is for."""
        free = max((self._all_held, *(window.free_at() for window in self._overall)))
        return max(0.0, free - self._now())

    def took(self, chat_id: str) -> Sending:
        """Count a message that goes out now, and once more from the moment that it has `arrived`."""
        chat_id, limits = _place(chat_id), self._limits
        wanted = [limits.chat, limits.group if chat_id.startswith("-") else None]
        if chat_id not in self._windows and any(wanted):
            self._windows[chat_id] = [_Window(limit) for limit in wanted if limit]
        sending = Sending(self._now)
        for window in (*self._windows.get(chat_id, ()), *self._overall):
            window.took(sending)
        return sending

    def refused(self, chat_id: str, seconds: float, *, everywhere: bool = False) -> None:
        """Note that the channel asks to be left alone for so long.

        It is asked for the chat, which its reply waits for; but all wait where it is said to be `everywhere`,
        and where REFUSED_TOGETHER chats wait at once, until the first of them may go on.
        """
        chat_id, now = _place(chat_id), self._now()
        self._held[chat_id] = max(self._held.get(chat_id, 0.0), now + seconds)
        held = [until for until in self._held.values() if until > now]
        if everywhere:
            self._all_held = max(self._all_held, now + seconds)
        elif len(held) >= REFUSED_TOGETHER:
            self._all_held = max(self._all_held, min(held))

    def _forget(self) -> None:
        """Once a minute let go of the chats that have nothing to wait for any more."""
        now = self._now()
        if now < self._forgotten_at + 60:
            return
        self._forgotten_at = now
        self._held = {chat: until for chat, until in self._held.items() if until > now}
        for chat in [chat for chat, windows in self._windows.items() if _are_empty(windows, now)]:
            del self._windows[chat]


def _place(chat_id: str) -> str:
    """Where messages appear: the conversations of a group's members (GROUP:MEMBER) share the group."""
    return chat_id.partition(":")[0] if chat_id.startswith("-") else chat_id


def _are_empty(windows: list[_Window], now: float) -> bool:
    return all(window.is_empty(now) for window in windows)
