"""Answers stored messages in the background: in order within a chat, chats side by side."""

import asyncio
from collections import deque
from collections.abc import Callable

import structlog

from bot.channels.ports import Turns
from bot.ports import Sleep
from bot.transcript import Transcript

AT_ONCE = 8
TRIES = 3

log = structlog.get_logger(__name__)


class Answering:
    """A queue per chat over one bounded number of turns.

    A message whose turn fails every time stays stored as unanswered and is taken up at the next start.
    """

    def __init__(
        self,
        turn: Turns,
        *,
        answered: Callable[[], None],
        at_once: int = AT_ONCE,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._turn = turn
        self._answered = answered
        self._places = asyncio.Semaphore(at_once)
        self._sleep = sleep
        self._queues: dict[str, deque[str]] = {}
        self._workers: set[asyncio.Task[None]] = set()

    def submit(self, chat_id: str, message_id: str) -> None:
        """Queue a stored message behind the earlier ones of its chat."""
        if chat_id in self._queues:
            self._queues[chat_id].append(message_id)
            return
        self._queues[chat_id] = deque([message_id])
        worker = asyncio.create_task(self._work(chat_id))
        self._workers.add(worker)
        worker.add_done_callback(self._workers.discard)

    async def resume(self, transcript: Transcript, channel: str) -> None:
        """Queue what an earlier run stored and did not answer. Call it before anything new is taken in."""
        for message_id in await transcript.unanswered(channel):
            received = await transcript.load(message_id)
            self.submit(received.conversation.chat_id, message_id)

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

    async def _work(self, chat_id: str) -> None:
        queue = self._queues[chat_id]
        try:
            while queue:
                async with self._places:
                    await self._answer(queue.popleft())
        finally:
            del self._queues[chat_id]

    async def _answer(self, message_id: str) -> None:
        for tried in range(TRIES):
            if tried:
                await self._sleep(2.0**tried)
            try:
                await self._turn.answer(message_id)
            except Exception:
                log.exception("turn-failed", message=message_id, tries=tried + 1)
            else:
                self._answered()
                return
        log.error("message-left-unanswered", message=message_id)
