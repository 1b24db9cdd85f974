"""Sends pending replies: in order within a conversation, again after a failure, giving up loudly."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import timedelta

import structlog

from bot.errors import DeliveryError
from bot.leases import Lease, Leases
from bot.outbound import Outgoing
from bot.pacing import Pacing
from bot.ports import Channel, Clock, Meter, NoMeter, Sleep
from bot.transcript import Transcript

TRIES = 20
LONGEST_WAIT = 600.0
LOOK_EVERY = 1.0
LOOK_AT_OTHERS = 0.25
"""Seconds between two looks where other processes write replies that this one sends."""
SHORTEST_LOOK = 0.1
SIDE_BY_SIDE = 8
AT_A_LOOK = 1000
OF_A_CHAT = 10

log = structlog.get_logger(__name__)


class Delivery:
    """Takes one channel's replies from the transcript to the channel, at least once each.

    With the default tries and waits a reply is given up after about two hours. Of several processes one at a
    time sends, so that the channel's limits (`pacing`) hold for all of them together. The table is read at
    most ten times a second, however much is sent.
    """

    def __init__(
        self,
        transcript: Transcript,
        channel: Channel,
        clock: Clock,
        sleep: Sleep = asyncio.sleep,
        *,
        tries: int = TRIES,
        pacing: Pacing | None = None,
        leases: Leases | None = None,
        meter: Meter | None = None,
    ) -> None:
        self._transcript = transcript
        self._channel = channel
        self._clock = clock
        self._sleep = sleep
        self._tries = tries
        self._pacing = pacing or Pacing()
        self._leases = leases
        self._meter = meter or NoMeter()
        self._lease = Lease(float("inf"))
        self._wake = asyncio.Event()
        self._stopping = asyncio.Event()
        self._at_the_end = False
        self._unmarked: set[str] = set()
        self._chats: dict[str, asyncio.Task[None]] = {}
        self._one_pass = asyncio.Lock()
        self._gate = asyncio.Lock()
        self._places = asyncio.Semaphore(SIDE_BY_SIDE)

    def wake(self) -> None:
        """Say that there is something to send; without it, `run` looks every second."""
        self._wake.set()

    async def run(self) -> None:
        """Send until `stop`. Replies written by another process are found too."""
        while True:
            self._wake.clear()
            news = self._wake
            try:
                if not await self._drain_as_the_only_one():
                    news = self._stopping  # another process sends: waking this one helps nobody
            except Exception:
                log.exception("delivery-interrupted", channel=self._channel.name)
            if self._stopping.is_set():
                return
            await _first(news.wait(), self._sleep(LOOK_EVERY))

    def stop(self) -> None:
        """Let `run` send what may go at once and end. Cancelling it instead may send a reply twice."""
        self._stopping.set()
        self._wake.set()

    async def _drain_as_the_only_one(self) -> bool:
        """Drain, unless another process does; where there may be one, as long as it is this one's turn."""
        if self._leases is None or not self._leases.are_shared:
            await self.drain()
            return True
        async with self._leases.held(f"sending:{self._channel.name}") as lease:
            # Kept while there is nothing to send: every message would cost a new one.
            while lease is not None and lease.is_live:
                self._lease = lease
                self._wake.clear()
                await self.drain()
                if self._stopping.is_set():
                    break
                await _first(self._wake.wait(), self._sleep(LOOK_AT_OTHERS))
            return lease is not None

    async def drain(self) -> None:
        """Send everything that is due now, as fast as the pacing allows."""
        async with self._one_pass:
            self._at_the_end = False
            try:
                while await self._look():
                    await self._until_news()
            finally:
                await self._end_chats()

    async def _look(self) -> bool:
        """Start on the chats that have something due; False when nothing is at work."""
        at_work = {chat: task for chat, task in self._chats.items() if not task.done()}
        failures = [task.exception() for task in self._chats.values() if task.done()]
        for failure in filter(None, failures):
            if at_work:
                await asyncio.wait(at_work.values())
            raise failure
        self._chats = at_work
        if not self._lease.is_live or self._at_the_end:
            return bool(at_work)
        self._at_the_end = self._stopping.is_set()
        self._wake.clear()
        due = await self._transcript.pending(
            self._channel.name, now=self._clock.now(), limit=AT_A_LOOK, each=OF_A_CHAT, besides=at_work
        )
        for replies in _by_chat(due):
            self._chats[replies[0].chat_id] = asyncio.create_task(self._send_chat(replies))
        return bool(self._chats)

    async def _until_news(self) -> None:
        """Wait until no chat is at work, or there may be something for others."""
        all_done = asyncio.ensure_future(asyncio.wait(set(self._chats.values())))
        try:
            await asyncio.wait({all_done}, timeout=SHORTEST_LOOK)
            if not all_done.done():
                await _first(asyncio.shield(all_done), self._wake.wait(), asyncio.sleep(LOOK_EVERY))
        finally:
            all_done.cancel()

    async def _end_chats(self) -> None:
        for task in self._chats.values():
            task.cancel()
        await asyncio.gather(*self._chats.values(), return_exceptions=True)
        self._chats = {}

    async def _send_chat(self, replies: Sequence[Outgoing]) -> None:
        for outgoing in replies:
            if not await self._pause(self._pacing.wait_of_chat, outgoing.chat_id):
                return
            async with self._places:
                async with self._gate:
                    if not await self._pause(self._pacing.wait_of_all):
                        return
                    sending = self._pacing.took(outgoing.chat_id)
                try:
                    if not self._lease.is_live or not await self._send(outgoing):
                        return
                finally:
                    sending.arrived()

    async def _pause(self, wait: Callable[..., float], *of: str) -> bool:
        """Wait as long as the pacing says; False when it must not be waited for, because all ends."""
        while (seconds := wait(*of)) > 0:
            if self._stopping.is_set() or not self._lease.is_live:
                return False
            await _first(self._sleep(seconds), self._stopping.wait())
        return True

    async def _send(self, outgoing: Outgoing) -> bool:
        """Try once. False when the reply still waits, so that none may overtake it."""
        try:
            if outgoing.message_id not in self._unmarked:
                with self._meter.stage("deliver"):
                    await self._channel.send(outgoing.chat_id, outgoing.reply)
        except DeliveryError as error:
            return await self._failed(outgoing, error)
        except Exception as error:
            log.exception("channel-broke", channel=self._channel.name, message=outgoing.message_id)
            return await self._failed(outgoing, DeliveryError(type(error).__name__, retry_after=0.0))
        # A database that cannot note it down must not make the customer get it every second.
        self._unmarked.add(outgoing.message_id)
        await self._transcript.mark_sent(outgoing.message_id)
        self._unmarked.discard(outgoing.message_id)
        return True

    async def _failed(self, outgoing: Outgoing, error: DeliveryError) -> bool:
        reason, tried = str(error), outgoing.attempts + 1
        said = {"channel": self._channel.name, "message": outgoing.message_id, "reason": reason}
        if error.kind == "blocked":
            await self._transcript.block(outgoing.message_id, reason)
            log.warning("conversation-blocked", **said)
            return False
        if error.moved_to is not None and tried < self._tries:
            await self._transcript.move(self._channel.name, outgoing.chat_id, error.moved_to)
            await self._put_off(outgoing, reason, 0.0)
            log.info("chat-moved", **said)
            self.wake()
            return False
        if error.retry_after is None or tried >= self._tries:
            await self._transcript.mark_failed(outgoing.message_id, reason, retry_at=None)
            log.error("reply-given-up", **said, tries=tried, kind=error.kind)
            return True
        wait = max(error.retry_after, min(2.0**outgoing.attempts, LONGEST_WAIT))
        if error.retry_after > 1:
            self._pacing.refused(outgoing.chat_id, error.retry_after, everywhere=error.everywhere)
        log.warning("reply-put-off", **said, seconds=wait)
        await self._put_off(outgoing, reason, wait)
        return False

    async def _put_off(self, outgoing: Outgoing, reason: str, seconds: float) -> None:
        again = self._clock.now() + timedelta(seconds=seconds)
        await self._transcript.mark_failed(outgoing.message_id, reason, retry_at=again)


async def _first(*events: Awaitable[object]) -> None:
    """Wait for the first of these; the others are cancelled."""
    tasks = [asyncio.ensure_future(event) for event in events]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _by_chat(due: Iterable[Outgoing]) -> list[list[Outgoing]]:
    chats: dict[str, list[Outgoing]] = {}
    for outgoing in due:
        chats.setdefault(outgoing.chat_id, []).append(outgoing)
    return list(chats.values())
