"""Keeps a vector index whole: builds it behind the exact one, asks its canaries, and builds it again.

It may fail at any time and no question waits for it: whoever asks is told at once when it is ready and
when it no longer is, and exact search answers meanwhile.
"""

import asyncio
import logging
import threading
from collections.abc import Callable
from contextlib import suppress

from knowledge.errors import IndexLocked, IndexUnavailable
from knowledge.model import Clause
from knowledge.ports import VectorIndex

log = logging.getLogger(__name__)

# Opening Chroma takes two seconds of a processor, which the first answers need more. A command that is
# over sooner never opens it.
ATTACH_AFTER_S = 20.0
# Damage is noticed within a minute: this long until a check begins, and the check itself.
CHECK_EVERY_S = 30.0
# Seconds until a failed build is tried again; doubled each time, up to the last. Another process that holds
# the directory may leave it any moment; what a fresh index cannot be made of will seldom be better soon.
FIRST_PAUSE_S, LONGEST_PAUSE_LOCKED_S, LONGEST_PAUSE_S = 1.0, 60.0, 900.0

Clauses = tuple[Clause, ...]
Attach = Callable[[Clauses, VectorIndex | None], None]


class IndexKeeper:
    """Keeps one vector index equal to the clauses last given to `follow`.

    `attach` is called with the clauses that the index has become ready for, and with None in place of the
    index when it is found to have failed.
    """

    def __init__(self, index: VectorIndex, attach: Attach, *, check_every: float = CHECK_EVERY_S) -> None:
        self.state = "waiting"
        self._index = index
        self._attach = attach
        self._check_every = check_every
        self._wanted: Clauses | None = None
        self._built: Clauses | None = None
        self._stirred = asyncio.Event()
        self._at_once = asyncio.Event()
        self._settled = asyncio.Event()
        self._failed = threading.Event()
        self._closing = False
        self._running: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def follow(self, clauses: Clauses) -> None:
        """Build the index for these clauses as soon as may be; the clauses before are forgotten."""
        self._wanted = clauses
        self._settled.clear()
        self._stirred.set()
        if self._running is None:
            self._loop = asyncio.get_running_loop()
            self._running = asyncio.create_task(self._run())

    def failed(self, fault: IndexUnavailable) -> None:
        """Hear of a fault that a search met. May be called from any thread."""
        if not self._failed.is_set():
            log.warning("exact search answers: %s", fault)
        self._failed.set()
        if self._loop is not None:
            with suppress(RuntimeError):  # the loop has ended, and with it what could be mended
                self._loop.call_soon_threadsafe(self._stirred.set)

    async def settle(self) -> str:
        """Open the index now, wait until it is ready or a build of it has failed, and return `state`."""
        self._at_once.set()
        if self._running is not None:
            settled = asyncio.create_task(self._settled.wait())
            await asyncio.wait({settled, self._running}, return_when=asyncio.FIRST_COMPLETED)
            settled.cancel()
        return self.state

    async def close(self) -> None:
        self._closing = True
        self._at_once.set()
        self._stirred.set()
        await asyncio.to_thread(self._index.close)
        if self._running is not None:
            await asyncio.wait({self._running})
            # What began to build while it was being closed has opened it again.
            await asyncio.to_thread(self._index.close)

    async def _run(self) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._at_once.wait(), ATTACH_AFTER_S)
        pause, number = FIRST_PAUSE_S, 0
        while not self._closing:
            if self._built is not self._wanted:
                fault = await self._build()
                if fault is None:
                    pause = FIRST_PAUSE_S
                else:
                    await self._pause(pause)
                    longest = LONGEST_PAUSE_LOCKED_S if isinstance(fault, IndexLocked) else LONGEST_PAUSE_S
                    pause = min(2 * pause, longest)
                continue
            await self._pause(self._check_every)
            if self._closing or self._built is not self._wanted:
                continue
            number += 1
            await self._check(number)

    async def _pause(self, seconds: float) -> None:
        """Wait, less long when there is something to do."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stirred.wait(), seconds)
        self._stirred.clear()

    async def _build(self) -> IndexUnavailable | None:
        """Return None, or why there is no index now."""
        wanted = self._wanted
        assert wanted is not None
        self._stirred.clear()
        try:
            await asyncio.to_thread(self._index.build, wanted)
        except IndexUnavailable as fault:
            self.state = f"exact: {fault}"
            log.info("exact search answers: %s", fault)
            if wanted is self._wanted:
                self._settled.set()
            return fault
        self._failed.clear()
        self._built = wanted
        if wanted is self._wanted:
            self.state = "ready"
            self._attach(wanted, self._index)
            self._settled.set()
        return None

    async def _check(self, number: int) -> None:
        """Ask the index whether it is whole; where it is not, it is built again."""
        try:
            if self._failed.is_set():
                raise IndexUnavailable("it gave no answer to a question")
            await asyncio.to_thread(self._index.check, number)
        except IndexUnavailable as fault:
            log.warning("the vector index is made anew: %s", fault)
            self.state = f"exact: {fault}; it is made anew"
            if self._built is not None:
                self._attach(self._built, None)
            self._built = None
            self._settled.clear()
