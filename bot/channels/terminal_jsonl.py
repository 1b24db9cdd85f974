"""`clausewise chat --jsonl`: one JSON object a line in, exactly one a line out, nothing else on stdout.

In: {"text": "..."} or {"press": "BUTTON ID"}. An empty line is passed over and gets no answer.
"""

import asyncio
import json
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import structlog

from bot.channels.lines import read_lines
from bot.channels.signals import stop_on_signals
from bot.channels.terminal_session import TerminalSession
from bot.model import Reply
from bot.wire import reply_for_programs

INTERRUPTED = 130

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Message:
    """A line that was understood; one of the two is set."""

    text: str | None = None
    press: str | None = None


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A line that was not; `reason` says what to send instead."""

    reason: str


def parse(line: bytes) -> Message | Unreadable:
    """Read one line of input."""
    try:
        value = json.loads(line.decode("utf-8-sig"))
    except UnicodeDecodeError:
        return Unreadable("not UTF-8")
    except (ValueError, RecursionError) as error:
        return Unreadable(f"not JSON: {error}")
    if not isinstance(value, dict):
        return Unreadable('not an object; send {"text": "..."} or {"press": "BUTTON ID"}')
    if unknown := sorted(value.keys() - {"text", "press"}):
        return Unreadable(f"unknown key: {', '.join(unknown)}; known are text and press")
    if len(value) != 1:
        return Unreadable("exactly one of text and press is required")
    (content,) = value.values()
    if not isinstance(content, str):
        return Unreadable(f"{next(iter(value))} must be a string")
    return Message(**value)


async def converse(
    opening: Awaitable[TerminalSession],
    *,
    descriptor: int = 0,
    write: Callable[[bytes], None] | None = None,
    stop: asyncio.Event | None = None,
) -> int:
    """Answer line by line until the input ends; return the exit status.

    `write` must put a line out at once. A line that cannot be answered gets one with `error` set.
    """
    put = write or _write
    with stop_on_signals(stop) as stopped:
        work = asyncio.ensure_future(_converse(opening, descriptor, put))
        stopping = asyncio.ensure_future(stopped.wait())
        try:
            await asyncio.wait({work, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                work.result()
                return 0
            return INTERRUPTED
        finally:
            for task in (work, stopping):
                task.cancel()
            await asyncio.gather(work, stopping, return_exceptions=True)


async def _converse(
    opening: Awaitable[TerminalSession], descriptor: int, put: Callable[[bytes], None]
) -> None:
    session = await opening
    async with aclosing(_lines(descriptor)) as lines:
        async for line in lines:
            answer = await _answer(session, parse(line))
            put(json.dumps(answer, ensure_ascii=False).encode("utf-8", "replace") + b"\n")


async def _lines(descriptor: int) -> AsyncGenerator[bytes, None]:
    async with aclosing(read_lines(descriptor)) as lines:
        async for line in lines:
            if line.strip():
                yield line


async def _answer(session: TerminalSession, message: Message | Unreadable) -> dict[str, Any]:
    try:
        if isinstance(message, Unreadable):
            return _line(await session.state(), error=message.reason)
        result = await session.send(text=message.text, press=message.press)
        replies: list[Reply] = []
        await session.show_waiting(replies.append)
        return _line(result.state, replies, action_id=result.action_id, error=result.error)
    except Exception as error:
        log.exception("turn-failed", channel="terminal")
        return _line(
            "open", error=f"the message could not be answered ({type(error).__name__}); send it again"
        )


def _line(
    state: str, replies: list[Reply] | None = None, *, action_id: str | None = None, error: str | None = None
) -> dict[str, Any]:
    return {
        "replies": [reply_for_programs(reply) for reply in replies or ()],
        "state": str(state),
        "action_id": action_id,
        "error": error,
    }


def _write(line: bytes) -> None:
    sys.stdout.buffer.write(line)
    sys.stdout.buffer.flush()
