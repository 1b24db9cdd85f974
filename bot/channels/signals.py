"""SIGINT and SIGTERM as an event, so that a server ends in good order and without a traceback."""

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress


@contextmanager
def stop_on_signals(stop: asyncio.Event | None = None) -> Iterator[asyncio.Event]:
    """Set the event on the first signal; the loop's own handlers are put back afterwards."""
    event = stop or asyncio.Event()
    loop = asyncio.get_running_loop()
    handled: list[signal.Signals] = []
    for name in (signal.SIGINT, signal.SIGTERM):
        # Not on Windows, and not outside the main thread, where tests run servers.
        with suppress(NotImplementedError, RuntimeError, ValueError):
            loop.add_signal_handler(name, event.set)
            handled.append(name)
    try:
        yield event
    finally:
        for name in handled:
            loop.remove_signal_handler(name)
