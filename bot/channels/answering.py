"""Answers stored messages in the background, for all channels: in order within a conversation, conversations
side by side.

Where several processes serve one PostgreSQL, whoever has the conversation's lease answers all of it. A sweep
finds what a process left that died.
"""

import asyncio
from collections import defaultdict, deque
from collections.abc import Callable
from time import monotonic

import structlog

from bot.channels.ports import Turns
from bot.leases import CONVERSATION, Lease, Leases
from bot.ports import Sleep
from bot.tables import ConversationRow
from bot.transcript import Received, Transcript

AT_ONCE = 4
"""Turns side by side. More answer no faster, and make what comes in wait to be stored."""
TRIES = 3
MOST_DEATHS = 5
SWEEP_EVERY = 5.0
CALM_LOOK = 0.1

Answered = Callable[[], None]
News = Callable[[str, str], None]
"""Takes the channel and the chat in which something was written."""

log = structlog.get_logger(__name__)


class Answering:
    """A queue per chat over one bounded number of turns.

    A message whose turn fails TRIES times, or in whose turn the process died MOST_DEATHS times, becomes
    `failed`: the customer is told so, staff see it, and the conversation goes on. A database that does not
    answer counts for nothing.
    """

    def __init__(
        self,
        turn: Turns,
        transcript: Transcript,
        leases: Leases,
        *,
        at_once: int = AT_ONCE,
        sleep: Sleep = asyncio.sleep,
        news: News = lambda _channel, _chat_id: None,
    ) -> None:
        self._turn = turn
        self._transcript = transcript
        self._leases = leases
        self._at_once = at_once
        self._places = asyncio.Semaphore(at_once)
        self._sleep = sleep
        self._news = news
        self._served: defaultdict[str, list[Answered]] = defaultdict(list)
        self._left: set[str] = set()
        self._queues: dict[str, deque[str]] = {}
        self._workers: set[asyncio.Task[None]] = set()

    async def serve(self, channel: str, *answered: Answered) -> None:
        """Take up what was left unanswered in this channel, now and from now on.

        `answered` is called after every message of the channel, whose replies then are in the transcript.
        """
        self._served[channel] += answered
        await self.sweep()

    def submit(self, chat_id: str, message_id: str) -> None:
        """Queue a stored message behind the earlier ones of its chat."""
        if chat_id in self._queues:
            self._queues[chat_id].append(message_id)
            return
        self._queues[chat_id] = deque([message_id])
        worker = asyncio.create_task(self._work(chat_id))
        self._workers.add(worker)
        worker.add_done_callback(self._workers.discard)

    async def run(self) -> None:
        """Sweep again and again, until cancelled."""
        while True:
            try:
                await self.sweep()
            except Exception:
                log.exception("sweep-failed")
            await asyncio.sleep(SWEEP_EVERY)

    async def sweep(self) -> None:
        """Queue what was stored in the served channels and nobody works on."""
        if not self._served:
            return
        for left in await self._transcript.left(tuple(self._served)):
            if left.chat_id not in self._queues:
                self._left.add(left.message_id)
                self.submit(left.chat_id, left.message_id)

    async def calm(self, most: float) -> None:
        """Wait until all who wait are being answered, at most so many seconds. For what may come second."""
        until = monotonic() + most
        while len(self._queues) > self._at_once and monotonic() < until:  # noqa: ASYNC110
            await asyncio.sleep(CALM_LOOK)

    async def drain(self) -> None:
        """Wait until every queue is empty."""
        while self._workers:
            await asyncio.wait(set(self._workers))

    async def close(self, *, grace: float = 10.0) -> None:
        """Let turns end for `grace` seconds, then stop them; what is left waits in the transcript."""
        if self._workers:
            await asyncio.wait(set(self._workers), timeout=grace)
        left = set(self._workers)
        for worker in left:
            worker.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    def stop_serving(self, channel: str) -> None:
        """Sweep this channel no more, and tell nobody of its answers."""
        self._served.pop(channel, None)

    async def _work(self, chat_id: str) -> None:
        queue = self._queues[chat_id]
        try:
            while queue:
                try:
                    async with self._places:
                        wait = await self._answer(queue[0])
                except Exception:
                    log.exception("message-left-to-the-sweep", message=queue[0])
                    wait = None
                if wait is None:
                    self._left.discard(queue.popleft())
                else:
                    await self._sleep(wait)
        finally:
            del self._queues[chat_id]

    async def _answer(self, message_id: str) -> float | None:
        """Answer everything up to this message and what came after it; return the seconds to wait before
        another try, or None when there is nothing more to do here."""
        received = await self._transcript.load(message_id)
        place = received.conversation
        if received.message.status != "received":
            self._tell(place)
            return None
        while True:
            async with self._leases.held(CONVERSATION + place.id) as lease:
                if lease is None:
                    return None  # its holder looks once more after giving it back
                if received.earlier or self._leases.are_shared:
                    wait = await self._answer_all(place, lease, message_id)
                else:  # nobody else may have answered it meanwhile
                    wait = await self._answer_one(message_id, place, received)
            if wait is not None or not self._leases.are_shared:
                return wait
            if await self._transcript.next_received(place.channel, place.id) is None:
                return None

    async def _answer_all(self, place: ConversationRow, lease: Lease, wanted: str) -> float | None:
        """Answer what waits in a conversation: all of it under a shared lease, for nobody else may, and up
        to the `wanted` message where this process has what comes after it in its queue."""
        while lease.is_live:
            message_id = await self._transcript.next_received(place.channel, place.id)
            if message_id is None:
                return None
            wait = await self._answer_one(message_id, place)
            if wait is not None or (message_id == wanted and not self._leases.are_shared):
                return wait
        return None

    async def _answer_one(
        self, message_id: str, place: ConversationRow, received: Received | None = None
    ) -> float | None:
        """Answer a message, or give it up; return the seconds to wait before another try."""
        tried, most = await self._try(message_id, received)
        if tried >= most:
            await self._give_up(message_id)
        elif tried:
            return 2.0**tried
        self._tell(place)
        return None

    async def _try(self, message_id: str, received: Received | None) -> tuple[int, int]:
        """Answer a message; return how many tries came to nothing (0: it is answered), and the most there
        may be."""
        if message_id in self._left:
            self._left.discard(message_id)
            died = await self._transcript.note_try(message_id, "the process that answered it ended")
            if died > MOST_DEATHS:
                return died, MOST_DEATHS
        try:
            await self._turn.answer(message_id, received=received)
        except Exception as error:
            log.exception("turn-failed", message=message_id)
            return await self._transcript.note_try(message_id, type(error).__name__), TRIES
        return 0, TRIES

    async def _give_up(self, message_id: str) -> None:
        log.error("message-given-up", message=message_id)
        try:
            await self._turn.give_up(message_id)
        except Exception:
            log.exception("customer-not-told", message=message_id)
            await self._transcript.put_aside(message_id)

    def _tell(self, place: ConversationRow) -> None:
        self._news(place.channel, place.chat_id)
        for answered in self._served.get(place.channel, ()):
            answered()
