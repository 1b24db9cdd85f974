"""How much a bot may send: about 1 message a second per chat, 20 a minute per group, 30 a second over all."""

import math
import time
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.bot_api.model import Refused

Marks = deque[float]


@dataclass
class Limits:
    """Enforced when it is set on the fake. `burst` messages to one chat pass before the second counts."""

    clock: Callable[[], float] = time.monotonic
    burst: int = 3
    per_second: float = 1.0
    per_minute_in_group: int = 20
    per_second_over_all: int = 30
    refused: int = 0

    _all: Marks = field(default_factory=deque)
    _groups: defaultdict[int, Marks] = field(default_factory=lambda: defaultdict(deque))
    _allowance: dict[int, tuple[float, float]] = field(default_factory=dict)

    def take(self, chat: int) -> None:
        """Count one message to a chat. Raises Refused with 429 and the seconds to wait."""
        now = self.clock()
        left, since = self._allowance.get(chat, (float(self.burst), now))
        left = min(float(self.burst), left + (now - since) * self.per_second)
        waits = [_wait(self._all, self.per_second_over_all, 1.0, now), (1 - left) / self.per_second]
        if chat < 0:
            waits.append(_wait(self._groups[chat], self.per_minute_in_group, 60.0, now))
        wait = math.ceil(max(waits) - 1e-9)
        if wait > 0:
            self.refused += 1
            raise Refused(429, f"Too Many Requests: retry after {wait}", retry_after=wait)
        self._allowance[chat] = (left - 1, now)
        self._all.append(now)
        if chat < 0:
            self._groups[chat].append(now)


def _wait(marks: Marks, most: int, seconds: float, now: float) -> float:
    """Seconds until another fits into the window."""
    while marks and marks[0] <= now - seconds:
        marks.popleft()
    return marks[0] + seconds - now if len(marks) >= most else 0.0
