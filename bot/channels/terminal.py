"""`clausewise chat`: a person in front of a terminal."""

import asyncio
import signal
import sys
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager, suppress
from io import TextIOWrapper
from pathlib import Path
from typing import Any

import structlog

from bot.channels.hygiene import clean
from bot.channels.terminal_choices import OF_EVERY_CHANNEL, Choices, Command, command_of
from bot.channels.terminal_commands import Phrases, tell
from bot.channels.terminal_input import Interrupted, LineSource, open_lines
from bot.channels.terminal_screen import Screen, make_console
from bot.channels.terminal_session import TerminalSession
from bot.model import ConversationState, Reply

LOOK_EVERY = 1.0
CLOSING_SECONDS = 5.0
_SECRET_STATES = (ConversationState.AWAITING_CODE, ConversationState.AWAITING_EMAIL)

log = structlog.get_logger(__name__)


async def chat(
    opening: Awaitable[TerminalSession], *, phrases: Phrases, language: str, history: Path | None
) -> int:
    """Show the prompt at once, while `opening` loads behind it; return the exit status.

    An error of `opening` is raised from here, as soon as it happens. `language` is what the terminal itself
    speaks until the customer's is known.
    """
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    choices = Choices()
    lines = open_lines(history, lambda: choices.state not in _SECRET_STATES)
    return await Terminal(opening, lines, Screen(make_console()), phrases, language, choices).run()


class Terminal:
    """Reads lines, sends them through the turn, shows replies, whoever wrote them."""

    def __init__(
        self,
        opening: Awaitable[TerminalSession],
        lines: LineSource,
        screen: Screen,
        phrases: Phrases,
        language: str,
        choices: Choices | None = None,
        look_every: float = LOOK_EVERY,
    ) -> None:
        self._opening = asyncio.ensure_future(opening)
        self._lines = lines
        self._screen = screen
        self._phrases = phrases
        self._language = language
        self._choices = choices or Choices()
        self._look_every = look_every
        self._interrupted = asyncio.Event()
        self._ended = False
        self._busy = False
        self._turns: set[asyncio.Task[None]] = set()

    async def run(self) -> int:
        watching = asyncio.create_task(self._watch())
        try:
            with self._signals():
                self._say("terminal.hello")
                while (line := await self._read()) is not None:
                    self._busy = True
                    if not await self._handle(clean(line)):
                        break
                    self._busy = False
            return 0
        finally:
            await self._close(watching)

    async def _read(self) -> str | None:
        """The next line; None when the person is done: Ctrl-D, Ctrl-C twice, the end of a file."""
        interrupts = 0
        while not self._ended and interrupts < 2:
            reading = asyncio.ensure_future(self._lines.read())
            try:
                await self._until_read(reading)
                return reading.result()
            except Interrupted:
                interrupts += 1
                if interrupts < 2 and not self._ended:
                    self._say("terminal.again_to_quit")
            except EOFError:
                return None
            finally:
                await _drop(reading)
        return None

    async def _until_read(self, reading: "asyncio.Future[str]") -> None:
        """Wait for a line. Raises Interrupted, or the error of an opening that fails meanwhile."""
        self._interrupted.clear()
        interrupt = asyncio.create_task(self._interrupted.wait())
        try:
            while not reading.done() and not interrupt.done():
                opening = () if self._opening.done() else (self._opening,)
                await asyncio.wait({reading, interrupt, *opening}, return_when=asyncio.FIRST_COMPLETED)
                if opening and self._opening.done():
                    self._opening.result()
        finally:
            await _drop(interrupt)
        if not reading.done():
            raise Interrupted

    async def _handle(self, line: str) -> bool:
        """Do what a line says; False when it says to stop."""
        if not line.strip():
            return True
        command = command_of(line)
        if command is not None and command.name not in OF_EVERY_CHANNEL:
            return await self._obey(command)
        button = self._choices.pressed(line)
        session = await self._session()
        if session is None:
            self._say("terminal.not_sent")
            return True
        self._choices.clear()
        text, press = (line, None) if button is None else (None, button.id)
        await self._exchange(session, text, press)
        return True

    async def _exchange(self, session: TerminalSession, text: str | None, press: str | None) -> None:
        turn = asyncio.create_task(self._turn(session, text, press))
        self._turns.add(turn)
        turn.add_done_callback(self._turns.discard)
        if not await self._patiently(turn, "terminal.working"):
            # The message is stored and being answered; what comes of it is shown at the prompt.
            self._say("terminal.interrupted")
            return
        await session.show_waiting(self._show)

    async def _turn(self, session: TerminalSession, text: str | None, press: str | None) -> None:
        try:
            result = await session.send(text=text, press=press)
            self._choices.state = result.state
            self._language = await session.profile.language()
        except Exception:
            log.exception("turn-failed", channel="terminal")
            self._say("error.text", reference="-")

    async def _session(self) -> TerminalSession | None:
        """The loaded application; None when the person would not wait for it."""
        if not await self._patiently(self._opening, "terminal.loading"):
            return None
        return self._opening.result()

    async def _obey(self, command: Command) -> bool:
        match command.name:
            case "quit" | "exit":
                return False
            case "help":
                self._say("help.text")
                self._say("terminal.commands")
            case "language" | "whoami":
                session = await self._session()
                if session is not None:
                    told = await tell(command, session, self._phrases, self._language)
                    self._language = told.language
                    self._screen.say(told.text)
            case _:
                self._say("terminal.unknown_command", command=f"/{command.name}")
        return True

    async def _watch(self) -> None:
        """Show, at the prompt, what people of the company write from elsewhere."""
        session = await asyncio.shield(self._opening)
        while True:
            if not self._busy:
                try:
                    await session.show_waiting(self._show)
                except Exception as error:
                    log.warning("replies-not-read", error=type(error).__name__)
            await asyncio.sleep(self._look_every)

    def _show(self, reply: Reply) -> None:
        self._screen.show(reply, self._choices.offer(reply.buttons))

    def _say(self, key: str, **values: object) -> None:
        self._screen.say(self._phrases.say(self._language, key, **values))

    async def _patiently(self, work: "asyncio.Future[Any]", key: str) -> bool:
        """Wait behind a spinner; False when interrupted. The work itself goes on."""
        if work.done():
            return True
        self._interrupted.clear()
        interrupt = asyncio.create_task(self._interrupted.wait())
        try:
            with self._screen.working(self._phrases.say(self._language, key)):
                await asyncio.wait({work, interrupt}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await _drop(interrupt)
        return work.done()

    def _interrupt(self, *, end: bool = False) -> None:
        self._ended = self._ended or end
        if not self._lines.interrupt():
            self._interrupted.set()

    @contextmanager
    def _signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        with suppress(NotImplementedError, RuntimeError, ValueError):
            loop.add_signal_handler(signal.SIGINT, self._interrupt)
            loop.add_signal_handler(signal.SIGTERM, lambda: self._interrupt(end=True))
        try:
            yield
        finally:
            with suppress(NotImplementedError, RuntimeError, ValueError):
                loop.remove_signal_handler(signal.SIGINT)
                loop.remove_signal_handler(signal.SIGTERM)

    async def _close(self, watching: "asyncio.Task[None]") -> None:
        if self._turns:
            await asyncio.wait(set(self._turns), timeout=CLOSING_SECONDS)
        await _drop(watching, *self._turns, self._opening)
        await self._lines.close()


async def _drop(*works: "asyncio.Future[Any]") -> None:
    for work in works:
        work.cancel()
    await asyncio.gather(*works, return_exceptions=True)
