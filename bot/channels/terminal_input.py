"""Where a terminal's lines come from: a prompt with history, or a pipe."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from prompt_toolkit import PromptSession
from prompt_toolkit.history import FileHistory, History, InMemoryHistory
from prompt_toolkit.input import Input
from prompt_toolkit.output import Output
from prompt_toolkit.patch_stdout import patch_stdout

from bot.channels.lines import read_lines
from bot.discreet import is_discreet

PROMPT = "> "


class Interrupted(Exception):  # noqa: N818
    """Ctrl-C at the prompt. Not KeyboardInterrupt, which would end the loop when a task raises it."""


class LineSource(Protocol):
    async def read(self) -> str:
        """Return a line. Raises EOFError at the end, Interrupted for Ctrl-C."""

    def interrupt(self) -> bool:
        """Handle a signal to interrupt; False when no line is being read."""

    async def close(self) -> None: ...


class PromptLines:
    """A prompt. `remember` says whether the line at hand may go into the history: a code must not."""

    def __init__(
        self,
        history: Path | None,
        remember: Callable[[], bool],
        *,
        source: Input | None = None,
        output: Output | None = None,
    ) -> None:
        self._prompt: PromptSession[str] = PromptSession(
            history=_open_history(history, remember),
            interrupt_exception=Interrupted,
            input=source,
            output=output,
        )

    async def read(self) -> str:
        with patch_stdout(raw=True):
            return await self._prompt.prompt_async(PROMPT, handle_sigint=False)

    def interrupt(self) -> bool:
        app = self._prompt.app
        if not app.is_running or app.future is None or app.future.done():
            return False
        app.exit(exception=Interrupted())
        return True

    async def close(self) -> None:
        return None


class PipedLines:
    """Lines of a pipe or a file."""

    def __init__(self, descriptor: int = 0) -> None:
        self._lines = read_lines(descriptor)

    async def read(self) -> str:
        try:
            line = await anext(self._lines)
        except StopAsyncIteration:
            raise EOFError from None
        return line.decode("utf-8", "replace").removeprefix("\ufeff")

    def interrupt(self) -> bool:
        return False

    async def close(self) -> None:
        await self._lines.aclose()


def open_lines(history: Path | None, remember: Callable[[], bool]) -> LineSource:
    """A prompt where a person sits at both ends, else the lines as they come."""
    if sys.stdin is not None and sys.stdin.isatty() and sys.stdout.isatty():
        return PromptLines(history, remember)
    return PipedLines()


class _DiscreetHistory(FileHistory):
    def __init__(self, file: Path, remember: Callable[[], bool]) -> None:
        super().__init__(str(file))
        self._remember = remember

    def store_string(self, string: str) -> None:
        if self._remember() and is_discreet(string):
            super().store_string(string)


def _open_history(file: Path | None, remember: Callable[[], bool]) -> History:
    """History in a file that only its owner reads; in memory when there can be none."""
    if file is None:
        return InMemoryHistory()
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(file, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600))
    except OSError:
        return InMemoryHistory()
    return _DiscreetHistory(file, remember)
