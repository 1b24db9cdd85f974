"""Sends pending replies: in order within a conversation, again after a failure, giving up loudly."""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import timedelta

import structlog

from bot.errors import DeliveryError
from bot.ports import Channel, Clock, Sleep
from bot.transcript import Outgoing, Transcript

TRIES = 20
LONGEST_WAIT = 600.0
LOOK_EVERY = 1.0
SIDE_BY_SIDE = 8

log = structlog.get_logger(__name__)


class Delivery:
    """Takes one channel's replies from the transcript to the channel, at least once each.

    With the default tries and waits a reply is given up after about two hours.
    """

    def __init__(
        self,
        transcript: Transcript,
        channel: Channel,
        clock: Clock,
        sleep: Sleep = asyncio.sleep,
        *,
        tries: int = TRIES,
    ) -> None:
        self._transcript = transcript
        self._channel = channel
        self._clock = clock
        self._sleep = sleep
        self._tries = tries
        self._wake = asyncio.Event()
        self._stopped = False
        self._unmarked: set[str] = set()
        self._one_pass = asyncio.Lock()
        self._places = asyncio.Semaphore(SIDE_BY_SIDE)

    def wake(self) -> None:
        """Say that there is something to send; without it, `run` looks every second."""
        self._wake.set()

    async def run(self) -> None:
        """Send until `stop`. Replies written by another process are found too."""
        while True:
            self._wake.clear()
            try:
                await self.drain()
            except Exception:
                log.exception("delivery-interrupted", channel=self._channel.name)
            if self._stopped:
                return
            await self._rest()

    def stop(self) -> None:
        """Let `run` send what is due and end. Cancelling it instead may send a reply twice."""
        self._stopped = True
        self._wake.set()

    async def drain(self) -> None:
        """Send everything that is due now."""
        async with self._one_pass:
            while due := await self._transcript.pending(self._channel.name, now=self._clock.now()):
                chats = [self._send_chat(chat) for chat in _by_chat(due)]
                # All are waited for, also when one fails: the next pass must not find them at work.
                for outcome in await asyncio.gather(*chats, return_exceptions=True):
                    if isinstance(outcome, BaseException):
                        raise outcome

    async def _rest(self) -> None:
        waits = [asyncio.ensure_future(self._wake.wait()), asyncio.ensure_future(self._sleep(LOOK_EVERY))]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
            await asyncio.gather(*waits, return_exceptions=True)

    async def _send_chat(self, replies: Sequence[Outgoing]) -> None:
        async with self._places:
            for outgoing in replies:
                if not await self._send(outgoing):
                    return

    async def _send(self, outgoing: Outgoing) -> bool:
        """Try once. False when the reply still waits, so that none may overtake it."""
        try:
            if outgoing.message_id not in self._unmarked:
                await self._channel.send(outgoing.chat_id, outgoing.reply)
        except DeliveryError as error:
            return await self._failed(outgoing, str(error), error.retry_after)
        except Exception as error:
            log.exception("channel-broke", channel=self._channel.name, message=outgoing.message_id)
            return await self._failed(outgoing, type(error).__name__, 0.0)
        # A database that cannot note it down must not make the customer get it every second.
        self._unmarked.add(outgoing.message_id)
        await self._transcript.mark_sent(outgoing.message_id)
        self._unmarked.discard(outgoing.message_id)
        return True

    async def _failed(self, outgoing: Outgoing, reason: str, retry_after: float | None) -> bool:
        tried = outgoing.attempts + 1
        if retry_after is None or tried >= self._tries:
            await self._transcript.mark_failed(outgoing.message_id, reason, retry_at=None)
            log.error(
                "reply-given-up",
                channel=self._channel.name,
                message=outgoing.message_id,
                tries=tried,
                reason=reason,
            )
            return True
        wait = max(retry_after, min(2.0**outgoing.attempts, LONGEST_WAIT))
        log.warning("reply-put-off", channel=self._channel.name, message=outgoing.message_id, seconds=wait)
        await self._transcript.mark_failed(
            outgoing.message_id, reason, retry_at=self._clock.now() + timedelta(seconds=wait)
        )
        return False


def _by_chat(due: Iterable[Outgoing]) -> list[list[Outgoing]]:
    chats: dict[str, list[Outgoing]] = {}
    for outgoing in due:
        chats.setdefault(outgoing.chat_id, []).append(outgoing)
    return list(chats.values())
